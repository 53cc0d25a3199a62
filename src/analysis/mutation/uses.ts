import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, skipParentheses } from '../code.ts';
import { findReferences } from '../dispatch/references.ts';
import type { Target, Targets } from '../dispatch/targets.ts';
import { Frames } from '../inserts/frames.ts';
import { isWritten } from '../inserts/identifiers.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { namesIn } from '../name-index.ts';
import { ownCopy } from './copies.ts';
import { writeTo } from './targets-of-writes.ts';

interface Tools {
  readonly code: Code;
  readonly targets: Targets;
  readonly graph: CallGraph;
}

/** The expressions that stand for a field or variable, and the variables that a pattern takes it into. */
export function usesOf(field: Target, tools: Tools): readonly Ts.Expression[] {
  const variables = [...field.declarations].filter(ts.isVariableDeclaration);
  const uses = [
    ...variables.flatMap((one) => usesOfVariable(one, field.member, tools)),
    ...usesOfMember(field, tools),
  ];
  return withoutCopies([...new Set(uses)], field.member);
}

function usesOfVariable(
  declaration: Ts.VariableDeclaration,
  name: string,
  { graph }: Tools,
): readonly Ts.Expression[] {
  return [...graph.references.of(declaration, name), ...writtenNames(declaration, name)];
}

/** By name or by a computed key, on subclasses that declare it again, and out of whatever a pattern takes apart. */
function usesOfMember(field: Target, { code, targets, graph }: Tools): readonly Ts.Expression[] {
  const wanted = {
    members: new Set([field.member]),
    functions: new Set<string>(),
    declaring: new Set(targets.filesOf(field)),
    looks: 'count',
  } as const;
  return findReferences(code, wanted).flatMap(({ node, declarations }) => {
    if (!declarations?.some((one) => targets.relation(one, field) !== undefined)) return [];
    const taken = takenBy(node);
    if (!taken) return [node as Ts.Expression];
    if (!ts.isIdentifier(taken)) return [];
    const value = { at: taken, path: [], frames: Frames.none, form: 'field' };
    return graph.flow.assigned(taken, value).map(({ at }) => at);
  });
}

/** What a part of a pattern puts the field into: `{ field: target }`, with or without a default. */
function takenBy(part: Ts.Node): Ts.Node | undefined {
  if (ts.isBindingElement(part) || ts.isShorthandPropertyAssignment(part)) return part.name;
  if (!ts.isPropertyAssignment(part)) return undefined;
  const { initializer } = part;
  return skipParentheses(ts.isBinaryExpression(initializer) ? initializer.left : initializer);
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
      const { apart, made } = copy;
      if (writeTo(use)) {
        replaced.add(made);
        return false;
      }
      return apart !== 'all' && !apart.has(field) && !replaced.has(made);
    });
}

/** The copy whose field an expression is. */
function copyWith(use: Ts.Expression): ReturnType<typeof ownCopy> {
  const bare = skipParentheses(use);
  const isMember = ts.isPropertyAccessExpression(bare) || ts.isElementAccessExpression(bare);
  return isMember ? ownCopy(bare.expression) : undefined;
}
