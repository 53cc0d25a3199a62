import { closingParen, isOp, type Token } from './token.ts';

/** Where the pieces of one INSERT lie in the tokens of its statement; all numbers are token indexes. */
export interface InsertShape {
  readonly verb: number;
  /** `OR IGNORE`, `IGNORE`, `LOW_PRIORITY`, `PARTITION (…)`: words that PostgreSQL does not have. */
  readonly modifiers: readonly number[];
  readonly modifierGuard: 'or-ignore' | 'or-replace' | 'none' | 'unknown';
  /** Absent in MySQL's `INSERT workspaces …`. */
  readonly into?: number;
  /** The first and the last token of the table's name. */
  readonly target: readonly [number, number];
  /** VALUES, SELECT, SET … or the hole that holds them. */
  readonly body: number;
  /** Behind the last token: the end of the statement, or the parenthesis that closes around the INSERT. */
  readonly end: number;
}

/**
 * Reads the INSERT, REPLACE or UPSERT that starts at `verb`, which may itself be a hole
 * (`${verb} INTO t`, `${head} VALUES (…)`); undefined when no table follows.
 */
export function readInsert(tokens: readonly Token[], verb: number): InsertShape | undefined {
  const head = readModifiers(tokens, verb);
  let at = head.next;
  const into = tokens[at]?.upper === 'INTO' ? at++ : undefined;
  const modifiers = [...head.modifiers];
  if (tokens[at]?.upper === 'TABLE') modifiers.push(at++);
  if (into === undefined && tokens[verb]?.kind === 'hole') at = verb;
  const first = at;
  if (!isName(tokens[first])) return undefined;
  while (isOp(tokens[at + 1], '.') && isName(tokens[at + 2])) at += 2;
  const target = [first, at] as const;
  at++;
  if (tokens[at]?.upper === 'PARTITION' && isOp(tokens[at + 1], '(')) {
    const close = closingParen(tokens, at + 1);
    while (at <= close) modifiers.push(at++);
  }
  const end = scopeEnd(tokens, at);
  const guard = tokens[verb]?.upper === 'INSERT' ? head.guard : verbGuard(tokens[verb], head.guard);
  const shape = { verb, modifiers, modifierGuard: guard, target, body: findBody(tokens, at, end), end };
  return into === undefined ? shape : { ...shape, into };
}

/** Keywords that can follow the verb or the table and are never the table's name. */
const NOT_NAMES: ReadonlySet<string> = new Set('VALUES VALUE SELECT SET DEFAULT WITH ON INTO'.split(' '));
const BODIES: ReadonlySet<string> = new Set('VALUES VALUE SELECT SET DEFAULT WITH TABLE'.split(' '));
const TAILS: ReadonlySet<string> = new Set(['ON', 'RETURNING']);
const PRIORITIES: ReadonlySet<string> = new Set(['LOW_PRIORITY', 'HIGH_PRIORITY', 'DELAYED']);

export function isName(token: Token | undefined): boolean {
  if (token === undefined) return false;
  return (
    token.kind === 'quoted' || token.kind === 'hole' || (token.kind === 'word' && !NOT_NAMES.has(token.upper))
  );
}

function verbGuard(verb: Token | undefined, modifier: InsertShape['modifierGuard']) {
  return verb?.kind === 'hole' ? modifier : 'or-replace';
}

function readModifiers(tokens: readonly Token[], verb: number) {
  const modifiers: number[] = [];
  let guard: InsertShape['modifierGuard'] = 'none';
  let at = verb + 1;
  for (;;) {
    const token = tokens[at];
    const next = tokens[at + 1];
    if (token?.upper === 'OR' && next !== undefined) {
      guard = conflictWord(next);
      modifiers.push(at, at + 1);
      at += 2;
    } else if (token?.upper === 'IGNORE' && (next?.upper === 'INTO' || isName(next))) {
      guard = 'or-ignore';
      modifiers.push(at++);
    } else if (PRIORITIES.has(token?.upper ?? '')) {
      modifiers.push(at++);
    } else if (token?.kind === 'hole' && next?.upper === 'INTO') {
      // `INSERT ${mode} INTO`: left in place, it is filled like every other hole.
      guard = 'unknown';
      at++;
    } else {
      return { modifiers, guard, next: at };
    }
  }
}

/** SQLite: ABORT, FAIL and ROLLBACK stop with an error, so the row is not handled. */
function conflictWord(token: Token): InsertShape['modifierGuard'] {
  if (token.upper === 'IGNORE') return 'or-ignore';
  if (token.upper === 'REPLACE') return 'or-replace';
  return token.kind === 'hole' ? 'unknown' : 'none';
}

function scopeEnd(tokens: readonly Token[], from: number): number {
  for (let at = from; at < tokens.length; at++) {
    if (isOp(tokens[at], '(')) at = closingParen(tokens, at);
    else if (isOp(tokens[at], ')')) return at;
  }
  return tokens.length;
}

function findBody(tokens: readonly Token[], from: number, end: number): number {
  let hole = end;
  for (let at = from; at < end; at++) {
    const token = tokens[at];
    if (BODIES.has(token?.upper ?? '')) return at;
    if (TAILS.has(token?.upper ?? '')) return Math.min(hole, at);
    if (isOp(token, '(')) {
      if (opensQuery(tokens, at)) return at;
      at = closingParen(tokens, at);
    } else if (token?.kind === 'hole') {
      hole = Math.min(hole, at);
    }
  }
  return hole;
}

function opensQuery(tokens: readonly Token[], open: number): boolean {
  let at = open;
  while (isOp(tokens[at], '(')) at++;
  return ['SELECT', 'WITH', 'VALUES'].includes(tokens[at]?.upper ?? '');
}
