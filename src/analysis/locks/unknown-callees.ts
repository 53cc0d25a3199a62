import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';

/**
 * Whether a callee is a value that comes from somewhere else: an element of a container, what a call returns, a
 * variable. A function's own parameters are not meant: its callers know them.
 */
export function isUnknownValue(callee: Ts.Node): boolean {
  if (!ts.isIdentifier(callee)) return ts.isElementAccessExpression(callee) || ts.isCallExpression(callee);
  const local = resolveLocal(callee);
  if (!local) return false;
  if (ts.isParameter(local)) return isElementOf(local);
  return ts.isVariableDeclaration(local) || (ts.isBindingElement(local) && !isOfParameter(local));
}

/** The `h` in `handlers.map((h) => h())`. */
function isElementOf(parameter: Ts.ParameterDeclaration): boolean {
  const call = parameter.parent.parent;
  return (
    ts.isCallExpression(call) &&
    ts.isPropertyAccessExpression(call.expression) &&
    ITERATING.has(call.expression.name.text)
  );
}

function isOfParameter(element: Ts.BindingElement): boolean {
  let root: Ts.Node = element;
  while (ts.isBindingElement(root) || ts.isObjectBindingPattern(root) || ts.isArrayBindingPattern(root)) {
    root = root.parent;
  }
  return ts.isParameter(root) && !isElementOf(root);
}

const ITERATING: ReadonlySet<string> = new Set([
  'map',
  'forEach',
  'flatMap',
  'filter',
  'some',
  'every',
  'find',
]);

/** A field whose function is only the one that it begins with: another may be put there. */
export function isSettable(node: Ts.Node): boolean {
  if (!ts.isPropertyDeclaration(node) || !node.initializer) return false;
  const { modifiers = [] } = node;
  return !modifiers.some(
    ({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword || kind === ts.SyntaxKind.PrivateKeyword,
  );
}

/** The `resolve` of `new Promise((resolve) => …)`: who calls it waits for nothing. */
export function isResolver(value: Ts.Node): boolean {
  const bare = skipParentheses(value);
  const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  const made = local && ts.isParameter(local) ? local.parent.parent : undefined;
  return made !== undefined && ts.isNewExpression(made) && made.expression.getText() === 'Promise';
}
