import { type Ts, ts } from '../../syntax/ts.ts';

/**
 * Whether the function around a call goes on only when what the call started has ended: the call is awaited or
 * returned, by itself or at the end of a chain of `then`. A promise that is kept, handed on or dropped may be one of
 * several under way, and what is held around the call shuts none of these out.
 */
export function isJoined(call: Ts.Node): boolean {
  return isWaitedFor(call, () => false);
}

/** The same, where the promise may also be a part of something that `holds` it until it is waited for. */
export function isWaitedFor(call: Ts.Node, holds: (node: Ts.Node, part: Ts.Node) => boolean): boolean {
  for (let at = call; ; ) {
    const { parent } = at;
    if (ts.isAwaitExpression(parent) || ts.isReturnStatement(parent)) return true;
    if (ts.isArrowFunction(parent)) return parent.body === at;
    if (ts.isYieldExpression(parent)) return parent.asteriskToken !== undefined;
    if (ts.isForOfStatement(parent)) return parent.awaitModifier !== undefined && parent.expression === at;
    if (isThen(parent, at)) at = parent.parent;
    else if (passesOn(parent, at) || holds(parent, at)) at = parent;
    else return false;
  }
}

/** Whether the value of `part` is, or may be, that of the expression around it. */
function passesOn(node: Ts.Node, part: Ts.Node): boolean {
  if (ts.isConditionalExpression(node)) return node.condition !== part;
  if (ts.isBinaryExpression(node)) return node.right === part && JOINING.has(node.operatorToken.kind);
  return (
    ts.isParenthesizedExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isTypeAssertionExpression(node)
  );
}

const JOINING: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.CommaToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);

/**
 * Whether a call is a link of a chain of promises that is awaited or returned on the spot, or what the chain begins with:
 * it fails where the chain is waited for.
 */
export function isAwaitedLink(call: Ts.Node): boolean {
  let isLink = ts.isCallExpression(call) && isThen(call.expression);
  for (let at = call; ; ) {
    const { parent } = at;
    if (isThen(parent, at)) {
      isLink = true;
      at = parent.parent;
    } else if (ts.isParenthesizedExpression(parent)) at = parent;
    else return isLink && isWaitedOrReturned(parent, at);
  }
}

function isWaitedOrReturned(node: Ts.Node, part: Ts.Node): boolean {
  if (ts.isArrowFunction(node)) return node.body === part;
  return ts.isAwaitExpression(node) || ts.isReturnStatement(node);
}

/** `call.then`, as the callee of the next link of a chain. */
export function isThen(node: Ts.Node, object?: Ts.Node): node is Ts.PropertyAccessExpression {
  return (
    ts.isPropertyAccessExpression(node) &&
    (object === undefined || node.expression === object) &&
    /^(?:then|catch|finally)$/.test(node.name.text) &&
    ts.isCallExpression(node.parent) &&
    node.parent.expression === node
  );
}
