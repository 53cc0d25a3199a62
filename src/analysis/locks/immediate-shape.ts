import { type Ts, ts } from '../../syntax/ts.ts';
import { hasModifier } from '../shapes.ts';

/**
 * Whether a method that takes a lock waits for nobody, by what it is declared to return: the grant itself, and no
 * promise of it. Of a method without a declared result nothing is known.
 */
export function isImmediate(signature: Ts.SignatureDeclaration): boolean {
  const { type } = signature;
  const isAsync = hasModifier(signature, ts.SyntaxKind.AsyncKeyword);
  return type !== undefined && !isAsync && !mayPromise(type);
}

/** Whether a type, or one that it names, speaks of a promise; what a function returns later does not count. */
function mayPromise(type: Ts.Node): boolean {
  if (ts.isFunctionTypeNode(type)) return false;
  if (type.kind === ts.SyntaxKind.AnyKeyword || type.kind === ts.SyntaxKind.UnknownKeyword) return true;
  if (ts.isIdentifier(type)) return /Promise|Thenable|Deferred/.test(type.text);
  return ts.forEachChild(type, (child) => mayPromise(child) || undefined) ?? false;
}
