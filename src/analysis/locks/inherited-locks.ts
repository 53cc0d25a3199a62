import type { LockPrimitive } from '../../config/types.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { thisOwner } from '../this-owner.ts';
import { findIn } from './chain-shape.ts';

/** Whether a class that extends a lock takes it in a method of its own: `this.runExclusive(…)`, `super.acquire()`. */
export function takesItself(cls: Ts.ClassLikeDeclaration, primitive: LockPrimitive): boolean {
  const { acquire = [], acquireShared = [], scoped = [], scopedShared = [] } = primitive;
  const methods = new Set([
    ...acquire,
    ...acquireShared,
    ...scoped,
    ...scopedShared,
    ...(primitive.try ?? []),
  ]);
  return cls.members.some((member) =>
    findIn(
      member,
      (node) => ts.isPropertyAccessExpression(node) && isSelf(node.expression) && methods.has(node.name.text),
    ),
  );
}

/** `this`, or the part of it that was inherited. */
export function isSelf(node: Ts.Node): boolean {
  const { kind } = skipParentheses(node);
  return kind === ts.SyntaxKind.ThisKeyword || kind === ts.SyntaxKind.SuperKeyword;
}

/** The class whose object `this` is. */
export function classOfThis(node: Ts.Node): Ts.ClassLikeDeclaration | undefined {
  const owner = thisOwner(node)?.parent;
  return owner && ts.isClassLike(owner) ? owner : undefined;
}

/** What a class hands to the constructor of the one that it extends. */
export function superCallIn(cls: Ts.ClassLikeDeclaration): Ts.CallExpression | undefined {
  let found: Ts.CallExpression | undefined;
  findIn(cls, (node) => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword) found ??= node;
    return found !== undefined;
  });
  return found;
}
