import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, nameText, skipParentheses } from '../code.ts';
import {
  type Answer,
  and,
  choose,
  coalesce,
  FALSE,
  flag,
  isNullish,
  LOOKUP,
  NULLISH,
  not,
  objectOf,
  or,
  partOf,
  SILENT,
  speaks,
  TRUE,
} from './answers.ts';
import { localDeclaration } from './identifiers.ts';

/** What an expression is evaluated in. */
export interface Surroundings {
  /** The value of a local name. */
  variable(name: Ts.Identifier): Answer;
  /** The value of a call. */
  call(call: Ts.CallExpression): Answer;
  /** The value of a call that is handed something that says something. */
  applied(call: Ts.CallExpression, args: readonly Answer[]): Answer;
}

/** What the value of an expression says about the row that was looked for. */
export function evaluate(expression: Ts.Node, around: Surroundings): Answer {
  const node = skipParentheses(expression);
  if (ts.isAwaitExpression(node)) return evaluate(node.expression, around);
  if (ts.isIdentifier(node)) return node.text === 'undefined' ? NULLISH : around.variable(node);
  if (ts.isCallExpression(node)) return evaluateCall(node, around);
  if (ts.isConditionalExpression(node)) {
    const [yes, no] = [evaluate(node.whenTrue, around), evaluate(node.whenFalse, around)];
    return choose(evaluate(node.condition, around), yes, no);
  }
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    return not(evaluate(node.operand, around));
  }
  if (ts.isBinaryExpression(node)) return evaluateBinary(node, around);
  if (ts.isObjectLiteralExpression(node)) return evaluateObject(node, around);
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
    const object = evaluate(node.expression, around);
    const name = memberName(node);
    return partOf(object, (name && nameText(name)) ?? '');
  }
  return constant(node) ?? SILENT;
}

/** What `value === expected` says. */
export function equality(value: Ts.Node, expected: Ts.Node, around: Surroundings): Answer {
  const [left, right] = [skipParentheses(value), skipParentheses(expected)];
  if (isTrue(left)) return flag(evaluate(right, around));
  const answer = evaluate(left, around);
  const other = constant(right);
  if (!speaks(answer)) return constant(left) && !other ? equality(right, left, around) : SILENT;
  if (ts.isStringLiteralLike(right) && right.text !== '') return named(answer, right.text);
  if (other === NULLISH) return isNullish(answer);
  if (other === FALSE || isMinusOne(right)) return not(answer);
  return isTrue(right) ? flag(answer) : SILENT;
}

function evaluateObject(node: Ts.ObjectLiteralExpression, around: Surroundings): Answer {
  const parts = new Map<string, Answer>();
  for (const property of node.properties) {
    const name = property.name && nameText(property.name);
    if (name === undefined) continue;
    if (ts.isPropertyAssignment(property)) parts.set(name, evaluate(property.initializer, around));
    if (ts.isShorthandPropertyAssignment(property)) parts.set(name, around.variable(property.name));
  }
  return objectOf(parts);
}

function evaluateCall(node: Ts.CallExpression, around: Surroundings): Answer {
  const own = around.call(node);
  if (speaks(own)) return own;
  const callee = skipParentheses(node.expression);
  const args = node.arguments.map((argument) => evaluate(argument, around));
  const [argument] = args;
  const isConversion = ts.isIdentifier(callee) && (callee.text === 'Boolean' || callee.text === 'Number');
  if (isConversion && argument) return flag(argument);
  const applied = args.some(speaks) ? around.applied(node, args) : SILENT;
  if (speaks(applied)) return applied;
  if (!ts.isPropertyAccessExpression(callee)) return SILENT;
  const name = callee.name.text;
  if (name === 'catch' || name === 'finally') return evaluate(callee.expression, around);
  return ASKS.test(name) ? partOf(evaluate(callee.expression, around), name) : SILENT;
}

function evaluateBinary(node: Ts.BinaryExpression, around: Surroundings): Answer {
  const { left, right } = node;
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.BarBarToken:
      return or(evaluate(left, around), evaluate(right, around));
    case ts.SyntaxKind.AmpersandAmpersandToken:
      return and(evaluate(left, around), evaluate(right, around));
    case ts.SyntaxKind.QuestionQuestionToken:
      return coalesce(evaluate(left, around), evaluate(right, around));
    case ts.SyntaxKind.EqualsToken:
    case ts.SyntaxKind.CommaToken:
      return evaluate(right, around);
    case ts.SyntaxKind.EqualsEqualsToken:
    case ts.SyntaxKind.EqualsEqualsEqualsToken:
      return typeTest(left, right, around) ?? equality(left, right, around);
    case ts.SyntaxKind.ExclamationEqualsToken:
    case ts.SyntaxKind.ExclamationEqualsEqualsToken:
      return not(typeTest(left, right, around) ?? equality(left, right, around));
    case ts.SyntaxKind.GreaterThanToken:
      return isNumber(right, '0') ? flag(evaluate(left, around)) : SILENT;
    case ts.SyntaxKind.GreaterThanEqualsToken:
      return isNumber(right, '1') ? flag(evaluate(left, around)) : SILENT;
    case ts.SyntaxKind.LessThanToken:
      return isNumber(right, '1') ? not(evaluate(left, around)) : SILENT;
    case ts.SyntaxKind.LessThanEqualsToken:
      return isNumber(right, '0') ? not(evaluate(left, around)) : SILENT;
    default:
      return SILENT;
  }
}

/** `typeof answer === 'undefined'` */
function typeTest(left: Ts.Node, right: Ts.Node, around: Surroundings): Answer | undefined {
  const test = skipParentheses(left);
  if (!ts.isTypeOfExpression(test) || !ts.isStringLiteralLike(right)) return undefined;
  const answer = evaluate(test.expression, around);
  if (right.text === 'undefined') return isNullish(answer);
  return right.text === 'boolean' ? SILENT : not(isNullish(answer));
}

/** The answer is one of several words: `=== 'missing'`. */
function named(answer: Answer, word: string): Answer {
  if (answer.truthy !== 'found') return SILENT;
  if (/absent|available|free|missing|new|none|not[-_ ]?found|unknown/i.test(word)) return not(LOOKUP);
  return /duplicate|exist|found|known|present|taken/i.test(word) ? flag(LOOKUP) : SILENT;
}

/** Methods that ask the answer for the row: `existing.has(name)`. */
const ASKS = /^(?:at|count|find|first|get|has|includes|is\w*|length|rows|some|unwrap\w*|valueOf)$/;

function constant(node: Ts.Node): Answer | undefined {
  if (node.kind === ts.SyntaxKind.NullKeyword || ts.isVoidExpression(node)) return NULLISH;
  if (ts.isIdentifier(node))
    return node.text === 'undefined' && !localDeclaration(node) ? NULLISH : undefined;
  if (node.kind === ts.SyntaxKind.FalseKeyword || isNumber(node, '0')) return FALSE;
  if (ts.isStringLiteralLike(node)) return node.text === '' ? FALSE : TRUE;
  const isTruthy =
    isTrue(node) ||
    ts.isNumericLiteral(node) ||
    ts.isObjectLiteralExpression(node) ||
    ts.isArrayLiteralExpression(node) ||
    ts.isNewExpression(node) ||
    ts.isFunctionLike(node);
  return isTruthy ? TRUE : undefined;
}

function isTrue(node: Ts.Node): boolean {
  return node.kind === ts.SyntaxKind.TrueKeyword;
}

function isNumber(node: Ts.Node, text: string): boolean {
  const bare = skipParentheses(node);
  return ts.isNumericLiteral(bare) && bare.text === text;
}

function isMinusOne(node: Ts.Node): boolean {
  return (
    ts.isPrefixUnaryExpression(node) &&
    node.operator === ts.SyntaxKind.MinusToken &&
    isNumber(node.operand, '1')
  );
}
