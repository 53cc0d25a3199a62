import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';

/** `[Symbol.dispose]` in a call of the method of that name. */
export function symbolName(callee: Ts.Node): string | undefined {
  if (!ts.isElementAccessExpression(callee)) return undefined;
  const key = skipParentheses(callee.argumentExpression);
  return ts.isPropertyAccessExpression(key) &&
    ts.isIdentifier(key.expression) &&
    key.expression.text === 'Symbol'
    ? `[${key.getText()}]`
    : undefined;
}

/** `a.b` or `a[b]`. */
export function isMember(node: Ts.Node): node is Ts.PropertyAccessExpression | Ts.ElementAccessExpression {
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
}
