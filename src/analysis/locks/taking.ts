import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, nameText, skipParentheses } from '../code.ts';

/** Whether a call is, by its name, one that takes a lock. */
export function isTakingCall(node: Ts.CallExpression, methods: ReadonlySet<string>): boolean {
  const callee = skipParentheses(node.expression);
  if (ts.isIdentifier(callee)) return isBoundMethod(callee, methods);
  return isTakingMethod(callee, methods);
}

/** Whether a member is, by its name, a method by which locks are taken. */
export function isTakingMethod(member: Ts.Node, methods: ReadonlySet<string>): boolean {
  const name = memberName(member);
  const text = name && nameText(name);
  if (text === undefined || !methods.has(text)) return false;
  // `request` is a lock's method on `navigator.locks` alone, and everybody's otherwise.
  return (
    text !== 'request' ||
    (ts.isPropertyAccessExpression(member) && /\blocks$/.test(member.expression.getText()))
  );
}

/** Whether a function called by its name is a lock's method under a name of its own: `mu.runExclusive.bind(mu)`, or a function of a module. */
function isBoundMethod(callee: Ts.Identifier, methods: ReadonlySet<string>): boolean {
  const declaration = resolveLocal(callee);
  if (declaration && ts.isImportSpecifier(declaration)) {
    return methods.has((declaration.propertyName ?? declaration.name).text);
  }
  if (!declaration || !ts.isVariableDeclaration(declaration) || !declaration.initializer) return false;
  const value = skipParentheses(declaration.initializer);
  const bound =
    ts.isCallExpression(value) && ts.isPropertyAccessExpression(value.expression)
      ? value.expression.expression
      : value;
  return isTakingMethod(skipParentheses(bound), methods);
}
