import type { RowLock } from './lock-operations.ts';
import { closingParen, isOp, type Token } from './token.ts';

/** The rows that a statement locks by `FOR UPDATE` and its kin, one entry for each table that is named. */
export function rowLocksIn(tokens: readonly Token[]): readonly RowLock[] {
  return selectsIn(tokens).flatMap(rowLocksOf);
}

/** The tokens of a statement, and of what stands in each of its parentheses, which may be a SELECT of its own. */
function selectsIn(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const found: (readonly Token[])[] = [tokens];
  for (let at = 0; at < tokens.length; at++) {
    if (!isOp(tokens[at], '(')) continue;
    const end = closingParen(tokens, at);
    found.push(...selectsIn(tokens.slice(at + 1, end)));
    at = end;
  }
  return found;
}

/** The keywords of a statement by place; what stands in parentheses has none. */
function wordsIn(tokens: readonly Token[]): readonly string[] {
  const words: string[] = tokens.map(() => '');
  for (let at = 0; at < tokens.length; at++) {
    words[at] = tokens[at]?.upper ?? '';
    if (isOp(tokens[at], '(')) at = closingParen(tokens, at);
  }
  return words;
}

function rowLocksOf(tokens: readonly Token[]): readonly RowLock[] {
  const words = wordsIn(tokens);
  const select = words.indexOf('SELECT');
  const at = words.findIndex(
    (word, index) => word === 'FOR' && index > select && strengthAt(words, index) !== undefined,
  );
  const strength = select < 0 || at < 0 ? undefined : strengthAt(words, at);
  if (!strength) return [];
  const from = words.indexOf('FROM', select);
  if (from < 0 || from > at) return [];
  const tables = tablesIn(tokens.slice(from + 1, endOfFrom(words, from, at)));
  const tail = words.slice(at);
  const named = tail.includes('OF')
    ? tokens.slice(at + tail.indexOf('OF') + 1).map(({ name }) => name)
    : undefined;
  const locked = named
    ? tables.filter(({ alias, table }) => named.includes(alias) || named.includes(table))
    : tables;
  const lock = {
    kind: 'rows',
    isShared: strength.isShared,
    tries: tail.includes('NOWAIT') || tail.includes('SKIP'),
    isUnordered: tables.length === 1 && isUnordered(tokens.slice(from, at)),
  } as const;
  return locked.map(({ table }) => ({ ...lock, table }));
}

/** `FOR UPDATE`, `FOR NO KEY UPDATE`, `FOR SHARE`, `FOR KEY SHARE` */
function strengthAt(words: readonly string[], at: number): { readonly isShared: boolean } | undefined {
  const text = words.slice(at + 1, at + 4).join(' ');
  if (/^(?:NO KEY )?UPDATE\b/.test(text)) return { isShared: false };
  return /^(?:KEY )?SHARE\b/.test(text) ? { isShared: true } : undefined;
}

const ENDS_FROM: ReadonlySet<string> = new Set([
  'WHERE',
  'GROUP',
  'HAVING',
  'WINDOW',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'FETCH',
  'FOR',
]);

function endOfFrom(words: readonly string[], from: number, at: number): number {
  const end = words.findIndex((word, index) => index > from && ENDS_FROM.has(word));
  return end < 0 ? at : end;
}

interface Source {
  readonly table: string;
  readonly alias: string;
}

/** The tables of a FROM clause, by the names after its start, a comma or a JOIN. */
function tablesIn(tokens: readonly Token[]): readonly Source[] {
  const found: Source[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const before = tokens[at - 1];
    const isStart = at === 0 || isOp(before, ',') || before?.upper === 'JOIN' || before?.upper === 'ONLY';
    if (!isStart || !tokens[at]?.name || tokens[at]?.upper === 'ONLY' || tokens[at]?.upper === 'LATERAL')
      continue;
    while (isOp(tokens[at + 1], '.') && tokens[at + 2]?.name) at += 2;
    const table = tokens[at]?.name ?? '';
    const after = tokens[at + 1]?.upper === 'AS' ? tokens[at + 2] : tokens[at + 1];
    // What is called is a function, and has no rows to lock.
    if (!isOp(tokens[at + 1], '(')) found.push({ table, alias: after?.name ?? '' });
  }
  return found;
}

/** Whether a query may find several rows, in an order of its own. What has one value of a column is taken for one row. */
function isUnordered(tokens: readonly Token[]): boolean {
  const words = wordsIn(tokens);
  if (words.includes('ORDER') || words.includes('LIMIT') || words.includes('FETCH')) return false;
  const where = words.indexOf('WHERE');
  return where < 0 || !findsOne(tokens.slice(where + 1));
}

/** Whether a condition asks for one value of a column; for one of several values, in another part of it, it does not. */
function findsOne(condition: readonly Token[]): boolean {
  if (partsOf(condition, 'OR').length > 1) return false;
  const parts = partsOf(condition, 'AND').map(answerOf);
  return parts.includes('one') && !parts.includes('several');
}

/** The parts of a condition that a word joins, outside of all parentheses. */
function partsOf(tokens: readonly Token[], word: string): readonly (readonly Token[])[] {
  const words = wordsIn(tokens);
  const parts: Token[][] = [[]];
  for (const [at, token] of tokens.entries()) {
    if (words[at] === word) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function answerOf(part: readonly Token[]): 'one' | 'several' | undefined {
  if (isOp(part[0], '(') && closingParen(part, 0) === part.length - 1) {
    return findsOne(part.slice(1, -1)) ? 'one' : undefined;
  }
  const words = wordsIn(part);
  const list = words.indexOf('IN');
  if (list >= 0) return words.includes('NOT') || isList(part, list + 1) ? 'several' : 'one';
  const equals = part.findIndex((token, at) => isOp(token, '=') && !isComparison(part, at));
  if (equals < 0) return undefined;
  return words.includes('ANY') || words.includes('SOME') ? 'several' : 'one';
}

/** `<=`, `>=`, `!=`: an operator that ends with an equals sign. */
function isComparison(tokens: readonly Token[], at: number): boolean {
  return ['<', '>', '!'].some((sign) => isOp(tokens[at - 1], sign));
}

/** Whether the parentheses at a place hold more than one value, or what may be more than one. */
function isList(tokens: readonly Token[], open: number): boolean {
  if (!isOp(tokens[open], '(')) return true;
  const inside = tokens.slice(open + 1, closingParen(tokens, open));
  return inside.some(
    (token) =>
      isOp(token, ',') || token.upper === 'SELECT' || token.kind === 'hole' || /^\$\d{6,}$/.test(token.text),
  );
}
