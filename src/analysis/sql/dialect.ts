import { type InsertShape, readInsert } from './insert-shape.ts';
import { closingParen, isOp, type Token } from './token.ts';
import type { InsertGuard, InsertRows } from './types.ts';

/** What a dialect form says that its PostgreSQL rewriting cannot. */
export interface InsertFlags {
  readonly guard?: InsertGuard;
  readonly rows?: InsertRows;
}

export interface Rewriting {
  /** Replacement text by token index; empty drops the token. */
  readonly edits: ReadonlyMap<number, string>;
  /** By the token index of the verb. */
  readonly flags: ReadonlyMap<number, InsertFlags>;
}

export const NO_REWRITING: Rewriting = { edits: new Map(), flags: new Map() };

/**
 * Rewrites the INSERT forms of MySQL and SQLite to PostgreSQL's, so that its grammar can read the rest:
 * `INSERT IGNORE`, `INSERT OR …`, `REPLACE INTO`, `INSERT … SET`, `VALUE`, `VALUES ROW(…)`, `() VALUES ()`,
 * `PARTITION (…)`, a row alias, `ON DUPLICATE KEY UPDATE` and a second `ON CONFLICT`.
 */
export function rewriteInserts(tokens: readonly Token[]): Rewriting {
  const edits = new Map<number, string>();
  const flags = new Map<number, InsertFlags>();
  for (let at = 0; at < tokens.length; at++) {
    const shape = isVerb(tokens, at) ? readInsert(tokens, at) : undefined;
    // Only MySQL leaves INTO out, and it has no INSERT below the top of a statement.
    if (shape === undefined || (shape.into === undefined && at > 0)) continue;
    flags.set(at, rewriteInsert(tokens, shape, edits));
    // No INSERT holds another one.
    at = shape.end;
  }
  return { edits, flags };
}

const BEFORE_VERB: ReadonlySet<string> = new Set(['AS', 'ANALYZE', 'EXPLAIN']);

function isVerb(tokens: readonly Token[], at: number): boolean {
  const word = tokens[at]?.upper;
  if (isOp(tokens[at + 1], '(')) return false;
  if (word === 'INSERT') return true;
  if (word !== 'REPLACE' && word !== 'UPSERT') return false;
  const before = tokens[at - 1];
  return before === undefined || BEFORE_VERB.has(before.upper) || isOp(before, ')') || isOp(before, '(');
}

function rewriteInsert(
  tokens: readonly Token[],
  shape: InsertShape,
  edits: Map<number, string>,
): InsertFlags {
  if (shape.into === undefined) edits.set(shape.verb, 'INSERT INTO');
  else if (tokens[shape.verb]?.upper !== 'INSERT') edits.set(shape.verb, 'INSERT');
  for (const at of shape.modifiers) edits.set(at, '');
  const set = rewriteBody(tokens, shape, edits);
  const duplicate = rewriteTail(tokens, shape, edits);
  const guard = duplicate ? 'on-duplicate-key' : shape.modifierGuard;
  return { ...(guard === 'none' ? {} : { guard }), ...(set ? { rows: 'single' } : {}) };
}

/** True for `INSERT … SET`, which becomes a SELECT of comparisons: the same names in the same places. */
function rewriteBody(tokens: readonly Token[], shape: InsertShape, edits: Map<number, string>): boolean {
  const { body } = shape;
  const word = tokens[body]?.upper;
  if (word === 'SET') {
    edits.set(body, 'SELECT');
    return true;
  }
  if (word !== 'VALUES' && word !== 'VALUE') return false;
  if (word === 'VALUE') edits.set(body, 'VALUES');
  if (isOp(tokens[body + 1], '(') && isOp(tokens[body + 2], ')')) {
    edits.set(body, 'DEFAULT VALUES');
    drop(edits, shape.target[1] + 1, body);
    drop(edits, body + 1, body + 3);
  }
  for (const at of outside(tokens, body, shape.end)) {
    if (tokens[at]?.upper === 'ROW' && isOp(tokens[at + 1], '(')) edits.set(at, '');
  }
  return false;
}

/** True when `ON DUPLICATE KEY UPDATE` was there. */
function rewriteTail(tokens: readonly Token[], shape: InsertShape, edits: Map<number, string>): boolean {
  const top = [...outside(tokens, shape.body, shape.end)];
  const returning = top.find((at) => tokens[at]?.upper === 'RETURNING') ?? shape.end;
  const duplicate = top.find((at) => isClause(tokens, at, 'DUPLICATE'));
  if (duplicate !== undefined) {
    edits.set(duplicate, 'ON CONFLICT DO NOTHING');
    drop(edits, duplicate + 1, returning);
    const alias = top.find((at) => at < duplicate && tokens[at]?.upper === 'AS');
    if (alias !== undefined && tokens[shape.body]?.upper.startsWith('VALUE')) drop(edits, alias, duplicate);
    return true;
  }
  const second = top.filter((at) => isClause(tokens, at, 'CONFLICT'))[1];
  if (second !== undefined) drop(edits, second, returning);
  return false;
}

function isClause(tokens: readonly Token[], at: number, word: string): boolean {
  return tokens[at]?.upper === 'ON' && tokens[at + 1]?.upper === word;
}

function drop(edits: Map<number, string>, from: number, to: number): void {
  for (let at = from; at < to; at++) edits.set(at, '');
}

/** The token indexes in [from, end) that no parenthesis encloses. */
function* outside(tokens: readonly Token[], from: number, end: number): Generator<number> {
  for (let at = from; at < end; at++) {
    yield at;
    if (isOp(tokens[at], '(')) at = closingParen(tokens, at);
  }
}
