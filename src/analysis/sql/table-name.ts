import { foldName } from './token.ts';
import type { SqlStatement, TableName, TableRef } from './types.ts';

/**
 * Whether a configured table is the one that a statement names.
 *
 * A pattern is `workspaces` (any schema), `public.workspaces` (that schema; an unqualified statement only
 * when the schema is `public`), `audit.*` or `*`. An unquoted pattern names both the spelling as it stands
 * and its lower-case fold, since `User` may be meant for `"User"` or for `User`; `"User"` is exact.
 * A table that is unknown matches `*` only; see {@link tableMayMatch}.
 */
export function tableMatches(pattern: string, table: TableRef): boolean {
  const { schema, name } = parsePattern(pattern);
  if (name.any && schema === undefined) return true;
  if (table === 'unknown' || !namesOf(table).some((one) => namesMatch(name, one))) return false;
  if (schema === undefined || table.schemaUnknown) return true;
  return namesMatch(schema, table.schema ?? 'public');
}

/**
 * Whether a configured table is or could be the one that a statement names: an unknown table could be any,
 * except those whose name the literal pieces around its holes rule out.
 */
export function tableMayMatch(
  pattern: string,
  statement: Pick<SqlStatement, 'table' | 'tableLike'>,
): boolean {
  const { table, tableLike } = statement;
  if (table === undefined) return false;
  if (table !== 'unknown') return tableMatches(pattern, table);
  const { name } = parsePattern(pattern);
  if (name.any || tableLike === undefined) return true;
  return name.spellings.some((spelling) => fitsPieces(spelling, tableLike));
}

/** Whether two references name one table; `unknown` when a hole decides it. */
export function sameTable(a: TableRef, b: TableRef): 'yes' | 'no' | 'unknown' {
  if (a === 'unknown' || b === 'unknown') return 'unknown';
  if (!namesOf(a).some((name) => namesOf(b).includes(name))) return 'no';
  if (a.schemaUnknown || b.schemaUnknown) return a.schemaUnknown && b.schemaUnknown ? 'yes' : 'unknown';
  return (a.schema ?? 'public') === (b.schema ?? 'public') ? 'yes' : 'no';
}

function namesOf({ name, others = [] }: TableName): readonly string[] {
  return [name, ...others];
}

interface NamePattern {
  readonly any: boolean;
  readonly spellings: readonly string[];
}

const PATTERN = /^(?:("(?:[^"]|"")+"|[^".]+)\.)?("(?:[^"]|"")+"|[^".]+)$/;

function parsePattern(pattern: string): { schema?: NamePattern; name: NamePattern } {
  const [, schema, name = pattern] = PATTERN.exec(pattern.trim()) ?? [];
  return schema === undefined
    ? { name: namePattern(name) }
    : { schema: namePattern(schema), name: namePattern(name) };
}

function namePattern(text: string): NamePattern {
  if (text === '*') return { any: true, spellings: [] };
  if (text.startsWith('"')) return { any: false, spellings: [text.slice(1, -1).replaceAll('""', '"')] };
  return { any: false, spellings: [text, foldName(text)] };
}

function namesMatch(pattern: NamePattern, name: string): boolean {
  return pattern.any || pattern.spellings.includes(name);
}

/** Whether `name` is the pieces in order with anything between them. */
function fitsPieces(name: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? '';
  const last = pieces.length > 1 ? (pieces.at(-1) ?? '') : '';
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - last.length;
}
