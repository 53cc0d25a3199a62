import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { isSetOnce } from '../dispatch/fields.ts';
import { writeTo } from './targets-of-writes.ts';

/** A walk along the indexes of an array, upwards. */
export interface IndexWalk {
  readonly collection: Ts.Expression;
  /** What sets the index on in the body: before the next turn, it may have stayed where it is. Absent in the head. */
  readonly steps?: readonly Ts.Node[];
}

/** `for (let i = 0; i < list.length; i++)`, where the body leaves `i` alone, and `while (i < list.length)`. */
export function indexWalkOf(node: Ts.ForStatement | Ts.WhileStatement): IndexWalk | undefined {
  const condition = ts.isForStatement(node) ? node.condition : node.expression;
  const test = condition && lengthTest(condition);
  if (!test) return undefined;
  const { index, collection } = test;
  const writes = writesIn(node.statement, index);
  const steps = writes.filter(isStep);
  if (ts.isForStatement(node) && node.incrementor) {
    return writes.length === 0 && isStep(node.incrementor) ? { collection } : undefined;
  }
  return steps.length > 0 && steps.length === writes.length ? { collection, steps } : undefined;
}

interface LengthTest {
  readonly index: Ts.Identifier;
  readonly collection: Ts.Expression;
}

/** `i < list.length`, `list.length > i`, `i !== list.length`, `i <= list.length - 1`, `i < count`. */
function lengthTest(condition: Ts.Expression): LengthTest | undefined {
  const node = skipParentheses(condition);
  if (!ts.isBinaryExpression(node)) return undefined;
  const { kind } = node.operatorToken;
  if (kind === ts.SyntaxKind.AmpersandAmpersandToken) return lengthTest(node.left) ?? lengthTest(node.right);
  const isMirrored = kind === ts.SyntaxKind.GreaterThanToken;
  const index = skipParentheses(isMirrored ? node.right : node.left);
  const end = skipParentheses(isMirrored ? node.left : node.right);
  if (!ts.isIdentifier(index) || !(isMirrored || UPWARDS.has(kind))) return undefined;
  const isLast =
    kind === ts.SyntaxKind.LessThanEqualsToken &&
    ts.isBinaryExpression(end) &&
    end.operatorToken.kind === ts.SyntaxKind.MinusToken &&
    end.right.getText() === '1';
  if (kind === ts.SyntaxKind.LessThanEqualsToken && !isLast) return undefined;
  const collection = measuredBy(isLast ? skipParentheses(end.left) : end);
  return collection && { index, collection };
}

const UPWARDS: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);

/** The list in `list.length`, also where that was put into a variable. */
function measuredBy(length: Ts.Node): Ts.Expression | undefined {
  if (ts.isPropertyAccessExpression(length)) {
    return length.name.text === 'length' ? length.expression : undefined;
  }
  const local = ts.isIdentifier(length) ? resolveLocal(length) : undefined;
  if (!local || !ts.isVariableDeclaration(local) || !local.initializer || !isSetOnce(local)) return undefined;
  const value = skipParentheses(local.initializer);
  return ts.isPropertyAccessExpression(value) ? measuredBy(value) : undefined;
}

/** The places in a body that give a variable another value. */
function writesIn(body: Ts.Node, variable: Ts.Identifier): readonly Ts.Node[] {
  const declaration = resolveLocal(variable);
  const found: Ts.Node[] = [];
  const visit = (node: Ts.Node): void => {
    const isVariable = ts.isIdentifier(node) && node.text === variable.text;
    const write = isVariable && resolveLocal(node) === declaration ? writeTo(node) : undefined;
    if (write) found.push(write.node);
    ts.forEachChild(node, visit);
  };
  visit(body);
  return found;
}

/** `i++`, `i += 1`, `i = i + 1` */
function isStep(node: Ts.Node): boolean {
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    return node.operator === ts.SyntaxKind.PlusPlusToken;
  }
  if (!ts.isBinaryExpression(node)) return false;
  const { kind } = node.operatorToken;
  if (kind === ts.SyntaxKind.PlusEqualsToken) return node.right.getText() === '1';
  return (
    kind === ts.SyntaxKind.EqualsToken &&
    ts.isBinaryExpression(node.right) &&
    node.right.operatorToken.kind === ts.SyntaxKind.PlusToken &&
    node.right.left.getText() === node.left.getText() &&
    node.right.right.getText() === '1'
  );
}
