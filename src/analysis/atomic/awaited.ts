import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';

/** Whether what a call hands back is kept in a variable that one of some pauses waits for. */
export function isAwaitedBy(call: Ts.Node, awaits: readonly Ts.Node[]): boolean {
  const variable = variableOf(call);
  return variable !== undefined && awaits.some((wait) => wait.pos > call.end && mentions(wait, variable));
}

/** The variable that is declared with the value of an expression, alone or as part of a list. */
function variableOf(value: Ts.Node): Ts.VariableDeclaration | undefined {
  let at = value.parent;
  while (ts.isExpression(at) && !ts.isFunctionLike(at)) at = at.parent;
  return ts.isVariableDeclaration(at) ? at : undefined;
}

function mentions(node: Ts.Node, variable: Ts.VariableDeclaration): boolean {
  if (ts.isIdentifier(node) && resolveLocal(node) === variable) return true;
  return ts.forEachChild(node, (child) => mentions(child, variable)) ?? false;
}

/** Whether a call is what a chain of links begins with: the `f()` of `f().then(…)`. */
export function isWaitedForBy(call: Ts.Node, link: Ts.Node): boolean {
  if (!ts.isCallExpression(link)) return false;
  const { expression: callee } = link;
  return (
    call !== link &&
    call.getSourceFile() === link.getSourceFile() &&
    callee.pos <= call.pos &&
    call.end <= callee.end
  );
}
