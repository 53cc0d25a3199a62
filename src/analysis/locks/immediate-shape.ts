import { type Ts, ts } from '../../syntax/ts.ts';

/**
 * Whether a method that takes a lock waits for nobody, by what it is declared to return: the grant itself, and no
 * promise of it. Of a method without a declared result nothing is known.
 */
export function isImmediate(signature: Ts.SignatureDeclaration): boolean {
  const { type } = signature;
  const { modifiers } = signature as { modifiers?: readonly Ts.ModifierLike[] };
  const isAsync = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false;
  return type !== undefined && !isAsync && !mayPromise(type);
}

/** Whether a type, or one that it names, speaks of a promise; what a function returns later does not count. */
function mayPromise(type: Ts.Node): boolean {
  if (ts.isFunctionTypeNode(type)) return false;
  if (type.kind === ts.SyntaxKind.AnyKeyword || type.kind === ts.SyntaxKind.UnknownKeyword) return true;
  if (ts.isIdentifier(type)) return /Promise|Thenable|Deferred/.test(type.text);
  return ts.forEachChild(type, (child) => mayPromise(child) || undefined) ?? false;
}
