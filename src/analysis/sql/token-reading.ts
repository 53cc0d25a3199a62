import { hasClauseHole } from './clause-hole.ts';
import { type InsertShape, isName, readInsert } from './insert-shape.ts';
import { hasMark, literalPieces } from './marks.ts';
import { sameTable } from './table-name.ts';
import { closingParen, isOp, type Token } from './token.ts';
import type { InsertGuard, InsertRows, InsertStatement, SqlStatement, TableRef } from './types.ts';

/**
 * Reads a statement that no grammar accepts from its tokens alone. It errs towards `insert` and towards no
 * guard: `INSERT [..] INTO name` at the start, or anywhere behind WITH, PREPARE and the like, is an insert,
 * and a guard counts only where its words stand in the same statement, outside all parentheses.
 */
export function readTokens(tokens: readonly Token[]): SqlStatement[] {
  const first = tokens[0]?.upper ?? '';
  const base = { offset: tokens[0]?.start ?? 0, tables: [], parsed: false };
  if (DEFINITIONS.has(first) || (first === 'EXPLAIN' && !tokens.some((token) => token.upper === 'ANALYZE'))) {
    return [{ ...base, kind: 'other' }];
  }
  const inserts = readInserts(tokens);
  const leads = tokens[0]?.kind === 'hole' || LEADS.has(first);
  if (inserts.length > 0) {
    return leads || inserts[0]?.offset === base.offset ? inserts : [{ ...base, kind: 'unparsed' }];
  }
  return [{ ...base, kind: KINDS.get(first) ?? 'unparsed' }];
}

const LEADS: ReadonlySet<string> = new Set(['WITH', 'EXPLAIN', 'PREPARE', 'IF']);

const DEFINITIONS: ReadonlySet<string> = new Set(['CREATE', 'ALTER', 'DROP', 'COMMENT', 'GRANT', 'REVOKE']);
const KINDS: ReadonlyMap<string, 'select' | 'update' | 'delete' | 'other'> = new Map([
  ['SELECT', 'select'],
  ['UPDATE', 'update'],
  ['DELETE', 'delete'],
  ...'SET SHOW USE BEGIN START COMMIT ROLLBACK SAVEPOINT RELEASE PRAGMA ATTACH DETACH VACUUM ANALYZE TRUNCATE LOCK'
    .split(' ')
    .map((word) => [word, 'other'] as const),
]);

/** Every `INSERT [..] INTO name`, MERGE, COPY and the like among the tokens. */
export function readInserts(tokens: readonly Token[]): InsertStatement[] {
  const inserts: InsertStatement[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const found = insertAt(tokens, at);
    if (found === undefined) continue;
    inserts.push(found.insert);
    // No INSERT holds another one.
    at = found.end;
  }
  return inserts;
}

interface FoundInsert {
  readonly insert: InsertStatement;
  readonly end: number;
}

function insertAt(tokens: readonly Token[], at: number): FoundInsert | undefined {
  const word = tokens[at]?.upper;
  if (word === 'MERGE') return mergeAt(tokens, at);
  if (at === 0 && word === 'COPY') return copyAt(tokens);
  if (at === 0 && word === 'LOAD') return loadDataAt(tokens);
  const isVerb = word === 'INSERT' || (at === 0 && (word === 'REPLACE' || word === 'UPSERT'));
  // `INSERT(text, 1, 2, 'x')` and `REPLACE(text, 'a', 'b')` are MySQL functions.
  if (!isVerb || isOp(tokens[at + 1], '(')) return undefined;
  const shape = readInsert(tokens, at);
  if (shape === undefined || (shape.into === undefined && at > 0)) return undefined;
  const guard = isAskedFirst(tokens, at, shape) ? 'not-exists' : guardOf(tokens, shape);
  const facts = { guard, rows: rowsOf(tokens, shape) };
  return { insert: insertStatement(tokens, at, shape.target, facts), end: shape.end };
}

function insertStatement(
  tokens: readonly Token[],
  at: number,
  name: readonly [number, number],
  facts: { guard: InsertGuard; rows: InsertRows },
): InsertStatement {
  const offset = tokens[at]?.start ?? 0;
  return { kind: 'insert', ...tableAt(tokens, name), ...facts, offset, tables: [], parsed: false };
}

/** The table named by the tokens `[first, last]`; of `catalog.schema.table` the last two parts. */
function tableAt(
  tokens: readonly Token[],
  [first, last]: readonly [number, number],
): { table: TableRef; tableLike?: readonly string[] } {
  return tableOf(tokens[last], last - 2 >= first ? tokens[last - 2] : undefined);
}

/** The table that a name token, with the token of its schema, denotes. */
export function tableOf(
  name: Token | undefined,
  schema: Token | undefined,
): { table: TableRef; tableLike?: readonly string[] } {
  if (name === undefined || name.kind === 'hole') return { table: 'unknown' };
  if (hasMark(name.name)) {
    const pieces = literalPieces(name.name);
    return pieces.every((piece) => piece === '')
      ? { table: 'unknown' }
      : { table: 'unknown', tableLike: pieces };
  }
  if (schema === undefined) return { table: { name: name.name } };
  if (schema.kind === 'hole' || hasMark(schema.name)) {
    return { table: { name: name.name, schemaUnknown: true } };
  }
  return { table: { schema: schema.name, name: name.name } };
}

function guardOf(tokens: readonly Token[], shape: InsertShape): InsertGuard {
  let alternatives = false;
  let absent = false;
  for (let at = shape.body; at < shape.end; at++) {
    const [word, next] = [tokens[at]?.upper, tokens[at + 1]?.upper];
    if (word === 'ON' && next === 'CONFLICT') return 'on-conflict';
    if (word === 'ON' && next === 'DUPLICATE') return 'on-duplicate-key';
    if (word === 'OR' || word === 'UNION') alternatives = true;
    if (word === 'NOT' && next === 'EXISTS') absent ||= readsTarget(tokens, at + 2, shape);
    if (isOp(tokens[at], '(')) at = closingParen(tokens, at);
  }
  if (shape.modifierGuard === 'or-ignore' || shape.modifierGuard === 'or-replace') return shape.modifierGuard;
  if (absent && !alternatives) return 'not-exists';
  return hasClauseHole(tokens, shape, () => undefined) ? 'unknown' : 'none';
}

/** T-SQL: `IF NOT EXISTS (SELECT … FROM t …) INSERT INTO t …`, or the ELSE of `IF EXISTS (…) UPDATE …`. */
function isAskedFirst(tokens: readonly Token[], at: number, shape: InsertShape): boolean {
  const isNegated = tokens[1]?.upper === 'NOT';
  const exists = isNegated ? 2 : 1;
  if (tokens[0]?.upper !== 'IF' || tokens[exists]?.upper !== 'EXISTS') return false;
  if (!readsTarget(tokens, exists + 1, shape)) return false;
  const between = tokens.slice(closingParen(tokens, exists + 1) + 1, at).map(({ upper }) => upper);
  return !between.includes('OR') && between.includes('ELSE') !== isNegated;
}

/** Whether the subquery in the parenthesis at `open` has the target in a FROM or JOIN. */
function readsTarget(tokens: readonly Token[], open: number, shape: InsertShape): boolean {
  if (!isOp(tokens[open], '(')) return false;
  const { table: target } = tableAt(tokens, shape.target);
  for (let at = open; at < closingParen(tokens, open); at++) {
    const word = tokens[at]?.upper;
    if ((word !== 'FROM' && word !== 'JOIN') || !isName(tokens[at + 1])) continue;
    let last = at + 1;
    while (isOp(tokens[last + 1], '.')) last += 2;
    if (sameTable(tableAt(tokens, [at + 1, last]).table, target) === 'yes') return true;
  }
  return false;
}

function rowsOf(tokens: readonly Token[], shape: InsertShape): InsertRows {
  const word = tokens[shape.body]?.upper;
  if (word === 'SET' || word === 'DEFAULT') return 'single';
  if (word === 'SELECT' || word === 'WITH' || word === 'TABLE') return 'select';
  if (!word?.startsWith('VALUE') || !isOp(tokens[shape.body + 1], '(')) return 'unknown';
  return isOp(tokens[closingParen(tokens, shape.body + 1) + 1], ',') ? 'multi' : 'single';
}

/** A MERGE with an INSERT branch. */
function mergeAt(tokens: readonly Token[], at: number): FoundInsert | undefined {
  const first = tokens[at + 1]?.upper === 'INTO' ? at + 2 : at + 1;
  const branch = tokens.findIndex(
    (token, i) => i > at && token.upper === 'INSERT' && tokens[i - 1]?.upper === 'THEN',
  );
  if (branch < 0 || !isName(tokens[first])) return undefined;
  const name = [first, lastOfName(tokens, first)] as const;
  return { insert: insertStatement(tokens, at, name, { guard: 'merge', rows: 'select' }), end: branch };
}

/** `COPY t [(columns)] FROM …` */
function copyAt(tokens: readonly Token[]): FoundInsert | undefined {
  const last = lastOfName(tokens, 1);
  const next = isOp(tokens[last + 1], '(') ? closingParen(tokens, last + 1) + 1 : last + 1;
  if (!isName(tokens[1]) || tokens[next]?.upper !== 'FROM') return undefined;
  const insert = insertStatement(tokens, 0, [1, last], { guard: 'none', rows: 'unknown' });
  return { insert, end: tokens.length };
}

/** MySQL's `LOAD DATA … [IGNORE | REPLACE] INTO TABLE t`. */
function loadDataAt(tokens: readonly Token[]): FoundInsert | undefined {
  const into = tokens.findIndex((token, i) => token.upper === 'INTO' && tokens[i + 1]?.upper === 'TABLE');
  const first = into + 2;
  if (into < 0 || !isName(tokens[first])) return undefined;
  const guard = LOAD_GUARDS.get(tokens[into - 1]?.upper ?? '') ?? 'none';
  const insert = insertStatement(tokens, 0, [first, lastOfName(tokens, first)], { guard, rows: 'unknown' });
  return { insert, end: tokens.length };
}

const LOAD_GUARDS: ReadonlyMap<string, InsertGuard> = new Map([
  ['IGNORE', 'or-ignore'],
  ['REPLACE', 'or-replace'],
]);

function lastOfName(tokens: readonly Token[], first: number): number {
  let last = first;
  while (isOp(tokens[last + 1], '.') && isName(tokens[last + 2])) last += 2;
  return last;
}
