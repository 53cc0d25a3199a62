import { type Ts, ts } from '../../syntax/ts.ts';
import type { Action, Cfg, CfgNode } from '../cfg.ts';
import { nodesFor } from '../loops.ts';
import { namesIn } from '../name-index.ts';
import { isAssignmentOperator } from '../shapes.ts';
import { cfgOf, ownerOf } from './functions.ts';
import { localDeclaration } from './identifiers.ts';

/** Something that gives a variable its value. */
export type Definition =
  | { readonly kind: 'declaration'; readonly node: Ts.VariableDeclaration | Ts.ParameterDeclaration }
  | { readonly kind: 'assignment'; readonly node: Ts.BinaryExpression }
  /** A call that changes the value that the variable holds. `isElsewhere`: in another function, at any time. */
  | { readonly kind: 'change'; readonly node: Ts.CallExpression; readonly isElsewhere: boolean };

/** Which way a condition goes, where that is known. */
export type Decide = (condition: Ts.Expression) => boolean | undefined;

export interface ReachingOptions {
  /** Calls that change the value in place: they count as definitions. */
  readonly changes?: readonly Ts.CallExpression[];
  /** Ways on which a condition goes otherwise are left out. */
  readonly decide?: Decide;
}

const UNDECIDED: Decide = () => undefined;

/**
 * The definitions whose value a variable may have where it is read. A nested function that can be entered without
 * assigning to it sees those in force where the function is made. Assignments in any other function may have been made
 * at any time.
 */
export function reachingDefinitions(
  variable: Ts.VariableDeclaration,
  name: string,
  use: Ts.Node,
  { changes = [], decide = UNDECIDED }: ReachingOptions = {},
): readonly Definition[] {
  const assignments = assignmentsTo(variable, name);
  if (assignments.length === 0 && changes.length === 0) return [{ kind: 'declaration', node: variable }];
  const home = ownerOf(variable);
  const defines = (action: Action): Definition | undefined => {
    if (action.kind === 'declare' && action.node === variable) return { kind: 'declaration', node: variable };
    const change = action.kind === 'call' ? changes.find((call) => call === action.node) : undefined;
    if (change) return { kind: 'change', node: change, isElsewhere: false };
    if (action.kind !== 'assign' || !assignments.includes(action.node)) return undefined;
    return { kind: 'assignment', node: action.node };
  };
  const found: Definition[] = [];
  const around = new Set<Ts.Node>();
  let place = use;
  for (let owner = ownerOf(use); ; owner = ownerOf(owner)) {
    around.add(owner);
    const { definitions, fromEntry } = walkBack(cfgOf(owner), place, { defines, decide });
    found.push(...definitions);
    if (owner === home || !fromEntry || ts.isSourceFile(owner)) break;
    place = owner;
  }
  const isElsewhere = (node: Ts.Node): boolean => !around.has(ownerOf(node)) && ownerOf(node) !== home;
  return [
    ...found,
    ...assignments.filter(isElsewhere).map((node): Definition => ({ kind: 'assignment', node })),
    ...changes.filter(isElsewhere).map((node): Definition => ({ kind: 'change', node, isElsewhere: true })),
  ];
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
    const isTarget =
      ts.isBinaryExpression(parent) && parent.left === one && isAssignmentOperator(parent.operatorToken.kind);
    return isTarget && ts.isIdentifier(one) && localDeclaration(one) === variable ? [parent] : [];
  });
}

interface Walk {
  readonly definitions: readonly Definition[];
  /** Whether control can get from the start of the function to the place without a definition. */
  readonly fromEntry: boolean;
}

interface WalkGuide {
  readonly defines: (action: Action) => Definition | undefined;
  readonly decide: Decide;
}

function walkBack(cfg: Cfg, place: Ts.Node, { defines, decide }: WalkGuide): Walk {
  const all = predecessors(cfg);
  const before = (id: number): readonly number[] =>
    (all.get(id) ?? []).filter((from) => leadsTo(cfg.nodes[from], id, decide));
  const seen = new Set<number>();
  const found = new Map<Ts.Node, Definition>();
  const starts = nodesFor(cfg, place);
  const queue = starts.flatMap(before);
  for (const id of queue) {
    if (seen.has(id)) continue;
    seen.add(id);
    const node = cfg.nodes[id];
    const definition = node && defines(node.action);
    if (definition) found.set(definition.node, definition);
    else queue.push(...before(id));
  }
  const definitions = [...found.values()].sort((a, b) => a.node.pos - b.node.pos);
  return { definitions, fromEntry: seen.has(cfg.entry) || starts.length === 0 };
}

/** Whether control may go from a node to another, given which way conditions go. */
function leadsTo(from: CfgNode | undefined, to: number, decide: Decide): boolean {
  if (from?.action.kind !== 'branch' || from.action.test !== 'truthy') return true;
  const decided = decide(from.action.condition);
  if (decided === undefined) return true;
  return from.successors.some((edge) => edge.to === to && edge.when === String(decided));
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
