import { type Ts, ts } from '../../syntax/ts.ts';
import type { Code } from '../code.ts';
import { isStatic } from '../shapes.ts';
import { isFunctionNode } from './functions.ts';

/** A call that runs the constructor of a class: `new X()`, or `super()` in a class that extends it. */
export type Construction = Ts.NewExpression | Ts.CallExpression;

/**
 * What makes the constructor of a class run, and its fields get their values: `new`, and `super(…)` in the
 * constructors of its heirs. An heir without a constructor of its own is made by this one.
 */
export function constructionsOf(code: Code, cls: Ts.ClassLikeDeclaration): readonly Construction[] {
  const heirs = code.subtypes(cls).filter((heir) => code.superclass(heir) === cls);
  const inherited = heirs.flatMap((heir): readonly Construction[] => {
    const own = constructorOf(heir);
    return own ? superCalls(own) : constructionsOf(code, heir);
  });
  return [...code.constructions(cls), ...inherited];
}

/** The constructor that `new` runs: the class's own, or the nearest one that it inherits. */
export function effectiveConstructor(
  code: Code,
  cls: Ts.ClassLikeDeclaration,
): Ts.ConstructorDeclaration | undefined {
  for (const at of code.lineage(cls)) {
    const own = constructorOf(at);
    if (own) return own;
  }
  return undefined;
}

/** The class in whose fields' initializers a node stands: they run when an instance is made. */
export function fieldClassOf(node: Ts.Node): Ts.ClassLikeDeclaration | undefined {
  for (let at = node; !isFunctionNode(at) && !ts.isSourceFile(at); at = at.parent) {
    const { parent } = at;
    if (!ts.isPropertyDeclaration(parent) || parent.initializer !== at) continue;
    return isStatic(parent) ? undefined : parent.parent;
  }
  return undefined;
}

function constructorOf(cls: Ts.ClassLikeDeclaration): Ts.ConstructorDeclaration | undefined {
  return cls.members.find(
    (member): member is Ts.ConstructorDeclaration =>
      ts.isConstructorDeclaration(member) && member.body !== undefined,
  );
}

function superCalls(made: Ts.ConstructorDeclaration): readonly Ts.CallExpression[] {
  const found: Ts.CallExpression[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword) found.push(node);
    if (!ts.isClassLike(node)) ts.forEachChild(node, visit);
  };
  if (made.body) visit(made.body);
  return found;
}
