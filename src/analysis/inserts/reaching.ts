import { type Ts, ts } from '../../syntax/ts.ts';
import type { Action, Cfg } from '../cfg.ts';
import { nodesFor } from '../loops.ts';
import { cfgOf, ownerOf } from './functions.ts';
import { localDeclaration, namesIn } from './identifiers.ts';

/** Something that gives a variable its value. */
export type Definition =
  | { readonly kind: 'declaration'; readonly node: Ts.VariableDeclaration | Ts.ParameterDeclaration }
  | { readonly kind: 'assignment'; readonly node: Ts.BinaryExpression };

/**
 * The definitions whose value a variable may have where it is read. Inside a nested function, those that may be in
 * force where the function is made, and the assignments of the nested functions themselves.
 */
export function reachingDefinitions(
  variable: Ts.VariableDeclaration,
  name: string,
  use: Ts.Node,
): readonly Definition[] {
  const assignments = assignmentsTo(variable, name);
  if (assignments.length === 0) return [{ kind: 'declaration', node: variable }];
  const home = ownerOf(variable);
  const foreign = assignments.filter((node) => ownerOf(node) !== home);
  const cfg = cfgOf(home);
  const defines = (action: Action): Definition | undefined => {
    if (action.kind === 'declare' && action.node === variable) return { kind: 'declaration', node: variable };
    if (action.kind !== 'assign' || !assignments.includes(action.node)) return undefined;
    return { kind: 'assignment', node: action.node };
  };
  const local = walkBack(cfg, nodesFor(cfg, placeIn(home, use)), defines);
  const elsewhere = foreign
    .filter((node) => node !== use)
    .map((node): Definition => ({ kind: 'assignment', node }));
  return [...local, ...elsewhere];
}

/** Whether a variable ever gets another value than that of its declaration. */
export function isReassigned(variable: Ts.VariableDeclaration, name: string): boolean {
  return assignmentsTo(variable, name).length > 0;
}

/** The assignments to a variable itself, compound ones included. */
function assignmentsTo(variable: Ts.VariableDeclaration, name: string): readonly Ts.BinaryExpression[] {
  const names = namesIn(variable.getSourceFile()).get(name) ?? [];
  return names.flatMap((one) => {
    const { parent } = one;
    const isTarget = ts.isBinaryExpression(parent) && parent.left === one && isAssignment(parent);
    return isTarget && ts.isIdentifier(one) && localDeclaration(one) === variable ? [parent] : [];
  });
}

/** The part of a function's own code that a node is in: the nested function, if it is in one. */
function placeIn(home: Ts.Node, node: Ts.Node): Ts.Node {
  let at = node;
  for (let owner = ownerOf(at); owner !== home && !ts.isSourceFile(owner); owner = ownerOf(at)) at = owner;
  return at;
}

function walkBack(cfg: Cfg, starts: readonly number[], defines: (action: Action) => Definition | undefined) {
  const before = predecessors(cfg);
  const seen = new Set<number>();
  const found = new Map<Ts.Node, Definition>();
  const queue = starts.flatMap((id) => before.get(id) ?? []);
  for (const id of queue) {
    if (seen.has(id)) continue;
    seen.add(id);
    const node = cfg.nodes[id];
    const definition = node && defines(node.action);
    if (definition) found.set(definition.node, definition);
    else queue.push(...(before.get(id) ?? []));
  }
  return [...found.values()].sort((a, b) => a.node.pos - b.node.pos);
}

const backwards = new WeakMap<Cfg, ReadonlyMap<number, readonly number[]>>();

function predecessors(cfg: Cfg): ReadonlyMap<number, readonly number[]> {
  const known = backwards.get(cfg);
  if (known) return known;
  const before = new Map<number, number[]>();
  for (const { id, successors } of cfg.nodes) {
    for (const { to } of successors) {
      const list = before.get(to);
      if (list) list.push(id);
      else before.set(to, [id]);
    }
  }
  backwards.set(cfg, before);
  return before;
}

function isAssignment({ operatorToken }: Ts.BinaryExpression): boolean {
  return (
    operatorToken.kind >= ts.SyntaxKind.FirstAssignment && operatorToken.kind <= ts.SyntaxKind.LastAssignment
  );
}
