import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, nameText, skipParentheses } from '../code.ts';
import { isGlobal } from '../shapes.ts';

/**
 * What is done with a function that an expression stands for: it is called, or taken as a value that whoever gets it
 * may call. A test whether it is there, its name, and its replacement do neither.
 */
export type Usage = 'call' | 'value' | 'none';

export function usageOf(expression: Ts.Node): Usage {
  const node = outermost(expression);
  const { parent } = node;
  if (isCallee(node)) return 'call';
  const member = memberName(parent);
  if (member && (parent as Ts.AccessExpression).expression === node) {
    const name = nameText(member);
    if (name === 'call' || name === 'apply') return isCallee(outermost(parent)) ? 'call' : 'value';
    return name === 'bind' ? 'value' : 'none';
  }
  return isOnlyLookedAt(node, parent) ? 'none' : 'value';
}

/** The expression with everything around it that does not change its value. */
export function outermost(expression: Ts.Node): Ts.Node {
  const bare = skipParentheses(expression);
  let node = expression;
  while (skipParentheses(node.parent) === bare) node = node.parent;
  return node;
}

function isCallee(node: Ts.Node): boolean {
  const { parent } = node;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return parent.expression === node;
  return ts.isTaggedTemplateExpression(parent) && parent.tag === node;
}

function isOnlyLookedAt(node: Ts.Node, parent: Ts.Node): boolean {
  if (ts.isBinaryExpression(parent)) {
    const { left, operatorToken } = parent;
    if (COMPARISONS.has(operatorToken.kind)) return true;
    if (left === node && LEFT_IS_LOOKED_AT.has(operatorToken.kind)) return true;
    return YIELDS_OPERAND.has(operatorToken.kind) && usageOf(parent) === 'none';
  }
  if (ts.isPrefixUnaryExpression(parent)) return parent.operator === ts.SyntaxKind.ExclamationToken;
  if (ts.isConditionalExpression(parent)) return parent.condition === node || usageOf(parent) === 'none';
  if (ts.isForStatement(parent)) return parent.condition === node;
  // `Boolean` answers and keeps nothing.
  if (ts.isCallExpression(parent)) return isGlobal(parent.expression, 'Boolean');
  return LOOKS.has(parent.kind) && (parent as LookingNode).expression === node;
}

interface LookingNode extends Ts.Node {
  readonly expression?: Ts.Node;
}

/** What asks no more of its expression than whether it is there, or which value it is. */
const LOOKS: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.IfStatement,
  ts.SyntaxKind.WhileStatement,
  ts.SyntaxKind.DoStatement,
  ts.SyntaxKind.SwitchStatement,
  ts.SyntaxKind.CaseClause,
  ts.SyntaxKind.ExpressionStatement,
  ts.SyntaxKind.TypeOfExpression,
  ts.SyntaxKind.VoidExpression,
  ts.SyntaxKind.DeleteExpression,
]);

/** Replaced, or dropped; or, with `&&`, the result only where it is falsy, and then it is no function. */
const LEFT_IS_LOOKED_AT: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.CommaToken,
]);

/** Their value is one of their operands, so what is done with it is done with the operand. */
const YIELDS_OPERAND: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.CommaToken,
]);

const COMPARISONS: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.InKeyword,
  ts.SyntaxKind.InstanceOfKeyword,
]);
