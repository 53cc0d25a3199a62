import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import { hasModifier } from '../shapes.ts';

/**
 * Whether an async method can be seen to wait for nobody: it pauses for nothing, runs what it was handed, and does no
 * more than count and keep. A counter of references is no lock, whatever its method is called.
 */
export function waitsForNobody(method: Ts.SignatureDeclaration): boolean {
  const { body } = method as { body?: Ts.Node };
  const isAsync = hasModifier(method, ts.SyntaxKind.AsyncKeyword);
  const handed = new Set(method.parameters.map(({ name }) => nameText(name)));
  const isPlain = (node: Ts.Node): boolean => {
    if (ts.isFunctionLike(node)) return true;
    if (ts.isReturnStatement(node) && node.expression && !isAnswer(node.expression, handed)) return false;
    if (ts.isAwaitExpression(node) && !isAnswer(node.expression, handed)) return false;
    if (ts.isCallExpression(node) && !isHanded(node, handed) && !isKeeping(node)) return false;
    if (WAITING.has(node.kind)) return false;
    return ts.forEachChild(node, (child) => !isPlain(child) || undefined) !== true;
  };
  const disposes = /\busing\b/.test(body?.getText() ?? '');
  return isAsync && body !== undefined && !disposes && isPlain(body);
}

/**
 * Whether a method that returns nothing, at once, lets everybody in: it never throws, nor does a method of the same
 * class that it calls. What waits for nobody and refuses nobody takes no lock.
 */
export function letsEverybodyIn(
  method: Ts.SignatureDeclaration,
  methodNamed: (name: string) => Ts.SignatureDeclaration | undefined,
): boolean {
  const seen = new Set<Ts.Node>();
  const throws = (node: Ts.Node): boolean => {
    if (ts.isThrowStatement(node)) return true;
    const callee = ts.isCallExpression(node) ? skipParentheses(node.expression) : undefined;
    const isOwn =
      callee && ts.isPropertyAccessExpression(callee) && callee.expression.kind === ts.SyntaxKind.ThisKeyword;
    const called = isOwn ? methodNamed(nameText(callee.name) ?? '') : undefined;
    if (called && !seen.has(called)) {
      seen.add(called);
      if (throws(called)) return true;
    }
    return ts.forEachChild(node, (child) => throws(child) || undefined) ?? false;
  };
  const { body } = method as { body?: Ts.Node };
  return method.type?.kind === ts.SyntaxKind.VoidKeyword && body !== undefined && !throws(body);
}

/** Loops may ask again until they are let in, and what throws refuses: neither is for certain no lock. */
const WAITING: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.NewExpression,
  ts.SyntaxKind.ThrowStatement,
  ts.SyntaxKind.WhileStatement,
  ts.SyntaxKind.DoStatement,
  ts.SyntaxKind.ForStatement,
  ts.SyntaxKind.ForInStatement,
  ts.SyntaxKind.ForOfStatement,
  ts.SyntaxKind.YieldExpression,
  ts.SyntaxKind.TaggedTemplateExpression,
]);

/** A value that is no promise of the object's own: nothing, a new object or function, the result of what was handed in. */
function isAnswer(expression: Ts.Expression, handed: ReadonlySet<string | undefined>): boolean {
  const value = skipParentheses(expression);
  if (ts.isAwaitExpression(value)) return isAnswer(value.expression, handed);
  return (
    value.kind === ts.SyntaxKind.NullKeyword ||
    (ts.isIdentifier(value) && value.text === 'undefined') ||
    ts.isObjectLiteralExpression(value) ||
    ts.isArrowFunction(value) ||
    (ts.isCallExpression(value) && isHanded(value, handed))
  );
}

function isHanded({ expression }: Ts.CallExpression, handed: ReadonlySet<string | undefined>): boolean {
  return ts.isIdentifier(expression) && handed.has(expression.text);
}

function isKeeping({ expression }: Ts.CallExpression): boolean {
  return (
    ts.isPropertyAccessExpression(expression) && /^(?:push|pop|add|delete|has)$/.test(expression.name.text)
  );
}
