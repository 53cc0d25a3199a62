import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, nameText, skipParentheses } from '../code.ts';
import {
  type Answer,
  and,
  choose,
  coalesce,
  either,
  FALSE,
  flag,
  isNullish,
  isWord,
  LOOKUP,
  NEVER,
  NULLISH,
  not,
  objectOf,
  optionalPart,
  or,
  partOf,
  SILENT,
  speaks,
  TRUE,
  wordOf,
} from './answers.ts';
import { localDeclaration } from './identifiers.ts';
import { isConversion } from './signatures.ts';

/** What an expression is evaluated in. */
export interface Surroundings {
  /** The value of a local name. */
  variable(name: Ts.Identifier): Answer;
  /** The value of a call. */
  call(call: Ts.CallExpression | Ts.TaggedTemplateExpression): Answer;
  /** The value of a call that is handed something that says something. */
  applied(call: Ts.CallExpression, args: readonly Answer[]): Answer;
  /** What a function that an expression stands for answers, given what its arguments say. */
  callback(fn: Ts.Expression, args: readonly Answer[]): Answer;
  /** What it answers when it is called because something has failed. */
  rescue(fn: Ts.Expression): Answer;
}

/** What the value of an expression says about the row that was looked for. */
export function evaluate(expression: Ts.Node, around: Surroundings): Answer {
  const node = skipParentheses(expression);
  if (ts.isAwaitExpression(node)) return evaluate(node.expression, around);
  if (ts.isIdentifier(node)) return node.text === 'undefined' ? NULLISH : around.variable(node);
  if (ts.isCallExpression(node)) return evaluateCall(node, around);
  if (ts.isTaggedTemplateExpression(node)) return around.call(node);
  if (ts.isConditionalExpression(node)) {
    const [yes, no] = [evaluate(node.whenTrue, around), evaluate(node.whenFalse, around)];
    return choose(evaluate(node.condition, around), yes, no);
  }
  if (ts.isPrefixUnaryExpression(node)) {
    if (node.operator === ts.SyntaxKind.ExclamationToken) return not(evaluate(node.operand, around));
    if (node.operator === ts.SyntaxKind.PlusToken) return flag(evaluate(node.operand, around));
  }
  if (ts.isBinaryExpression(node)) return evaluateBinary(node, around);
  if (ts.isObjectLiteralExpression(node)) return evaluateObject(node, around);
  if (ts.isArrayLiteralExpression(node)) return evaluateArray(node, around);
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
    const answer = evaluate(node.expression, around);
    const part = partOf(answer, keyOf(node));
    return ts.isOptionalChain(node) ? optionalPart(answer, part) : part;
  }
  return constant(node) ?? SILENT;
}

function keyOf(node: Ts.PropertyAccessExpression | Ts.ElementAccessExpression): string {
  const name = memberName(node);
  if (name) return nameText(name) ?? '';
  const index = ts.isElementAccessExpression(node) && skipParentheses(node.argumentExpression);
  return index && ts.isNumericLiteral(index) ? index.text : '';
}

/** What `value === expected` says. */
export function equality(value: Ts.Node, expected: Ts.Node, around: Surroundings): Answer {
  return typeTest(value, expected, around) ?? valueTest(value, expected, around);
}

function valueTest(value: Ts.Node, expected: Ts.Node, around: Surroundings): Answer {
  const [left, right] = [skipParentheses(value), skipParentheses(expected)];
  if (isTrue(left)) return flag(evaluate(right, around));
  const answer = evaluate(left, around);
  const other = constant(right);
  if (!speaks(answer)) return constant(left) && !other ? valueTest(right, left, around) : SILENT;
  if (ts.isStringLiteralLike(right) && answer.words) return isWord(answer.words, right.text);
  if (ts.isStringLiteralLike(right) && right.text !== '' && !isZeroText(right))
    return named(answer, right.text);
  if (other === NULLISH) return isNullish(answer);
  if (other === FALSE || isMinusOne(right) || isZeroText(right)) return not(answer);
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

/** The elements by index, as far as no spread makes it uncertain which index they have. */
function evaluateArray({ elements }: Ts.ArrayLiteralExpression, around: Surroundings): Answer {
  const spread = elements.findIndex(ts.isSpreadElement);
  const certain = spread < 0 ? elements : elements.slice(0, spread);
  return objectOf(new Map(certain.map((one, index) => [String(index), evaluate(one, around)])));
}

function evaluateCall(node: Ts.CallExpression, around: Surroundings): Answer {
  const own = around.call(node);
  if (speaks(own)) return own;
  const callee = skipParentheses(node.expression);
  const chained = evaluateChain(node, callee, around);
  if (chained) return chained;
  const args = node.arguments.map((argument) => evaluate(argument, around));
  const [argument] = args;
  if (argument && isConversion(callee)) return flag(argument);
  const applied = args.some(speaks) ? around.applied(node, args) : SILENT;
  if (speaks(applied)) return applied;
  if (!ts.isPropertyAccessExpression(callee)) return SILENT;
  const name = callee.name.text;
  return ASKS.test(name) ? partOf(evaluate(callee.expression, around), name) : SILENT;
}

/** What becomes of a promise, or of several: the value is what awaiting it would give. */
function evaluateChain(node: Ts.CallExpression, callee: Ts.Node, around: Surroundings): Answer | undefined {
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const [first, second] = node.arguments;
  switch (callee.name.text) {
    case 'then': {
      const before = evaluate(callee.expression, around);
      const value = first ? around.callback(first, [before]) : before;
      return second ? either(value, around.rescue(second)) : value;
    }
    case 'catch':
      return either(evaluate(callee.expression, around), first ? around.rescue(first) : NEVER);
    case 'finally':
      return evaluate(callee.expression, around);
    case 'all':
    case 'resolve':
      return isPromiseClass(callee.expression) && first ? evaluate(first, around) : undefined;
    default:
      return undefined;
  }
}

function isPromiseClass(node: Ts.Node): boolean {
  return ts.isIdentifier(node) && node.text === 'Promise' && !localDeclaration(node);
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
      return equality(left, right, around);
    case ts.SyntaxKind.ExclamationEqualsToken:
    case ts.SyntaxKind.ExclamationEqualsEqualsToken:
      return not(equality(left, right, around));
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
  if (right.text === 'boolean') return SILENT;
  const isPresent = not(isNullish(answer));
  // `typeof id === 'number'` where ids are strings: that it is not so says nothing.
  const isOther = answer.type !== undefined && answer.type !== right.text;
  return isOther ? flag({ ...SILENT, truthy: 'never' }) : isPresent;
}

/** The answer is one of several words: `=== 'missing'`. */
function named(answer: Answer, word: string): Answer {
  if (answer.truthy !== 'found') return SILENT;
  if (/absent|available|free|missing|new|none|not[-_ ]?found|unknown/i.test(word)) return not(LOOKUP);
  return /duplicate|exist|found|known|present|taken/i.test(word) ? flag(LOOKUP) : SILENT;
}

/** Methods that ask the answer for the row, `existing.has(name)`, or make another list of the same rows. */
const ASKS =
  /^(?:at|count|filter|find|findLast|first|get|has|includes|is\w*|length|map|pop|rows|shift|some|toArray|unwrap\w*|valueOf)$/;

function constant(node: Ts.Node): Answer | undefined {
  if (node.kind === ts.SyntaxKind.NullKeyword || ts.isVoidExpression(node)) return NULLISH;
  if (ts.isIdentifier(node))
    return node.text === 'undefined' && !localDeclaration(node) ? NULLISH : undefined;
  if (node.kind === ts.SyntaxKind.FalseKeyword || isNumber(node, '0')) return FALSE;
  if (ts.isStringLiteralLike(node)) return wordOf(node.text);
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
  return (
    (ts.isNumericLiteral(bare) && bare.text === text) ||
    (ts.isBigIntLiteral(bare) && bare.text === `${text}n`)
  );
}

/** Some drivers answer with a count as a text. */
function isZeroText(node: Ts.Node): boolean {
  return ts.isStringLiteralLike(node) && node.text === '0';
}

function isMinusOne(node: Ts.Node): boolean {
  return (
    ts.isPrefixUnaryExpression(node) &&
    node.operator === ts.SyntaxKind.MinusToken &&
    isNumber(node.operand, '1')
  );
}
