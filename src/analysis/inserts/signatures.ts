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

/** Whether a function may throw by a statement of its own. */
export function throws(fn: FunctionNode): boolean {
  const visit = (node: Ts.Node): boolean =>
    ts.isThrowStatement(node) || (!isFunctionNode(node) && (ts.forEachChild(node, visit) ?? false));
  return fn.body !== undefined && visit(fn.body);
}

/** `Boolean`, `Number`: as true or false as what they are given. */
export function isConversion(fn: Ts.Node): boolean {
  return ts.isIdentifier(fn) && (fn.text === 'Boolean' || fn.text === 'Number') && !localDeclaration(fn);
}

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
