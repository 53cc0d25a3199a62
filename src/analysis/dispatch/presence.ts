import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { isImport, moduleSpecifier, nameText, skipParentheses } from '../code.ts';
import { isFunctionExpression, isGlobal, returnedBy } from '../shapes.ts';
import { isSetOnce } from './fields.ts';

/**
 * Tests of whether something is there: which expressions are such tests, and what their outcome depends on. All of it
 * is syntax.
 */

/** The expressions on which the outcome of a test depends, where the test asks of each whether it is there. */
export function operandsOf(expression: Ts.Node): readonly Ts.Expression[] {
  const node = skipParentheses(expression);
  if (ts.isPrefixUnaryExpression(node)) return node.operator === NOT || isAnswer(node) ? [node.operand] : [];
  if (ts.isConditionalExpression(node)) return [node.condition, node.whenTrue, node.whenFalse];
  if (ts.isBinaryExpression(node)) return operandsOfBinary(node);
  if (ts.isCallExpression(node)) return operandsOfCall(node);
  if (ts.isPropertyAccessExpression(node) && node.name.text === 'length') {
    return isPresenceFilter(node.expression) ? [node.expression] : [];
  }
  const value = soleValueOf(node);
  return value ? [value] : [];
}

/** Whether an expression does no more than to hand on what one of its operands tests. */
export function isLogical(expression: Ts.Node): boolean {
  const node = skipParentheses(expression);
  if (ts.isConditionalExpression(node)) return true;
  return ts.isBinaryExpression(node) && LOGICAL.has(node.operatorToken.kind);
}

/** The value of a variable that has just one, where the expression is its name. */
export function soleValueOf(expression: Ts.Node): Ts.Expression | undefined {
  const node = skipParentheses(expression);
  const local = ts.isIdentifier(node) ? resolveLocal(node) : undefined;
  return local && ts.isVariableDeclaration(local) && isSetOnce(local) ? local.initializer : undefined;
}

/** The object and the key of `Object.hasOwn(fleet, 'a')`, `Reflect.has(fleet, 'a')` and `fleet.hasOwnProperty('a')`. */
export function keyAskedFor(
  node: Ts.Node,
): { readonly object: Ts.Expression; readonly key: string } | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const callee = skipParentheses(node.expression);
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const isOfLanguage = /^(?:Object\.hasOwn|Reflect\.has)$/.test(callee.getText());
  const isMethod = callee.name.text === 'hasOwnProperty';
  if (!isOfLanguage && !isMethod) return undefined;
  const [object, asked] = isMethod ? [callee.expression, node.arguments[0]] : node.arguments;
  const key = asked && skipParentheses(asked);
  return object && key && ts.isStringLiteralLike(key) ? { object, key: key.text } : undefined;
}

/** Whether an expression is the answer of a test, and not one of the things that are tested. */
export function isAnswer(expression: Ts.Node): boolean {
  const node = skipParentheses(expression);
  if (keyAskedFor(node)) return true;
  if (ts.isPrefixUnaryExpression(node)) {
    return node.operator === NOT || (AS_NUMBER.has(node.operator) && isAnswer(node.operand));
  }
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) return true;
  if (ts.isConditionalExpression(node)) return isAnswer(node.whenTrue) && isAnswer(node.whenFalse);
  if (ts.isCallExpression(node)) return operandsOfCall(node).length > 0 && !isPresenceFilter(node);
  if (!ts.isBinaryExpression(node)) {
    const value = soleValueOf(node);
    return value !== undefined && isAnswer(value);
  }
  const { left, operatorToken, right } = node;
  if (isComparison(operatorToken.kind)) return true;
  const isJoining = LOGICAL.has(operatorToken.kind) || BITWISE.has(operatorToken.kind);
  return isJoining && isAnswer(left) && isAnswer(right);
}

/** The expressions that a node asks whether they are there, or true. */
export function testsAt(node: Ts.Node): readonly Ts.Node[] {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node) || ts.isDoStatement(node)) return [node.expression];
  if (ts.isForStatement(node)) return node.condition ? [node.condition] : [];
  if (ts.isConditionalExpression(node)) return [node.condition, ...(isAnswer(node) ? [node] : [])];
  if (ts.isBinaryExpression(node)) {
    const { left, operatorToken } = node;
    const takesLeft = LOGICAL.has(operatorToken.kind) || ASSIGNS_IF.has(operatorToken.kind);
    const isLeftTested = takesLeft && operatorToken.kind !== ts.SyntaxKind.CommaToken;
    return [...(isLeftTested ? [left] : []), ...(isAnswer(node) ? [node] : [])];
  }
  if (ts.isPrefixUnaryExpression(node)) return isAnswer(node) ? [node] : [];
  if (ts.isCallExpression(node) && isAnswer(node)) return [node];
  if (ts.isCallExpression(node) && isAssertion(node.expression)) return node.arguments.slice(0, 1);
  if (ts.isCaseClause(node)) return testsOfCase(node);
  if (isFunctionExpression(node) && isPredicate(node)) return returnedBy(node.body);
  const { questionDotToken, expression } = node as Partial<Ts.PropertyAccessChain>;
  return questionDotToken && expression ? [expression] : [];
}

/** What is certain where a test came out one way: which expressions were not there. */
export function missingAfter(expression: Ts.Node, outcome: 'true' | 'false'): readonly Ts.Node[] {
  const node = skipParentheses(expression);
  const other = outcome === 'true' ? 'false' : 'true';
  if (ts.isPrefixUnaryExpression(node)) {
    if (node.operator === NOT) return missingAfter(node.operand, other);
    return node.operator === ts.SyntaxKind.PlusToken ? missingAfter(node.operand, outcome) : [];
  }
  if (ts.isCallExpression(node) && ANSWERING.some((name) => isGlobal(node.expression, name))) {
    const [argument] = node.arguments;
    return argument ? missingAfter(argument, outcome) : [];
  }
  if (ts.isBinaryExpression(node)) {
    const { left, operatorToken, right } = node;
    const kind = operatorToken.kind;
    if (isComparison(kind)) {
      const isEqual =
        kind === ts.SyntaxKind.EqualsEqualsToken || kind === ts.SyntaxKind.EqualsEqualsEqualsToken;
      const subject = comparedToNothing(node);
      return subject && (outcome === 'true') === isEqual ? [subject] : [];
    }
    const joins = (outcome === 'true' ? BOTH : EITHER).has(kind);
    return joins ? [...missingAfter(left, outcome), ...missingAfter(right, outcome)] : [];
  }
  const value = soleValueOf(node);
  if (value && (isAnswer(value) || isLogical(value))) return missingAfter(value, outcome);
  return outcome === 'false' ? [node] : [];
}

const NOT = ts.SyntaxKind.ExclamationToken;

/** Functions of the language that hand on an answer, as what it is or as a number. */
const ANSWERING = ['Boolean', 'Number'];

const LOGICAL: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.CommaToken,
]);

/** What is true only if both sides are. */
const BOTH: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.AmpersandToken,
]);

/** What is false only if both sides are. */
const EITHER: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.BarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);

/** Of two answers these make another one: `+!a & +!b`. */
const BITWISE: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandToken,
  ts.SyntaxKind.BarToken,
  ts.SyntaxKind.CaretToken,
]);

/** Operators by which an answer becomes a number: `+!a`, `~[a, b].indexOf(undefined)`. */
const AS_NUMBER: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.PlusToken,
  ts.SyntaxKind.MinusToken,
  ts.SyntaxKind.TildeToken,
]);

const ASSIGNS_IF: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

const EQUALITY: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);

const ORDER: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
]);

function isComparison(kind: Ts.SyntaxKind): boolean {
  return EQUALITY.has(kind) || ORDER.has(kind) || kind === ts.SyntaxKind.InKeyword;
}

function operandsOfBinary(node: Ts.BinaryExpression): readonly Ts.Expression[] {
  const { left, operatorToken, right } = node;
  const { kind } = operatorToken;
  if (kind === ts.SyntaxKind.CommaToken) return [right];
  if (LOGICAL.has(kind) || (BITWISE.has(kind) && isAnswer(node))) return [left, right];
  if (EQUALITY.has(kind)) {
    const subject = comparedToNothing(node);
    if (subject) return [subject];
    if (isAnswer(left) && isAnswer(right)) return [left, right];
  }
  // How many are there: `[a, b].filter(Boolean).length === 0`.
  return EQUALITY.has(kind) || ORDER.has(kind) ? [left, right].filter(isCount) : [];
}

function isCount(expression: Ts.Expression): boolean {
  const node = skipParentheses(expression);
  return ts.isPropertyAccessExpression(node) && operandsOf(node).length > 0;
}

/** The `a` of `a == null`, `undefined !== a`, `typeof a === 'undefined'`. */
function comparedToNothing({ left, right }: Ts.BinaryExpression): Ts.Expression | undefined {
  if (isNothing(right)) return left;
  if (isNothing(left)) return right;
  return typeTested(left, right) ?? typeTested(right, left);
}

function typeTested(one: Ts.Node, other: Ts.Node): Ts.Expression | undefined {
  const node = skipParentheses(one);
  return ts.isTypeOfExpression(node) && ts.isStringLiteralLike(skipParentheses(other))
    ? node.expression
    : undefined;
}

function isNothing(expression: Ts.Node): boolean {
  const node = skipParentheses(expression);
  if (node.kind === ts.SyntaxKind.NullKeyword || ts.isVoidExpression(node)) return true;
  return ts.isIdentifier(node) && node.text === 'undefined';
}

function operandsOfCall(call: Ts.CallExpression): readonly Ts.Expression[] {
  const callee = skipParentheses(call.expression);
  if (isGlobal(callee, 'Boolean')) return call.arguments.slice(0, 1);
  if (isGlobal(callee, 'Number')) return call.arguments.slice(0, 1).filter(isAnswer);
  if (!ts.isPropertyAccessExpression(callee)) return [];
  const elements = elementsOf(callee.expression);
  const [first] = call.arguments;
  if (!elements || !first) return [];
  const isLookup = LOOKUPS.has(callee.name.text) && isNothing(first);
  return isLookup || (SEARCHES.has(callee.name.text) && asksForPresence(first)) ? elements : [];
}

/** The elements of `[a, b]`, also by the name of a variable. */
function elementsOf(expression: Ts.Node): readonly Ts.Expression[] | undefined {
  const node = skipParentheses(soleValueOf(expression) ?? expression);
  return ts.isArrayLiteralExpression(node) ? node.elements : undefined;
}

/** Of what these yield, only whether anything is left is a test. */
const FILTERS: ReadonlySet<string> = new Set(['filter', 'find', 'findLast']);
const SEARCHES: ReadonlySet<string> = new Set([...FILTERS, 'some', 'every', 'findIndex', 'findLastIndex']);
const LOOKUPS: ReadonlySet<string> = new Set(['includes', 'indexOf']);

function isPresenceFilter(expression: Ts.Node): boolean {
  const node = skipParentheses(soleValueOf(expression) ?? expression);
  if (!ts.isCallExpression(node) || operandsOfCall(node).length === 0) return false;
  const callee = skipParentheses(node.expression);
  return ts.isPropertyAccessExpression(callee) && FILTERS.has(callee.name.text);
}

/** `Boolean`, or `(x) => x != null`. */
function asksForPresence(callback: Ts.Expression): boolean {
  const node = skipParentheses(callback);
  if (isGlobal(node, 'Boolean')) return true;
  if (!isFunctionExpression(node)) return false;
  const [parameter] = node.parameters;
  const [answer, ...others] = returnedBy(node.body);
  if (!parameter || !answer || others.length > 0) return false;
  let asked: Ts.Node = answer;
  for (let [operand] = operandsOf(asked); operand; [operand] = operandsOf(asked)) asked = operand;
  const bare = skipParentheses(asked);
  return ts.isIdentifier(bare) && resolveLocal(bare) === parameter;
}

/** `assert(a)` and `assert.ok(a)` of Node, and `console.assert(a)`. */
function isAssertion(callee: Ts.Node): boolean {
  const node = skipParentheses(callee);
  if (ts.isPropertyAccessExpression(node) && node.name.text === 'assert') {
    return isGlobal(node.expression, 'console');
  }
  const isOk = ts.isPropertyAccessExpression(node) && node.name.text === 'ok';
  const name = isOk ? node.expression : node;
  const local = ts.isIdentifier(name) ? resolveLocal(name) : undefined;
  const module = local && isImport(local) ? moduleSpecifier(local) : undefined;
  return module !== undefined && /^(?:node:)?assert(?:\/strict)?$/.test(module);
}

function testsOfCase({ expression, parent }: Ts.CaseClause): readonly Ts.Node[] {
  const { expression: subject } = parent.parent;
  if (isNothing(expression)) return [subject];
  if (isNothing(subject)) return [expression];
  return isAnswer(subject) ? [expression, subject] : [];
}

/** A function that some iterating method asks about each element. */
function isPredicate(fn: Ts.ArrowFunction | Ts.FunctionExpression): boolean {
  const { parent } = fn;
  if (!ts.isCallExpression(parent) || parent.arguments[0] !== fn) return false;
  const callee = skipParentheses(parent.expression);
  const name = ts.isPropertyAccessExpression(callee) ? nameText(callee.name) : undefined;
  return name !== undefined && SEARCHES.has(name);
}
