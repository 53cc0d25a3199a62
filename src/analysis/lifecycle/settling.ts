import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { isChaining } from '../atomic/outside.ts';
import { memberName, nameText, skipParentheses } from '../code.ts';
import { isFunctionExpression, outermost } from '../shapes.ts';
import { variableUses } from './variables.ts';

/**
 * Whether a call is handed, or runs in place, what settles another promise: `work().then(resolve, reject)`. Who has that
 * one waits for this one.
 */
export function settlesAnother(expression: Ts.Node): boolean {
  const call = skipParentheses(expression);
  if (!ts.isCallExpression(call)) return false;
  const callee = skipParentheses(call.expression);
  if (isFunctionExpression(callee)) return mentionsSettler(callee);
  return isChaining(call) && call.arguments.some(mentionsSettler);
}

/** Whether a function leaves no failure of its own to its caller: a `catch` is around all that it does. */
export function handlesItself(fn: Ts.Node): boolean {
  return isFunctionExpression(fn) && ts.isBlock(fn.body) && isHandled(fn.body);
}

function isHandled({ statements: [statement, ...others] }: Ts.Block): boolean {
  if (!statement || !ts.isTryStatement(statement) || others.length > 0) return false;
  return statement.catchClause !== undefined || isHandled(statement.tryBlock);
}

function mentionsSettler(node: Ts.Node): boolean {
  return (ts.isIdentifier(node) && isSettler(node)) || (ts.forEachChild(node, mentionsSettler) ?? false);
}

function isSettler(name: Ts.Identifier): boolean {
  const local = resolveLocal(name);
  if (!local) return false;
  if (isGivenToExecutor(local) || isOfResolvers(local)) return true;
  if (!ts.isVariableDeclaration(local) || !ts.isIdentifier(local.name)) return false;
  // `new Promise((resolve) => { done = resolve; })`
  return variableUses(local.name).writes.some(({ parent }) => {
    const value = ts.isBinaryExpression(parent) ? skipParentheses(parent.right) : undefined;
    const given = value && ts.isIdentifier(value) ? resolveLocal(value) : undefined;
    return given !== undefined && isGivenToExecutor(given);
  });
}

function isGivenToExecutor(local: Ts.Node): boolean {
  return (
    ts.isParameter(local) &&
    isFunctionExpression(local.parent) &&
    ts.isNewExpression(outermost(local.parent).parent)
  );
}

/** `const { resolve } = Promise.withResolvers()`, and `deferred` where that is what it holds. */
function isOfResolvers(local: Ts.Node): boolean {
  const isPart = ts.isBindingElement(local);
  if (isPart && nameText(local.propertyName ?? local.name) === 'promise') return false;
  const declaration = isPart ? local.parent.parent : local;
  const value =
    ts.isVariableDeclaration(declaration) && declaration.initializer
      ? skipParentheses(declaration.initializer)
      : undefined;
  return (
    value !== undefined &&
    ts.isCallExpression(value) &&
    memberName(skipParentheses(value.expression))?.text === 'withResolvers'
  );
}
