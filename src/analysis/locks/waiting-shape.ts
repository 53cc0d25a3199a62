import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import { hasModifier, isFunctionExpression } from '../shapes.ts';

/**
 * Whether an async method can be seen to wait for nobody: it pauses for nothing, runs what it was handed, and does no
 * more than count and keep. A counter of references is no lock, whatever its method is called.
 */
export function waitsForNobody(method: Ts.SignatureDeclaration, methodNamed: MethodNamed): boolean {
  const isAsync = hasModifier(method, ts.SyntaxKind.AsyncKeyword);
  const handed = new Set(method.parameters.map(({ name }) => nameText(name)));
  return isAsync && new Counting(methodNamed).isPlain(method, handed);
}

type MethodNamed = (name: string) => Ts.SignatureDeclaration | undefined;

/** Looks through a method, and what it calls of the same class or in place, for anything that might wait. */
class Counting {
  readonly #methodNamed: MethodNamed;
  readonly #running = new Set<Ts.Node>();

  constructor(methodNamed: MethodNamed) {
    this.#methodNamed = methodNamed;
  }

  /** @param handed the names by which the method knows what the caller of all has handed in */
  isPlain(method: Ts.SignatureDeclaration, handed: Names): boolean {
    const { body } = method as { body?: Ts.ConciseBody };
    if (!body || /\busing\b/.test(body.getText())) return false;
    if (!ts.isBlock(body) && !isAnswer(body, handed)) return false;
    // What calls itself shows nothing new; another call may hand in something else.
    if (this.#running.has(method)) return true;
    this.#running.add(method);
    const isPlain = this.#isPlain(body, handed);
    this.#running.delete(method);
    return isPlain;
  }

  #isPlain(node: Ts.Node, handed: Names): boolean {
    if (ts.isFunctionLike(node)) return true;
    if (ts.isReturnStatement(node) && node.expression && !isAnswer(node.expression, handed)) return false;
    if (ts.isAwaitExpression(node) && !isAnswer(node.expression, handed)) return false;
    if (ts.isCallExpression(node) && !isHanded(node, handed) && !isKeeping(node)) {
      if (!this.#isPlainCall(node, handed)) return false;
    }
    if (WAITING.has(node.kind)) return false;
    return ts.forEachChild(node, (child) => !this.#isPlain(child, handed) || undefined) !== true;
  }

  #isPlainCall(call: Ts.CallExpression, handed: Names): boolean {
    const name = ownMethodCalled(call);
    const called = name === undefined ? functionCalled(call) : this.#methodNamed(name);
    if (!called) return false;
    const known = called.parameters.flatMap(({ name: parameter }, index) => {
      const given = call.arguments[index];
      return given && ts.isIdentifier(given) && handed.has(given.text) ? [nameText(parameter)] : [];
    });
    return this.isPlain(called, new Set(known));
  }
}

type Names = ReadonlySet<string | undefined>;

/** `(() => …)()` */
function functionCalled(call: Ts.CallExpression): Ts.SignatureDeclaration | undefined {
  const callee = skipParentheses(call.expression);
  return isFunctionExpression(callee) ? callee : undefined;
}

/** `put` in `this.put()` */
function ownMethodCalled(call: Ts.CallExpression): string | undefined {
  const callee = skipParentheses(call.expression);
  const isOwn = ts.isPropertyAccessExpression(callee) && callee.expression.kind === ts.SyntaxKind.ThisKeyword;
  return isOwn ? nameText(callee.name) : undefined;
}

/**
 * Whether a method that returns nothing, at once, lets everybody in: it never throws, nor does a method of the same
 * class that it calls. What waits for nobody and refuses nobody takes no lock.
 */
export function letsEverybodyIn(method: Ts.SignatureDeclaration, methodNamed: MethodNamed): boolean {
  const seen = new Set<Ts.Node>();
  const throws = (node: Ts.Node): boolean => {
    if (ts.isThrowStatement(node)) return true;
    const name = ts.isCallExpression(node) ? ownMethodCalled(node) : undefined;
    const called = name === undefined ? undefined : methodNamed(name);
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
function isAnswer(expression: Ts.Expression, handed: Names): boolean {
  const value = skipParentheses(expression);
  if (ts.isAwaitExpression(value)) return isAnswer(value.expression, handed);
  return (
    value.kind === ts.SyntaxKind.NullKeyword ||
    (ts.isIdentifier(value) && value.text === 'undefined') ||
    ts.isObjectLiteralExpression(value) ||
    ts.isArrowFunction(value) ||
    // What a function of its own gives is looked at with that function.
    (ts.isCallExpression(value) &&
      (isHanded(value, handed) ||
        ownMethodCalled(value) !== undefined ||
        functionCalled(value) !== undefined))
  );
}

function isHanded({ expression }: Ts.CallExpression, handed: Names): boolean {
  return ts.isIdentifier(expression) && handed.has(expression.text);
}

function isKeeping({ expression }: Ts.CallExpression): boolean {
  return (
    ts.isPropertyAccessExpression(expression) && /^(?:push|pop|add|delete|has)$/.test(expression.name.text)
  );
}
