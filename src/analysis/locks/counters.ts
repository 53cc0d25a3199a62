import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { Sorted } from './values.ts';

const known = new WeakMap<Ts.VariableDeclaration, Sorted | 'other'>();

/** Which way a variable counts that only the head of its loop changes: `for (let i = 0; …; i++)`. */
export function countingOf(node: Ts.Node): Sorted | undefined {
  if (!ts.isVariableDeclaration(node) || !ts.isForStatement(node.parent.parent)) return undefined;
  let found = known.get(node);
  if (!found) {
    const loop = node.parent.parent;
    const way = loop.incrementor && wayOf(loop.incrementor, node);
    found = way && !isChangedIn(loop.statement, node) ? way : 'other';
    known.set(node, found);
  }
  return found === 'other' ? undefined : found;
}

function wayOf(step: Ts.Expression, counter: Ts.VariableDeclaration): Sorted | undefined {
  if (!ts.isPrefixUnaryExpression(step) && !ts.isPostfixUnaryExpression(step)) return undefined;
  const { operand, operator } = step;
  if (!ts.isIdentifier(operand) || resolveLocal(operand) !== counter) return undefined;
  if (operator === ts.SyntaxKind.PlusPlusToken) return 'ascending';
  return operator === ts.SyntaxKind.MinusMinusToken ? 'descending' : undefined;
}

function isChangedIn(node: Ts.Node, counter: Ts.VariableDeclaration): boolean {
  const isOperand =
    ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)
      ? node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken
      : false;
  const target = isOperand
    ? (node as Ts.PrefixUnaryExpression).operand
    : ts.isBinaryExpression(node) &&
        node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
        node.operatorToken.kind <= ts.SyntaxKind.LastAssignment
      ? node.left
      : undefined;
  if (target && ts.isIdentifier(target) && resolveLocal(target) === counter) return true;
  return ts.forEachChild(node, (child) => isChangedIn(child, counter) || undefined) ?? false;
}
