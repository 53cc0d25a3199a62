import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText } from '../code.ts';
import { isPrivateMember } from '../shapes.ts';
import {
  SHAPE_ACQUIRE,
  SHAPE_READ,
  SHAPE_RELEASE,
  SHAPE_SCOPED,
  SHAPE_SCOPED_READ,
  SHAPE_SCOPED_WRITE,
  SHAPE_TRY,
  SHAPE_WRITE,
} from './primitives.ts';

/**
 * Whether a class shows nothing but what a lock has, so that whoever makes one makes a lock. Of one that looks for its
 * holder in an `AsyncLocalStorage` the body says more: who holds it already may go on.
 */
export function isNothingElse(node: Ts.ClassLikeDeclaration): boolean {
  const shown = node.members.filter(
    (member) => !ts.isConstructorDeclaration(member) && !isPrivateMember(member),
  );
  const isHeir = node.heritageClauses?.some(({ token }) => token === ts.SyntaxKind.ExtendsKeyword) ?? false;
  return (
    !isHeir &&
    !asksForStore(node) &&
    shown.some((member) => ts.isMethodDeclaration(member)) &&
    shown.every(({ name }) => LOCK_MEMBERS.has((name && nameText(name)) ?? ''))
  );
}

function asksForStore(node: Ts.Node): boolean {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    if (node.expression.name.text === 'getStore') return true;
  }
  return ts.forEachChild(node, (child) => asksForStore(child) || undefined) ?? false;
}

const LOCK_MEMBERS: ReadonlySet<string> = new Set([
  ...SHAPE_SCOPED,
  ...SHAPE_SCOPED_WRITE,
  ...SHAPE_SCOPED_READ,
  ...SHAPE_ACQUIRE,
  ...SHAPE_READ,
  ...SHAPE_WRITE,
  ...SHAPE_RELEASE,
  ...SHAPE_TRY,
  'isLocked',
  'locked',
  'name',
  'cancel',
]);
