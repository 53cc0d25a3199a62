import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, skipParentheses } from '../code.ts';
import { isFunctionNode } from '../inserts/functions.ts';
import { isIterating } from '../locks/state-methods.ts';
import { isFunctionExpression } from '../shapes.ts';
import { writeTo } from './targets-of-writes.ts';

/** A walk over a collection as it is, and not over a copy. */
export interface Iteration {
  /** The loop, or the call that is handed a callback. */
  readonly node: Ts.IterationStatement | Ts.CallExpression;
  readonly collection: Ts.Expression;
  /** What runs for each element. */
  readonly body: Ts.Node;
  /** The variable that holds the key of the element, for a set the element. */
  readonly key: Ts.Node | undefined;
  /** By its index: what is added at the end is reached, and what is removed moves the others. */
  readonly isByIndex: boolean;
}

/** The iteration that a node is, if it is one. */
export function iterationAt(node: Ts.Node): Iteration | undefined {
  if (ts.isForOfStatement(node)) {
    const walked = walkedBy(node.expression);
    if (!walked) return undefined;
    const { collection, what } = walked;
    return { node, collection, body: node.statement, key: keyOf(node.initializer, what), isByIndex: false };
  }
  if (ts.isForInStatement(node)) {
    const { expression: collection, statement: body, initializer } = node;
    return { node, collection, body, key: keyOf(initializer, 'keys'), isByIndex: false };
  }
  if (ts.isForStatement(node)) return byIndex(node);
  return ts.isCallExpression(node) ? byCallback(node) : undefined;
}

type Walked = 'keys' | 'values' | 'entries' | 'elements';

/** `m`, `m.keys()`, `m ?? []`, and a variable that holds one of these. */
function walkedBy(
  expression: Ts.Expression,
): { readonly collection: Ts.Expression; readonly what: Walked } | undefined {
  const node = skipParentheses(expression) as Ts.Expression;
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const isEither = kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken;
    return isEither ? walkedBy(node.left) : undefined;
  }
  if (ts.isIdentifier(node)) {
    const local = resolveLocal(node);
    const value = local && ts.isVariableDeclaration(local) ? local.initializer : undefined;
    const isIterator = value !== undefined && ts.isCallExpression(skipParentheses(value));
    return (isIterator ? walkedBy(value) : undefined) ?? { collection: node, what: 'elements' };
  }
  if (!ts.isCallExpression(node)) return { collection: node, what: 'elements' };
  const callee = skipParentheses(node.expression);
  const name = memberName(callee)?.text;
  const isOfCollection = node.arguments.length === 0 && ts.isPropertyAccessExpression(callee);
  if (!isOfCollection || (name !== 'keys' && name !== 'values' && name !== 'entries')) return undefined;
  return { collection: callee.expression, what: name };
}

/** The variable that the key of a map, or the element of a set, is in. */
function keyOf(initializer: Ts.ForInitializer, what: Walked): Ts.Node | undefined {
  if (!ts.isVariableDeclarationList(initializer)) return undefined;
  const [declaration] = initializer.declarations;
  if (!declaration) return undefined;
  if (ts.isIdentifier(declaration.name)) return what === 'entries' ? undefined : declaration;
  if (!ts.isArrayBindingPattern(declaration.name) || what === 'keys' || what === 'values') return undefined;
  const [first] = declaration.name.elements;
  return first && ts.isBindingElement(first) && ts.isIdentifier(first.name) ? first : undefined;
}

/** `for (let i = 0; i < list.length; i++)`, where the body does not set `i` itself. */
function byIndex(node: Ts.ForStatement): Iteration | undefined {
  const { condition, incrementor, statement: body } = node;
  if (!condition || !incrementor || !ts.isBinaryExpression(condition)) return undefined;
  const { left, operatorToken, right } = condition;
  const isForward = operatorToken.kind === ts.SyntaxKind.LessThanToken && isIncrement(incrementor);
  const length = skipParentheses(right);
  if (!isForward || !ts.isPropertyAccessExpression(length) || length.name.text !== 'length') return undefined;
  if (!ts.isIdentifier(left) || isSetIn(body, left)) return undefined;
  return { node, collection: length.expression, body, key: undefined, isByIndex: true };
}

/** Whether a body gives a variable another value, as one that steps back after a removal does. */
function isSetIn(body: Ts.Node, variable: Ts.Identifier): boolean {
  const declaration = resolveLocal(variable);
  const isSet = (node: Ts.Node): boolean => {
    const isVariable = ts.isIdentifier(node) && node.text === variable.text;
    if (isVariable && resolveLocal(node) === declaration && writeTo(node)) return true;
    return ts.forEachChild(node, (child) => isSet(child) || undefined) ?? false;
  };
  return isSet(body);
}

function isIncrement(node: Ts.Expression): boolean {
  const isUnary = ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node);
  return isUnary && node.operator === ts.SyntaxKind.PlusPlusToken;
}

/** `m.forEach((value, key) => …)` */
function byCallback(node: Ts.CallExpression): Iteration | undefined {
  const callee = skipParentheses(node.expression);
  const [callback] = node.arguments;
  const fn = callback && skipParentheses(callback);
  if (!ts.isPropertyAccessExpression(callee) || !isIterating(callee.name.text)) return undefined;
  if (!fn || !isFunctionExpression(fn)) return undefined;
  const walked = walkedBy(callee.expression);
  if (!walked) return undefined;
  // A map hands in the key after the value; for a set they are the same.
  const [first, second] = fn.parameters;
  return { node, collection: walked.collection, body: fn.body, key: second ?? first, isByIndex: false };
}

/** The types of the language's collections that can be changed which an expression is of; none for a read-only one. */
export function collectionTypes(expression: Ts.Expression, code: Code): readonly string[] {
  const stretch = { start: expression.getStart(), end: expression.end };
  const [type] = code.program.oracle.expressionTypes(code.fileOf(expression), [stretch]);
  return type?.symbols.map(({ name }) => name).filter((name) => COLLECTIONS.has(name)) ?? [];
}

/** Whether others can reach what an expression names: a field, or a variable of a module. */
export function isShared(expression: Ts.Expression): boolean {
  const node = skipParentheses(expression);
  if (!ts.isIdentifier(node))
    return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
  const local = resolveLocal(node);
  return local !== undefined && ts.findAncestor(local, isFunctionNode) === undefined;
}

const COLLECTIONS: ReadonlySet<string> = new Set(['Array', 'Map', 'Set']);
