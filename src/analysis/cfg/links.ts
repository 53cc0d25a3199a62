import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { hasModifier, isFunctionExpression, returnedBy } from '../shapes.ts';

/** `head.then(f).catch(g)`: what a chain of promises begins with, and its links from the first one on. */
export interface Chain {
  readonly head: Ts.Expression;
  readonly links: readonly Link[];
}

/** One link of a chain. */
export interface Link {
  /** The call, whose value is that of the chain up to and with this link. */
  readonly node: Ts.CallExpression;
  readonly method: 'then' | 'catch' | 'finally';
  readonly onSuccess: Handler | undefined;
  readonly onFailure: Handler | undefined;
}

/** What a link runs: a function that is written in it, or one that goes by a name. */
export type Handler = Ts.ArrowFunction | Ts.FunctionExpression | Ts.Identifier | Ts.PropertyAccessExpression;

/** Whether a handler is written in the link itself. */
export function isWritten(handler: Handler): handler is Ts.ArrowFunction | Ts.FunctionExpression {
  return isFunctionExpression(handler);
}

/**
 * A chain whose links are known by their syntax. What cannot be told, a handler that is made by a call, ends it: all
 * before is the head.
 */
export function chainOf(
  value: Ts.Expression,
  isPromise: (head: Ts.Expression) => boolean,
): Chain | undefined {
  const links: Link[] = [];
  let head = skipParentheses(value) as Ts.Expression;
  for (let link = linkOf(head); link; link = linkOf(head)) {
    links.unshift(link);
    const { expression } = link.node.expression as Ts.PropertyAccessExpression;
    head = skipParentheses(expression) as Ts.Expression;
  }
  return links.length > 0 && isPromise(head) ? { head, links } : undefined;
}

function linkOf(node: Ts.Node): Link | undefined {
  if (!ts.isCallExpression(node) || node.questionDotToken) return undefined;
  const callee = skipParentheses(node.expression);
  if (!ts.isPropertyAccessExpression(callee) || callee.questionDotToken) return undefined;
  const method = METHODS.find((one) => one === callee.name.text);
  if (!method || node.arguments.length > (method === 'then' ? 2 : 1)) return undefined;
  const handlers = node.arguments.map(handlerOf);
  if (handlers.includes('unknown')) return undefined;
  const [first, second] = handlers as (Handler | undefined)[];
  return method === 'catch'
    ? { node, method, onSuccess: undefined, onFailure: first }
    : { node, method, onSuccess: first, onFailure: second };
}

const METHODS = ['then', 'catch', 'finally'] as const;

function handlerOf(argument: Ts.Node): Handler | undefined | 'unknown' {
  const bare = skipParentheses(argument);
  if (bare.kind === ts.SyntaxKind.NullKeyword) return undefined;
  if (ts.isIdentifier(bare)) return bare.text === 'undefined' ? undefined : bare;
  if (ts.isPropertyAccessExpression(bare)) return isPlainAccess(bare) ? bare : 'unknown';
  if (!isFunctionExpression(bare)) return 'unknown';
  const isPlain =
    !bare.asteriskToken &&
    !bare.parameters.some(({ dotDotDotToken }) => dotDotDotToken) &&
    (ts.isArrowFunction(bare) || !hasOwnThis(bare));
  return isPlain ? bare : 'unknown';
}

function isPlainAccess(node: Ts.Expression): boolean {
  if (ts.isPropertyAccessExpression(node)) return !node.questionDotToken && isPlainAccess(node.expression);
  return ts.isIdentifier(node) || node.kind === ts.SyntaxKind.ThisKeyword;
}

/** Whether a function uses what an arrow function has not got. */
function hasOwnThis(fn: Ts.FunctionExpression): boolean {
  const visit = (node: Ts.Node): boolean => {
    if (node.kind === ts.SyntaxKind.ThisKeyword) return true;
    if (ts.isIdentifier(node) && node.text === 'arguments') return true;
    if (ts.isFunctionLike(node) && !ts.isArrowFunction(node)) return false;
    return ts.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  return fn.name !== undefined || visit(fn.body);
}

/** The call of a handler that goes by a name, waited for, as if it were written out. */
export function calledIn(link: Ts.Node, handler: Ts.Expression, given: Ts.Expression | undefined) {
  const call = ts.factory.createCallExpression(handler, undefined, given ? [given] : []);
  const awaited = ts.factory.createAwaitExpression(call);
  placeAt(call, handler, awaited);
  placeAt(awaited, handler, link);
  return { call, awaited };
}

function placeAt(node: Ts.Node, place: Ts.Node, parent: Ts.Node): void {
  ts.setTextRange(node, place);
  (node as { parent: Ts.Node }).parent = parent;
}

/** Whether a link may fail by what it returns: a member or variable that is returned is, more often than not, no promise. */
export function mayBeRejected(value: Ts.Expression): boolean {
  const bare = skipParentheses(value);
  if (ts.isConditionalExpression(bare)) return mayBeRejected(bare.whenTrue) || mayBeRejected(bare.whenFalse);
  if (ts.isBinaryExpression(bare)) return mayBeRejected(bare.left) || mayBeRejected(bare.right);
  return ts.isCallExpression(bare) || ts.isNewExpression(bare);
}

/**
 * Whether whoever calls a function goes on with a promise, for which the function waits with all that it returns: it is
 * `async`, or it ends in a chain and returns promises alone, by what it is declared to return or as it is written.
 */
export function isTask(fn: Ts.Node, isPromise: (head: Ts.Expression) => boolean): boolean {
  if (hasModifier(fn, ts.SyntaxKind.AsyncKeyword)) return true;
  const { body, type, asteriskToken } = fn as Ts.FunctionLikeDeclaration;
  const isPlain = isFunctionExpression(fn) || ts.isFunctionDeclaration(fn) || ts.isMethodDeclaration(fn);
  if (!isPlain || !body || asteriskToken) return false;
  const returned = returnedBy(body);
  if (!returned.some((value) => chainOf(value, isPromise))) return false;
  if (type) return ts.isTypeReferenceNode(type) && type.typeName.getText() === 'Promise';
  return isLeftByReturn(body) && returned.every((value) => isPromiseItself(value, isPromise));
}

/** Whether a body has no end to come to: it is an expression, or its last statement is left by `return` or `throw` alone. */
function isLeftByReturn(body: Ts.Node | undefined): boolean {
  if (!body || !ts.isStatement(body)) return body !== undefined;
  if (ts.isBlock(body)) return body.statements.length > 0 && isLeftByReturn(body.statements.at(-1));
  if (ts.isIfStatement(body))
    return (
      isLeftByReturn(body.thenStatement) &&
      body.elseStatement !== undefined &&
      isLeftByReturn(body.elseStatement)
    );
  if (ts.isTryStatement(body))
    return isLeftByReturn(body.tryBlock) && (!body.catchClause || isLeftByReturn(body.catchClause.block));
  return ts.isReturnStatement(body) || ts.isThrowStatement(body);
}

function isPromiseItself(value: Ts.Expression, isPromise: (head: Ts.Expression) => boolean): boolean {
  const bare = skipParentheses(value);
  if (ts.isConditionalExpression(bare))
    return isPromiseItself(bare.whenTrue, isPromise) && isPromiseItself(bare.whenFalse, isPromise);
  if (chainOf(value, isPromise)) return true;
  if (ts.isNewExpression(bare)) return bare.expression.getText() === 'Promise';
  return (
    ts.isCallExpression(bare) &&
    /^Promise\.(?:resolve|reject|all|allSettled|race|any)$/.test(bare.expression.getText())
  );
}
