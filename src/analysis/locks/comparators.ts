import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import type { Value } from './values.ts';

/** Whether a comparator puts the larger one first: `(a, b) => b.id - a.id`. */
export function isDescending(comparator: Value | undefined): boolean {
  if (comparator?.kind !== 'closure' || !ts.isFunctionLike(comparator.fn)) return false;
  const [, second] = comparator.fn.parameters;
  const result = resultOf(comparator.fn);
  return second !== undefined && result !== undefined && isTurned(result, second);
}

/** The expression that a function gives back. */
function resultOf(fn: Ts.Node): Ts.Expression | undefined {
  const { body } = fn as { body?: Ts.ConciseBody };
  if (!body || !ts.isBlock(body)) return body;
  const [only, another] = body.statements;
  return only && !another && ts.isReturnStatement(only) ? only.expression : undefined;
}

function isTurned(result: Ts.Expression, second: Ts.Node): boolean {
  const bare = skipParentheses(result);
  if (ts.isConditionalExpression(bare)) return isTurnedChoice(bare, second);
  if (ts.isBinaryExpression(bare) && bare.operatorToken.kind === ts.SyntaxKind.MinusToken) {
    return rootOf(bare.left) === second;
  }
  return (
    ts.isCallExpression(bare) &&
    ts.isPropertyAccessExpression(bare.expression) &&
    bare.expression.name.text === 'localeCompare' &&
    rootOf(bare.expression.expression) === second
  );
}

/** `a < b ? 1 : -1` */
function isTurnedChoice({ condition, whenTrue }: Ts.ConditionalExpression, second: Ts.Node): boolean {
  const compared = skipParentheses(condition);
  if (!ts.isBinaryExpression(compared)) return false;
  const isLess = LESS.has(compared.operatorToken.kind);
  if (!isLess && !GREATER.has(compared.operatorToken.kind)) return false;
  const isSmallerFirst = isLess !== (rootOf(compared.left) === second);
  const isNegative = ts.isPrefixUnaryExpression(skipParentheses(whenTrue));
  return isSmallerFirst !== isNegative;
}

function rootOf(node: Ts.Expression): Ts.Node | undefined {
  let root: Ts.Node = skipParentheses(node);
  while (ts.isPropertyAccessExpression(root)) root = skipParentheses(root.expression);
  return ts.isIdentifier(root) ? resolveLocal(root) : undefined;
}

const LESS: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
]);

const GREATER: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
]);
