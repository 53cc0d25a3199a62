import { type Ts, ts } from '../../syntax/ts.ts';
import { isAssignedPattern, isAssignmentOperator, outermost } from '../shapes.ts';

/** A place where a variable, a member or an element is given another value, or is taken away. */
export interface Write {
  /** The assignment, `delete`, `++`, or the target itself where a pattern or a loop assigns it. */
  readonly node: Ts.Node;
  /** As it is written: `=`, `+=`, `++`, `delete`. */
  readonly how: string;
}

/** What is done to an expression as the target of a write; undefined where it is only read. */
export function writeTo(expression: Ts.Node): Write | undefined {
  const node = outermost(expression);
  const { parent } = node;
  if (ts.isDeleteExpression(parent)) return { node: parent, how: 'delete' };
  if (ts.isBinaryExpression(parent)) {
    const { left, operatorToken } = parent;
    if (left !== node || !isAssignmentOperator(operatorToken.kind)) return undefined;
    if (!isAssignedPattern(parent)) return { node: parent, how: operatorToken.getText() };
  }
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) {
    if (parent.operator === ts.SyntaxKind.PlusPlusToken) return { node: parent, how: '++' };
    return parent.operator === ts.SyntaxKind.MinusMinusToken ? { node: parent, how: '--' } : undefined;
  }
  const isOfLoop =
    (ts.isForOfStatement(parent) || ts.isForInStatement(parent)) && parent.initializer === node;
  return isOfLoop || isPartOfPattern(node) ? { node, how: '=' } : undefined;
}

/** `[a.b] = pair`, `({ key: a.b } = object)`, `[...a.b] = list`, and each with a default. */
function isPartOfPattern(node: Ts.Node): boolean {
  let at = node;
  if (ts.isBinaryExpression(at.parent) && at.parent.left === at) at = at.parent;
  if (ts.isSpreadElement(at.parent) || ts.isSpreadAssignment(at.parent)) at = at.parent;
  const { parent } = at;
  if (ts.isArrayLiteralExpression(parent)) return isAssignedPattern(parent);
  if (ts.isPropertyAssignment(parent) && parent.initializer === at) return isAssignedPattern(parent.parent);
  return ts.isSpreadAssignment(at) && isAssignedPattern(parent);
}
