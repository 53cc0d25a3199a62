import { resolveLocal } from '../syntax/scopes.ts';
import { type Ts, ts } from '../syntax/ts.ts';
import { nameText, skipParentheses } from './code.ts';

/** What syntax shows of a node by itself. */

export function hasModifier(node: Ts.Node, kind: Ts.SyntaxKind): boolean {
  const { modifiers } = node as { modifiers?: readonly Ts.ModifierLike[] };
  return modifiers?.some((modifier) => modifier.kind === kind) ?? false;
}

export function isStatic(node: Ts.Node): boolean {
  return hasModifier(node, ts.SyntaxKind.StaticKeyword);
}

/** Whether nobody outside of its class can name a member: `private`, or with a `#`. */
export function isPrivateMember(node: Ts.Node): boolean {
  const { name } = node as { name?: Ts.Node };
  return (
    (name !== undefined && ts.isPrivateIdentifier(name)) || hasModifier(node, ts.SyntaxKind.PrivateKeyword)
  );
}

/** `=`, `+=`, `??=` and the like. */
export function isAssignmentOperator(kind: Ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

/** `i++`, `--i` */
export function isUpdate(node: Ts.Node): node is Ts.PrefixUnaryExpression | Ts.PostfixUnaryExpression {
  if (!ts.isPrefixUnaryExpression(node) && !ts.isPostfixUnaryExpression(node)) return false;
  const { operator } = node;
  return operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken;
}

/** A literal that takes apart what is assigned to it: `({ mu: lock } = this)`. */
export function isAssignedPattern(literal: Ts.Node): boolean {
  const { parent } = literal;
  if (ts.isBinaryExpression(parent))
    return parent.left === literal && isAssignmentOperator(parent.operatorToken.kind);
  if (ts.isForOfStatement(parent)) return parent.initializer === literal;
  const isPart =
    ts.isPropertyAssignment(parent) ||
    ts.isObjectLiteralExpression(parent) ||
    ts.isArrayLiteralExpression(parent);
  return isPart && isAssignedPattern(parent);
}

/** A function that is written down in place. */
export function isFunctionExpression(node: Ts.Node): node is Ts.ArrowFunction | Ts.FunctionExpression {
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node);
}

/** An expression with all that is only put around it: parentheses, assertions of its type. */
export function outermost(node: Ts.Node): Ts.Node {
  const bare = skipParentheses(node);
  let at = node;
  while (skipParentheses(at.parent) === bare) at = at.parent;
  return at;
}

/** The expressions that the body of a function returns; those of functions in it aside. */
export function returnedBy(body: Ts.Node | undefined): readonly Ts.Expression[] {
  if (!body) return [];
  if (!ts.isBlock(body)) return ts.isExpression(body) ? [body] : [];
  const found: Ts.Expression[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isReturnStatement(node) && node.expression) found.push(node.expression);
    if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
  };
  ts.forEachChild(body, visit);
  return found;
}

/** What an object literal gives a property; undefined for any other expression. */
export function propertyOf(value: Ts.Expression, name: string): Ts.Expression | undefined {
  const bare = skipParentheses(value);
  if (!ts.isObjectLiteralExpression(bare)) return undefined;
  for (const property of bare.properties) {
    if (!property.name || nameText(property.name) !== name) continue;
    if (ts.isPropertyAssignment(property)) return property.initializer;
    if (ts.isShorthandPropertyAssignment(property)) return property.name;
  }
  return undefined;
}

/** What a callee is called where it is a function of the language: `Object.assign`, `Reflect.set`. */
export function globalFunction(callee: Ts.Expression): string | undefined {
  const bare = skipParentheses(callee);
  if (!ts.isPropertyAccessExpression(bare) || !ts.isIdentifier(bare.expression)) return undefined;
  return resolveLocal(bare.expression) ? undefined : `${bare.expression.text}.${bare.name.text}`;
}

/** Whether an expression is what goes by a name of the language or its surroundings: `Promise`, `console`. */
export function isGlobal(expression: Ts.Node, name: string): boolean {
  const bare = skipParentheses(expression);
  return ts.isIdentifier(bare) && bare.text === name && resolveLocal(bare) === undefined;
}

/** `a.b` in `a.b.run()` and `a.b[name]()`. */
export function receiverOf(call: Ts.CallExpression): Ts.Expression | undefined {
  const callee = skipParentheses(call.expression);
  const isMember = ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee);
  return isMember ? callee.expression : undefined;
}

/** Whether a variable keeps the value that it is declared with. */
export function isConst(variable: Ts.VariableDeclaration): boolean {
  return (ts.getCombinedNodeFlags(variable) & ts.NodeFlags.Const) !== 0;
}

/** Whether a node is another, or a part of it. */
export function isInside(node: Ts.Node, outer: Ts.Node): boolean {
  return node.getSourceFile() === outer.getSourceFile() && outer.pos <= node.pos && node.end <= outer.end;
}

/** The call whose callee an expression is. */
export function callWith(callee: Ts.Node): Ts.CallExpression | undefined {
  const whole = outermost(callee);
  const { parent } = whole;
  return ts.isCallExpression(parent) && parent.expression === whole ? parent : undefined;
}
