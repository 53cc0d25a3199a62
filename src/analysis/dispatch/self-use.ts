import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { type Container, containerOf, ownMembers } from './heritage.ts';
import type { Reference } from './references.ts';
import type { Target, Targets } from './targets.ts';

/**
 * Whether a reference is a backend's use of itself: the body of the target, or of what overrides or implements it
 * (whoever calls that is held to the rule in its turn), or a class that declares the member and refers to its own.
 */
export function isSelfUse({ node, receiver }: Reference, target: Target, targets: Targets): boolean {
  const isTarget = (declaration: Ts.Node): boolean => targets.relation(declaration, target) !== undefined;
  if (ts.findAncestor(node, isTarget)) return true;
  const self = receiver && selfOf(receiver);
  const own = self ? ownMembers(self, target.member) : [];
  // `super` is only what an implementation of its own is built on, whatever else that implementation is related to.
  return receiver?.kind === ts.SyntaxKind.SuperKeyword ? own.length > 0 : own.some(isTarget);
}

/** The class or object that an expression in it stands for: `this`, `super`, or the class by its name. */
function selfOf(receiver: Ts.Node): Container | undefined {
  const bare = skipParentheses(receiver);
  if (bare.kind === ts.SyntaxKind.ThisKeyword || bare.kind === ts.SyntaxKind.SuperKeyword)
    return thisContainer(bare);
  if (!ts.isIdentifier(bare)) return undefined;
  const around = ts.findAncestor(bare, (node) => ts.isClassLike(node) && node.name?.text === bare.text);
  return around as Ts.ClassLikeDeclaration | undefined;
}

/** The class or object literal whose instance `this` is. */
function thisContainer(node: Ts.Node): Container | undefined {
  const owner = ts.findAncestor(
    node,
    (at) =>
      (ts.isFunctionLike(at) && !ts.isArrowFunction(at)) ||
      ts.isPropertyDeclaration(at) ||
      ts.isClassStaticBlockDeclaration(at),
  );
  return owner && containerOf(owner);
}
