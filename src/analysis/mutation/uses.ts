import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, ownMember, skipParentheses } from '../code.ts';
import { findReferences } from '../dispatch/references.ts';
import type { Target, Targets } from '../dispatch/targets.ts';
import { Frames } from '../inserts/frames.ts';
import { declarationRoot, isWritten } from '../inserts/identifiers.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { namesIn } from '../name-index.ts';
import { type OwnCopy, ownCopy } from './copies.ts';
import { writeTo } from './targets-of-writes.ts';

interface Tools {
  readonly code: Code;
  readonly targets: Targets;
  readonly graph: CallGraph;
}

/** The expressions that stand for a field, and the variables that a pattern takes it into. */
export function usesOf(field: Target, { code, targets, graph }: Tools): readonly Ts.Expression[] {
  const found = new Set<Ts.Expression>();
  const learn = (uses: readonly Ts.Expression[]): void => {
    for (const use of uses) found.add(use);
  };
  for (const declaration of declarationsOf(field, code)) {
    if (ts.isVariableDeclaration(declaration)) {
      learn(graph.references.of(declaration, field.member));
      learn(writtenNames(declaration, field.member));
    } else learn(graph.references.ofMember(declaration).map(({ at }) => at));
  }
  const wanted = {
    members: new Set([field.member]),
    functions: new Set<string>(),
    declaring: new Set(targets.filesOf(field)),
    looks: 'count',
  } as const;
  // What patterns take out of the results of calls, and what is taken by a key that is computed.
  for (const { node, declarations } of findReferences(code, wanted)) {
    const isMeant = declarations?.some((one) => targets.relation(one, field) !== undefined) ?? false;
    if (!isMeant) continue;
    if (ts.isElementAccessExpression(node)) found.add(node);
    if (ts.isBindingElement(node) && ts.isIdentifier(node.name)) {
      learn(graph.references.of(declarationRoot(node), node.name.text));
    }
    const target = assignedVariable(node);
    const value = { at: node as Ts.Expression, path: [], frames: Frames.none, form: 'field' };
    if (target) learn(graph.flow.assigned(target, value).flatMap(({ at }) => (at === target ? [] : at)));
  }
  return withoutCopies([...found], field.member);
}

/** `({ field: variable } = owner)`, with or without a default. */
function assignedVariable(property: Ts.Node): Ts.Identifier | undefined {
  if (ts.isShorthandPropertyAssignment(property)) return property.name;
  if (!ts.isPropertyAssignment(property)) return undefined;
  const { initializer } = property;
  const target = skipParentheses(ts.isBinaryExpression(initializer) ? initializer.left : initializer);
  return ts.isIdentifier(target) ? target : undefined;
}

/** The declarations of a field, and those by which subclasses declare it again. */
function declarationsOf({ declarations, member }: Target, code: Code): ReadonlySet<Ts.Node> {
  const found = new Set(declarations);
  for (const one of declarations) {
    const { parent } = ts.isParameter(one) ? one.parent : one;
    if (!ts.isClassLike(parent) && !ts.isInterfaceDeclaration(parent)) continue;
    for (const heir of code.subtypes(parent)) {
      const own = ownMember(heir, member);
      if (own) found.add(own);
    }
  }
  return found;
}

/** The places that give a variable of a module another value; a plain assignment is no use of its value. */
function writtenNames(declaration: Ts.VariableDeclaration, name: string): readonly Ts.Expression[] {
  return (namesIn(declaration.getSourceFile()).get(name) ?? []).filter(
    (one): one is Ts.Identifier =>
      ts.isIdentifier(one) &&
      one !== declaration.name &&
      (isWritten(one) || writeTo(one) !== undefined) &&
      resolveLocal(one) === declaration,
  );
}

/** Leaves out what is done with the field of a copy: it gets other values, and is another field from then on. */
function withoutCopies(uses: readonly Ts.Expression[], field: string): readonly Ts.Expression[] {
  const replaced = new Set<Ts.Node>();
  return uses
    .toSorted((a, b) => a.pos - b.pos)
    .filter((use) => {
      const copy = copyWith(use);
      if (!copy) return true;
      const { apart, holder } = copy;
      if (writeTo(use)) {
        replaced.add(holder);
        return false;
      }
      return apart !== 'all' && !apart.has(field) && !replaced.has(holder);
    });
}

/** The copy whose field an expression is. */
function copyWith(use: Ts.Expression): OwnCopy | undefined {
  const bare = skipParentheses(use);
  const isMember = ts.isPropertyAccessExpression(bare) || ts.isElementAccessExpression(bare);
  return isMember ? ownCopy(bare.expression) : undefined;
}
