import { analyze } from './analyze.ts';
import { markHoles } from './marks.ts';
import { loadParser } from './parser.ts';
import type { SqlAnalysis, SqlParts } from './types.ts';

/** Reads SQL text into statements. */
export interface SqlModel {
  /** Never throws for any text: what no grammar accepts is read from its tokens and says `parsed: false`. */
  readonly statements: (parts: SqlParts) => SqlAnalysis;
}

/**
 * Loads the PostgreSQL grammar (WebAssembly, once per process) and returns the model. Nothing of it is
 * loaded before the first call.
 */
export async function loadSql(): Promise<SqlModel> {
  const parser = await loadParser();
  return {
    statements: (parts) => {
      const { text, literalOffset } = markHoles(parts);
      const statements = analyze(text, parser).map((statement) => ({
        ...statement,
        offset: literalOffset(statement.offset),
      }));
      return { statements, parsed: statements.every((statement) => statement.parsed) };
    },
  };
}
