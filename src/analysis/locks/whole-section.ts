import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { isAssignmentOperator, isUpdate, outermost } from '../shapes.ts';
import { ITERATING } from './callback-origins.ts';
import { isThen } from './joined.ts';
import type { Held } from './values.ts';

/**
 * Whether a call of what a function was handed *is* the critical section: the function took the lock for it, and gives
 * back what it gives. Such a function is a lock's method by another name, and its caller knows what runs.
 */
export function isWholeSection(call: Ts.Node, owner: Ts.Node, held: Held): boolean {
  for (let at = call; ; ) {
    const fn = functionAround(at);
    if (!fn || !isGivenBack(at, fn, held)) return false;
    if (fn === owner) return true;
    const outer = outermost(fn).parent;
    if (!ts.isCallExpression(outer) || outer.expression === fn) return false;
    if (outer.getStart() === held.at.start && outer.getSourceFile().fileName === held.at.file) return true;
    at = outer;
  }
}

/** Whether the value of an expression is that of the function, and the function does no more under the lock. */
function isGivenBack(node: Ts.Node, fn: Ts.Node, held: Held): boolean {
  for (let at = node; ; ) {
    const { parent } = at;
    if (ts.isReturnStatement(parent)) return true;
    if (ts.isArrowFunction(parent)) return parent.body === at;
    if (ts.isExpressionStatement(parent)) return !doesMore(fn, held) && !givesValue(fn) && !isFed(node, fn);
    if (ts.isVariableDeclaration(parent)) return !doesMore(fn, held);
    if (isThen(parent, at)) at = parent.parent;
    else if (ts.isBinaryExpression(parent)) {
      const isAssignment = parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
      if (isAssignment) return ts.isIdentifier(skipParentheses(parent.left)) && !doesMore(fn, held);
      at = parent;
    } else if (ts.isConditionalExpression(parent) && parent.condition === at) return false;
    else if (ts.isExpression(parent) && !ts.isCallExpression(parent)) at = parent;
    else return false;
  }
}

/**
 * Whether a function has what it was handed called with results of its own, for each of several or once a promise has
 * them: that is no section of its caller's.
 */
function isFed(call: Ts.Node, fn: Ts.Node): boolean {
  const loop = ts.findAncestor(call, (at) => at === fn || ts.isForOfStatement(at) || ts.isForInStatement(at));
  const callee = ts.isCallExpression(call) ? skipParentheses(call.expression) : undefined;
  const method = callee && ts.isPropertyAccessExpression(callee) ? callee.name.text : '';
  return loop !== fn || ITERATING.has(method) || method === 'then';
}

/** Whether a function gives back something: then not by a statement whose value nobody takes. */
function givesValue(fn: Ts.Node): boolean {
  const visit = (node: Ts.Node): boolean => {
    if (node !== fn && ts.isFunctionLike(node)) return false;
    if (ts.isReturnStatement(node) && node.expression) return true;
    return ts.forEachChild(node, visit) ?? false;
  };
  return visit(fn);
}

/** Whether a function changes something of its object while it holds the lock, other than to give it back. */
function doesMore(fn: Ts.Node, held: Held): boolean {
  const after = fn.getSourceFile().fileName === held.at.file ? held.at.start : 0;
  const visit = (node: Ts.Node): boolean => {
    if (node !== fn && ts.isFunctionLike(node)) return false;
    const { parent } = node;
    if (parent && ts.isTryStatement(parent) && parent.finallyBlock === node) return false;
    if (node.pos >= after && isChange(node, fn)) return true;
    return ts.forEachChild(node, visit) ?? false;
  };
  return visit(fn);
}

function isChange(node: Ts.Node, fn: Ts.Node): boolean {
  if (ts.isBinaryExpression(node)) {
    return isAssignmentOperator(node.operatorToken.kind) && outlives(node.left, fn);
  }
  if (isUpdate(node)) return outlives(node.operand, fn);
  if (ts.isDeleteExpression(node)) return true;
  if (!ts.isCallExpression(node)) return false;
  const callee = skipParentheses(node.expression);
  return ts.isPropertyAccessExpression(callee) && CHANGING.test(callee.name.text);
}

const CHANGING = /^(?:set|add|delete|clear|push|pop|shift|unshift|splice)$/;

/** Whether what is assigned is not a variable of the function's own. */
function outlives(node: Ts.Node, fn: Ts.Node): boolean {
  const bare = skipParentheses(node);
  if (ts.isIdentifier(bare)) {
    const local = resolveLocal(bare);
    return local === undefined || ts.findAncestor(local, (at) => at === fn) === undefined;
  }
  return ts.isPropertyAccessExpression(bare) || ts.isElementAccessExpression(bare);
}

function functionAround(node: Ts.Node): Ts.Node | undefined {
  return ts.findAncestor(node.parent, (at) => ts.isFunctionLike(at));
}
