import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName } from '../code.ts';

/** Methods that run what they are given at once, and keep none of it. */
const AT_ONCE = /^(?:forEach|map|flatMap|filter|reduce|reduceRight|some|every|find|findIndex|sort|from)$/;

/**
 * Whether an object is still known to nobody but the function that makes it where `place` is: it was handed to no
 * call, put into nothing and caught in no function before. `this` in a constructor, a variable in a factory.
 */
export function isUnpublished(fn: Ts.Node, object: Ts.Identifier | 'this', place: Ts.Node): boolean {
  const isSame = (node: Ts.Node): boolean => {
    if (object === 'this') return node.kind === ts.SyntaxKind.ThisKeyword;
    return ts.isIdentifier(node) && node.text === object.text && resolveLocal(node) === resolveLocal(object);
  };
  let isOut = false;
  const visit = (node: Ts.Node, inner: Ts.Node | undefined): void => {
    if (isOut || node.pos >= place.end) return;
    // Other functions than arrows have a `this` of their own.
    if (object === 'this' && ts.isFunctionLike(node) && !ts.isArrowFunction(node)) return;
    const around = node !== fn && ts.isFunctionLike(node) ? (inner ?? node) : inner;
    if (
      isSame(node) &&
      (around ? isKept(around) : isHandedOn(node)) &&
      endOf(around ?? node) <= place.getStart()
    ) {
      isOut = true;
    }
    ts.forEachChild(node, (child) => visit(child, around));
  };
  ts.forEachChild(fn, (child) => visit(child, undefined));
  return !isOut;
}

/** Where what a node is handed to has got it. */
function endOf(node: Ts.Node): number {
  const call = ts.findAncestor(
    node,
    (one) => ts.isCallExpression(one) || ts.isNewExpression(one) || ts.isStatement(one),
  );
  return call?.end ?? node.end;
}

/** Whether a function is handed to somebody who may run it later. */
function isKept(fn: Ts.Node): boolean {
  let at = fn;
  while (ts.isParenthesizedExpression(at.parent)) at = at.parent;
  const { parent } = at;
  // A part that is made for the object may know it: a part runs nothing before somebody calls it.
  if (!ts.isCallExpression(parent) || parent.expression === at) return false;
  const method = memberName(parent.expression);
  return !(method && AT_ONCE.test(method.text));
}

/** Whether an object goes further here than to its own members, or to another name in the same function. */
function isHandedOn(node: Ts.Node): boolean {
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) || ts.isExpressionStatement(parent)) return false;
  if (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) {
    return parent.expression !== node;
  }
  return !ts.isTypeNode(parent) && !ts.isReturnStatement(parent) && !ts.isNewExpression(parent);
}
