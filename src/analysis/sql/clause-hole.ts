import { isValueHole } from './holes.ts';
import type { InsertShape } from './insert-shape.ts';
import { isOp, type Token } from './token.ts';

/**
 * Whether a hole stands where an INSERT could carry its conflict clause or its WHERE NOT EXISTS:
 * between INSERT and INTO, in place of the whole body, behind the rows, or in the WHERE of its query.
 * A hole that was taken for a value, a name, a column list or a list of rows carries none, nor does a body
 * that is known to be values (the rows of an escaping helper).
 *
 * @param filled what the hole at a token index was taken for, where a grammar decided that.
 */
export function hasClauseHole(
  tokens: readonly Token[],
  shape: InsertShape,
  filled: (at: number) => string | undefined,
): boolean {
  if (shape.modifierGuard === 'unknown' || tokens[shape.verb]?.kind === 'hole') return true;
  let depth = 0;
  let start = shape.body;
  // `INSERT INTO t (SELECT … ${where})`: the parenthesis around the whole body is transparent.
  while (isOp(tokens[start], '(')) start++;
  for (let at = start; at < shape.end; at++) {
    const token = tokens[at];
    if (isOp(token, '(')) depth++;
    else if (isOp(token, ')')) depth--;
    else if (depth <= 0 && token?.kind === 'hole') {
      if (at === shape.body ? !isValueHole(token) : isClause(tokens, at, filled(at))) return true;
    }
  }
  return false;
}

const CONDITIONS: ReadonlySet<string> = new Set(['WHERE', 'AND', 'OR', 'NOT', 'EXISTS']);

function isClause(tokens: readonly Token[], at: number, filled: string | undefined): boolean {
  const before = tokens[at - 1];
  if (CONDITIONS.has(before?.upper ?? '')) return !isValueHole(tokens[at]);
  if (filled !== undefined) return filled === '' || /^(?:VALUES|SELECT)/.test(filled);
  // Without a grammar: after VALUES, a comma or an operator it is an operand, elsewhere it may be anything.
  const isRow = before?.upper === 'VALUES' || before?.upper === 'VALUE';
  return !isRow && (before?.kind !== 'op' || isOp(before, ')'));
}
