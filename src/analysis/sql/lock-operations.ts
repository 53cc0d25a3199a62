import { lex } from './lexer.ts';
import { GENERIC } from './lexical-rules.ts';
import { rowLocksIn } from './lock-rows.ts';
import { splitStatements } from './split.ts';
import { closingParen, isOp, type Token } from './token.ts';

/** A piece of the key of an advisory lock: text as it stands, or a placeholder: `$1`, `?`, `:name`. */
export type KeyPart = string | { readonly placeholder: string };

/** One argument by which an advisory lock is named. */
export interface KeyArgument {
  readonly parts: readonly KeyPart[];
  /** It is a text, from which a function makes the number: `hashtext('orders')`. */
  readonly isText: boolean;
}

/** What a text of SQL does with locks that the database keeps. */
export type LockOperation = AdvisoryLock | AdvisoryUnlock | RowLock | TransactionStep;

/** `pg_advisory_lock(…)` and its kin. */
export interface AdvisoryLock {
  readonly kind: 'advisory';
  /** Undefined where the key cannot be read. */
  readonly key: readonly KeyArgument[] | undefined;
  readonly isShared: boolean;
  /** It is held to the end of the transaction, and nothing else gives it back. */
  readonly ofTransaction: boolean;
  /** It is granted or refused at once. */
  readonly tries: boolean;
  /** The column of the result that tells whether it was granted. */
  readonly column: string;
}

/** `pg_advisory_unlock(…)`; of all locks of the session without a key. */
export interface AdvisoryUnlock {
  readonly kind: 'unlock' | 'unlock-all';
  readonly key: readonly KeyArgument[] | undefined;
  readonly isShared: boolean;
}

/** `SELECT … FOR UPDATE` and its kin: rows of one table. */
export interface RowLock {
  readonly kind: 'rows';
  readonly table: string;
  readonly isShared: boolean;
  /** It waits for nobody: `NOWAIT`, `SKIP LOCKED`. */
  readonly tries: boolean;
  /** It may lock several rows, and nothing says in which order. */
  readonly isUnordered: boolean;
}

export interface TransactionStep {
  readonly kind: 'begin' | 'end';
}

/** What a text does with locks, in the order in which it does so. */
export function lockOperations(text: string): readonly LockOperation[] {
  let places = 0;
  // A placeholder without a number goes by its place.
  const numbered = lex(text, GENERIC).tokens.map((token) => {
    if (token.kind !== 'hole' || token.text !== '?') return token;
    places += 1;
    return { ...token, text: `?${places}` };
  });
  return splitStatements(numbered).flatMap(operationsOf);
}

function operationsOf(tokens: readonly Token[]): readonly LockOperation[] {
  const first = tokens[0]?.upper ?? '';
  const step = transactionStep(first, tokens);
  if (step) return [{ kind: step }];
  if (!RUNS.has(first) && !isOp(tokens[0], '(')) return [];
  return [...advisoryIn(tokens), ...rowLocksIn(tokens)];
}

/** Verbs of statements whose functions are run, and not put away for later. */
const RUNS: ReadonlySet<string> = new Set([
  'SELECT',
  'WITH',
  'INSERT',
  'UPDATE',
  'DELETE',
  'PERFORM',
  'VALUES',
]);

function transactionStep(first: string, tokens: readonly Token[]): TransactionStep['kind'] | undefined {
  const words = tokens.map(({ upper }) => upper);
  if (first === 'BEGIN' || (first === 'START' && words[1] === 'TRANSACTION')) return 'begin';
  // `ROLLBACK TO` goes back to a savepoint, and the transaction goes on.
  if (first === 'ROLLBACK' || first === 'ABORT') return words.includes('TO') ? undefined : 'end';
  if (first === 'COMMIT' || first === 'END') return words.includes('PREPARED') ? undefined : 'end';
  return undefined;
}

const ADVISORY = /^pg_(try_)?advisory_(xact_)?(lock|unlock|unlock_all)(_shared)?$/;

function advisoryIn(tokens: readonly Token[]): readonly (AdvisoryLock | AdvisoryUnlock)[] {
  return tokens.flatMap((token, at): (AdvisoryLock | AdvisoryUnlock)[] => {
    const found = isOp(tokens[at + 1], '(') ? ADVISORY.exec(token.name) : null;
    if (!found) return [];
    const [name, tries, ofTransaction, verb, shared] = found;
    const end = closingParen(tokens, at + 1);
    const isShared = shared !== undefined;
    const key = keyOf(tokens.slice(at + 2, end));
    if (verb === 'unlock_all') return [{ kind: 'unlock-all', key: undefined, isShared: false }];
    if (verb === 'unlock') return [{ kind: 'unlock', key, isShared }];
    return [
      {
        kind: 'advisory',
        key,
        isShared,
        ofTransaction: ofTransaction !== undefined,
        tries: tries !== undefined,
        column: aliasAfter(tokens, end) ?? name,
      },
    ];
  });
}

/** The name that a column of a result is given: `… AS granted`. */
function aliasAfter(tokens: readonly Token[], end: number): string | undefined {
  const [next, after] = [tokens[end + 1], tokens[end + 2]];
  const name = next?.upper === 'AS' ? after?.name : next?.upper === 'FROM' ? '' : next?.name;
  return name || undefined;
}

function keyOf(tokens: readonly Token[]): readonly KeyArgument[] | undefined {
  const given = argumentsIn(tokens).map(argumentOf);
  return given.length > 0 && given.every((one) => one !== undefined) ? given : undefined;
}

/** The tokens of each argument of a call. */
function argumentsIn(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const found: Token[][] = [[]];
  for (let at = 0; at < tokens.length; at++) {
    if (isOp(tokens[at], ',')) {
      found.push([]);
      continue;
    }
    const end = isOp(tokens[at], '(') ? closingParen(tokens, at) : at;
    found.at(-1)?.push(...tokens.slice(at, end + 1));
    at = end;
  }
  return found.filter((one) => one.length > 0);
}

/** What an argument is made of; undefined for what the text does not tell: a column, a sum. */
function argumentOf(given: readonly Token[]): KeyArgument | undefined {
  const tokens = withoutCast(given);
  const [first, second, ...rest] = tokens;
  if (!first) return undefined;
  if (isOp(first, '(') && closingParen(tokens, 0) === tokens.length - 1)
    return argumentOf(tokens.slice(1, -1));
  if (!second) return single(first);
  if (isOp(first, '-') && second.kind === 'number' && rest.length === 0) {
    return { parts: [`-${second.text}`], isText: false };
  }
  if (first.kind === 'word' && isOp(second, '(') && closingParen(tokens, 1) === tokens.length - 1) {
    return made(first.upper, tokens.slice(2, -1));
  }
  return joined(tokens);
}

function single(token: Token): KeyArgument | undefined {
  if (token.kind === 'number') return { parts: [token.text], isText: false };
  if (token.kind === 'param' || token.kind === 'hole') {
    return { parts: [{ placeholder: token.text }], isText: false };
  }
  return token.kind === 'string' ? { parts: partsOfString(token.text), isText: true } : undefined;
}

/** A call that makes a number of a text: its first argument names the lock, the others say how. */
function made(name: string, tokens: readonly Token[]): KeyArgument | undefined {
  if (name === 'CAST')
    return argumentOf(
      tokens.slice(
        0,
        tokens.findIndex(({ upper }) => upper === 'AS'),
      ),
    );
  const [text, ...others] = argumentsIn(tokens);
  const key = text && argumentOf(text);
  const isSettled = others.every((one) => argumentOf(one)?.parts.every((part) => typeof part === 'string'));
  return key && isSettled ? { parts: key.parts, isText: true } : undefined;
}

/** `'orders:' || $1` */
function joined(tokens: readonly Token[]): KeyArgument | undefined {
  const at = tokens.findIndex((token, index) => isOp(token, '|') && isOp(tokens[index + 1], '|'));
  if (at <= 0) return undefined;
  const [left, right] = [argumentOf(tokens.slice(0, at)), argumentOf(tokens.slice(at + 2))];
  return left && right && { parts: [...left.parts, ...right.parts], isText: true };
}

/** `$1::bigint` is `$1`. */
function withoutCast(tokens: readonly Token[]): readonly Token[] {
  const at = tokens.findIndex((token, index) => isOp(token, ':') && isOp(tokens[index + 1], ':'));
  const isLast = at > 0 && tokens.slice(at + 2).every(({ kind }) => kind === 'word' || kind === 'quoted');
  return isLast ? tokens.slice(0, at) : tokens;
}

/** A string without its quotes; a placeholder that a driver or a template puts into it is one here, too. */
function partsOfString(text: string): readonly KeyPart[] {
  const dollar = /^\$[^$]*\$/.exec(text)?.[0];
  const inner = dollar
    ? text.slice(dollar.length, -dollar.length)
    : text.replace(/^[a-z]*'|'$/gi, '').replaceAll("''", "'");
  return inner
    .split(/(\$\d{6,})/)
    .filter((part) => part !== '')
    .map((part) => (/^\$\d{6,}$/.test(part) ? { placeholder: part } : part));
}
