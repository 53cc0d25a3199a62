import type { RowLock } from './lock-operations.ts';
import { closingParen, isOp, type Token } from './token.ts';

/** The rows that a statement locks by `FOR UPDATE` and its kin, one entry for each table that is named. */
export function rowLocksIn(tokens: readonly Token[]): readonly RowLock[] {
  return selectsIn(tokens).flatMap(rowLocksOf);
}

/** Each SELECT without what stands in parentheses, which have SELECTs of their own. */
function selectsIn(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const found: (readonly Token[])[] = [];
  const flat: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    flat.push(token);
    if (!isOp(token, '(')) continue;
    const end = closingParen(tokens, at);
    found.push(...selectsIn(tokens.slice(at + 1, end)));
    // Whether the parentheses hold a list of one or of more is all that is asked of them.
    if (!tokens.slice(at + 1, end).some((inner) => isOp(inner, ',') || inner.upper === 'SELECT')) {
      flat.push(...tokens.slice(at + 1, end).filter(({ kind }) => kind !== 'op' && kind !== 'word'));
    } else flat.push(...tokens.slice(at + 1, end).filter((inner) => isOp(inner, ',')), SEVERAL);
    flat.push(...tokens.slice(end, end + 1));
    at = end;
  }
  found.push(flat);
  return found;
}

const SEVERAL: Token = { kind: 'op', start: 0, end: 0, text: '…', upper: '', name: '' };

function rowLocksOf(tokens: readonly Token[]): readonly RowLock[] {
  const words = tokens.map(({ upper }) => upper);
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
  const words = tokens.map(({ upper }) => upper);
  if (words.includes('ORDER') || words.includes('LIMIT') || words.includes('FETCH')) return false;
  const where = words.indexOf('WHERE');
  if (where < 0) return true;
  const condition = tokens.slice(where + 1);
  const isOne = condition.some(
    (token, at) => isOp(token, '=') && !isComparison(condition, at) && !isAny(condition[at + 1]),
  );
  const lists = condition.flatMap((token, at) => (token.upper === 'IN' ? [isList(condition, at + 1)] : []));
  if (lists.includes(true) || condition.some(isAny)) return true;
  return !isOne && !lists.includes(false);
}

/** `<=`, `>=`, `!=`: an operator that ends with an equals sign. */
function isComparison(tokens: readonly Token[], at: number): boolean {
  return ['<', '>', '!'].some((sign) => isOp(tokens[at - 1], sign));
}

function isAny(token: Token | undefined): boolean {
  return token?.upper === 'ANY' || token?.upper === 'SOME';
}

/** Whether the parentheses at a place hold more than one value, or what may be more than one. */
function isList(tokens: readonly Token[], open: number): boolean {
  if (!isOp(tokens[open], '(')) return true;
  const end = tokens.findIndex((token, at) => at > open && isOp(token, ')'));
  const inside = tokens.slice(open + 1, end < 0 ? undefined : end);
  return (
    inside.includes(SEVERAL) || inside.some(({ kind, text }) => kind === 'hole' || /^\$\d{6,}$/.test(text))
  );
}
