import { type Ts, ts } from '../../syntax/ts.ts';
import { type FunctionNode, isFunctionNode } from './functions.ts';
import { localDeclaration } from './identifiers.ts';

/** What `typeof` says of a value of a type as it is written, `null` and `undefined` and the promise around it aside. */
export function presentType(type: Ts.TypeNode | undefined): string | undefined {
  if (!type) return undefined;
  if (ts.isParenthesizedTypeNode(type)) return presentType(type.type);
  if (ts.isTypeReferenceNode(type)) {
    return type.typeName.getText() === 'Promise' ? presentType(type.typeArguments?.[0]) : undefined;
  }
  if (!ts.isUnionTypeNode(type)) return TYPE_WORDS.get(type.kind);
  const parts = type.types.filter((part) => !isNothing(part)).map(presentType);
  return parts.every((part) => part === parts[0]) ? parts[0] : undefined;
}

function isNothing(type: Ts.TypeNode): boolean {
  const isNull = ts.isLiteralTypeNode(type) && type.literal.kind === ts.SyntaxKind.NullKeyword;
  return isNull || type.kind === ts.SyntaxKind.UndefinedKeyword || type.kind === ts.SyntaxKind.VoidKeyword;
}

const TYPE_WORDS: ReadonlyMap<Ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.StringKeyword, 'string'],
  [ts.SyntaxKind.NumberKeyword, 'number'],
  [ts.SyntaxKind.BigIntKeyword, 'bigint'],
  [ts.SyntaxKind.TypeLiteral, 'object'],
  [ts.SyntaxKind.ArrayType, 'object'],
]);

/** Whether the body of a function, or a block, may throw by a statement of its own. */
export function throws(body: Ts.Node | undefined): boolean {
  const visit = (node: Ts.Node): boolean =>
    ts.isThrowStatement(node) || (!isFunctionNode(node) && (ts.forEachChild(node, visit) ?? false));
  return body !== undefined && visit(body);
}

/** Whether what fails at a place is caught by a clause that throws some failures on: it has looked at which one it is. */
export function isSortedOut(place: Ts.Node): boolean {
  for (let at = place; !isFunctionNode(at) && at.parent; at = at.parent) {
    const clause = ts.isTryStatement(at.parent) && at.parent.tryBlock === at && at.parent.catchClause;
    if (clause) return clause.variableDeclaration !== undefined && throws(clause.block);
  }
  return false;
}

/** `Boolean`, `Number`, `parseInt`: as true or false as what they are given, which is a count where it is a text. */
export function isConversion(fn: Ts.Node): boolean {
  if (ts.isPropertyAccessExpression(fn))
    return ts.isIdentifier(fn.expression) && fn.expression.text === 'Number' && PARSERS.has(fn.name.text);
  return ts.isIdentifier(fn) && CONVERSIONS.has(fn.text) && !localDeclaration(fn);
}

const PARSERS: ReadonlySet<string> = new Set(['parseInt', 'parseFloat']);
const CONVERSIONS: ReadonlySet<string> = new Set(['Boolean', 'Number', 'BigInt', ...PARSERS]);

/** A preflight without a result that throws: having returned is its answer. */
export function answersByThrowing(fn: FunctionNode): boolean {
  let returns = false;
  let throws = false;
  const visit = (node: Ts.Node): void => {
    if (ts.isReturnStatement(node) && node.expression) returns = true;
    if (ts.isThrowStatement(node)) throws = true;
    if (!isFunctionNode(node)) ts.forEachChild(node, visit);
  };
  if (fn.body && ts.isBlock(fn.body)) ts.forEachChild(fn.body, visit);
  return throws && !returns;
}

/** Whether calling it gives a promise. */
export function isAsyncFunction(fn: FunctionNode): boolean {
  return fn.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false;
}
