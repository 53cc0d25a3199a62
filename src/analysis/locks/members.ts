import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';

/** `[Symbol.dispose]` in a call of the method of that name. */
export function symbolName(callee: Ts.Node): string | undefined {
  return ts.isElementAccessExpression(callee) ? wellKnown(callee.argumentExpression) : undefined;
}

/** The name of a property of a literal, also of one under a well-known symbol: `[Symbol.dispose]`. */
export function keyName(name: Ts.PropertyName): string | undefined {
  return nameText(name) ?? (ts.isComputedPropertyName(name) ? wellKnown(name.expression) : undefined);
}

function wellKnown(expression: Ts.Expression): string | undefined {
  const key = skipParentheses(expression);
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
