import type { RawStmt } from 'libpg-query';

export type ParseOutcome =
  | { readonly stmts: readonly RawStmt[] }
  /** Where the grammar gave up, in code points. */
  | { readonly errorAt: number };

/** The PostgreSQL grammar, loaded. */
export interface Parser {
  readonly parse: (sql: string) => ParseOutcome;
  /** The SQL texts and expressions in the body of a `DO` statement; undefined when it does not parse. */
  readonly parseBlock: (sql: string) => unknown;
}

/** Loads the WebAssembly module on the first call; later calls share it. */
export function loadParser(): Promise<Parser> {
  loading ??= load();
  return loading;
}

let loading: Promise<Parser> | undefined;

/** Longer texts are read by tokens: a tree takes some thirty times the memory of its text. */
const MAX_LENGTH = 500_000;

async function load(): Promise<Parser> {
  const library = await import('libpg-query');
  await library.loadModule();
  return {
    parse: (sql) => {
      if (sql.trim() === '') return { stmts: [] };
      if (sql.length > MAX_LENGTH) return { errorAt: 0 };
      try {
        return { stmts: library.parseSync(sql).stmts ?? [] };
      } catch (error) {
        // Without details: the WebAssembly stack or memory ran out, on an expression thousands of levels
        // deep. The module stays usable.
        return { errorAt: library.hasSqlDetails(error) ? (error.sqlDetails?.cursorPosition ?? 0) : 0 };
      }
    },
    parseBlock: (sql) => {
      try {
        return library.parsePlPgSQLSync(sql);
      } catch {
        return undefined;
      }
    },
  };
}
