import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, skipParentheses } from '../code.ts';

/**
 * The methods of a class that loops, `yield*` and `using` call without a word: those under well-known symbols, its own
 * before the inherited ones.
 */
export function symbolMethods(cls: Ts.ClassLikeDeclaration, code: Code): readonly Ts.ClassElement[] {
  return [...code.lineage(cls)].flatMap(ownSymbolMethods);
}

/** The method of a class under a well-known symbol, by the symbol's name. */
export function symbolMethod(
  cls: Ts.ClassLikeDeclaration,
  symbol: RegExp,
  code: Code,
): Ts.ClassElement | undefined {
  return symbolMethods(cls, code).find(({ name }) => name && symbol.test(name.getText()));
}

const methodsOf = new WeakMap<Ts.Node, readonly Ts.ClassElement[]>();

/** Which class is extended, an edit of another file may change; what a class has of its own stays. */
function ownSymbolMethods(cls: Ts.ClassLikeDeclaration): readonly Ts.ClassElement[] {
  let methods = methodsOf.get(cls);
  if (!methods) {
    methods = cls.members.filter(({ name }) => name && ts.isComputedPropertyName(name));
    methodsOf.set(cls, methods);
  }
  return methods;
}

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
