import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';

/** The methods of a class that loops, `yield*` and `using` call without a word: those under well-known symbols. */
export function symbolMethods(cls: Ts.ClassLikeDeclaration): readonly Ts.ClassElement[] {
  let methods = methodsOf.get(cls);
  if (!methods) {
    methods = cls.members.filter(({ name }) => name && ts.isComputedPropertyName(name));
    methodsOf.set(cls, methods);
  }
  return methods;
}

const methodsOf = new WeakMap<Ts.Node, readonly Ts.ClassElement[]>();

/** Whether a function goes through something that it was given, rather than through what it makes itself. */
export function goesThrough(fn: Ts.Node): boolean {
  let known = going.get(fn);
  if (known === undefined) {
    known = holdsSuch(fn);
    going.set(fn, known);
  }
  return known;
}

const going = new WeakMap<Ts.Node, boolean>();

function holdsSuch(node: Ts.Node): boolean {
  const source =
    ts.isForOfStatement(node) || (ts.isYieldExpression(node) && node.asteriskToken)
      ? node.expression
      : undefined;
  if (source && isGiven(source)) return true;
  return ts.forEachChild(node, holdsSuch) ?? false;
}

function isGiven(source: Ts.Expression): boolean {
  const bare = skipParentheses(source);
  return (
    ts.isIdentifier(bare) || ts.isPropertyAccessExpression(bare) || bare.kind === ts.SyntaxKind.ThisKeyword
  );
}
