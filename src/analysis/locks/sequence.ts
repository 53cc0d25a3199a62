import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { hasModifier } from '../shapes.ts';
import { isCfgOwner } from './evaluator.ts';
import { isThen } from './joined.ts';

/**
 * The file whose top level runs a function once, as one step after another, or undefined. Such a function is never
 * under way twice, nor together with another step: it is not exported, and every mention of it is a call that the
 * top level awaits or chains with `then`, outside of any loop.
 */
export function sequenceOf(fn: CfgOwner): string | undefined {
  return isStep(fn, new Set()) ? fn.getSourceFile().fileName : undefined;
}

function isStep(fn: Ts.Node, seen: Set<Ts.Node>): boolean {
  if (ts.isSourceFile(fn)) return true;
  if (seen.has(fn)) return false;
  seen.add(fn);
  if (ts.isArrowFunction(fn) || ts.isFunctionExpression(fn)) {
    // A callback is a step of whoever calls the function that it is handed to.
    const { parent } = fn;
    if (!ts.isCallExpression(parent) || parent.expression === fn) return false;
    return isInSequence(parent, seen);
  }
  if (!ts.isFunctionDeclaration(fn) || !fn.name || hasModifier(fn, ts.SyntaxKind.ExportKeyword)) {
    return false;
  }
  const mentions = mentionsOf(fn);
  return mentions.length > 0 && mentions.every((name) => isInSequence(name.parent, seen, name));
}

/** A call whose end is waited for, in a function that is a step itself. */
function isInSequence(call: Ts.Node, seen: Set<Ts.Node>, callee?: Ts.Node): boolean {
  if (!ts.isCallExpression(call) || (callee && call.expression !== callee)) return false;
  let at = withParentheses(call);
  while (isThen(at.parent)) at = withParentheses(at.parent.parent);
  const { parent } = at;
  const isArrowBody = ts.isArrowFunction(parent) && parent.body === at;
  // `const ready = first().then(second)`: the chain is the sequence.
  const isChain = at !== withParentheses(call) || isThen(call.expression);
  const isStored =
    isChain && ts.isVariableDeclaration(parent) && ts.isSourceFile(parent.parent.parent.parent);
  const isMain = isOnlyTask(parent);
  if (!ts.isAwaitExpression(parent) && !ts.isReturnStatement(parent) && !isArrowBody && !isStored && !isMain)
    return false;
  for (let around: Ts.Node = parent; ; around = around.parent) {
    if (ts.isIterationStatement(around, false)) return false;
    if (ts.isSourceFile(around)) return true;
    if (isCfgOwner(around)) return isStep(around, seen);
  }
}

function withParentheses(node: Ts.Node): Ts.Node {
  let at = node;
  while (ts.isParenthesizedExpression(at.parent)) at = at.parent;
  return at;
}

/** `main();` or `void main();` as the one thing that the top level of a file starts. */
function isOnlyTask(node: Ts.Node): boolean {
  const statement = ts.isVoidExpression(node) ? node.parent : node;
  if (!ts.isExpressionStatement(statement) || !ts.isSourceFile(statement.parent)) return false;
  return statement.parent.statements.every(
    (other) => other === statement || !(ts.isExpressionStatement(other) || containsAwait(other)),
  );
}

function containsAwait(node: Ts.Node): boolean {
  if (ts.isFunctionLike(node) || ts.isClassLike(node)) return false;
  return ts.isAwaitExpression(node) || (ts.forEachChild(node, containsAwait) ?? false);
}

function mentionsOf(fn: Ts.FunctionDeclaration): Ts.Identifier[] {
  const found: Ts.Identifier[] = [];
  const visit = (node: Ts.Node): void => {
    if (
      ts.isIdentifier(node) &&
      node !== fn.name &&
      node.text === fn.name?.text &&
      resolveLocal(node) === fn
    ) {
      found.push(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(fn.getSourceFile());
  return found;
}
