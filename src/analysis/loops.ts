import { resolveLocal } from '../syntax/scopes.ts';
import { type Ts, ts } from '../syntax/ts.ts';
import type { Action, Cfg, CfgEdge, CfgLoop } from './cfg.ts';
import { skipParentheses } from './code.ts';

/**
 * The loops of a function that run a node again and again, innermost first. A loop that control always leaves after
 * the node is none of them. What happens after the node itself has failed does not count: a loop that only tries
 * again has done nothing yet.
 */
export function repeatingLoops(cfg: Cfg, node: Ts.Node): readonly CfgLoop[] {
  const starts = nodesFor(cfg, node);
  const repeating = cfg.loops.filter(({ head }) => {
    const outside = reachable(cfg, [cfg.entry], (id) => id !== head);
    const inside = starts.filter((id) => !outside.has(id));
    return inside.some((start) => comesBack(cfg, start, head, outside));
  });
  return repeating.sort((a, b) => b.statement.pos - a.statement.pos || a.statement.end - b.statement.end);
}

/** Whether one run of the function can come through both nodes, in whatever order. */
export function runsBoth(cfg: Cfg, a: Ts.Node, b: Ts.Node): boolean {
  return follows(cfg, a, b) || follows(cfg, b, a);
}

/** Whether control gets to a node only through one of some others. */
export function comesOnlyAfter(cfg: Cfg, node: Ts.Node, others: readonly Ts.Node[]): boolean {
  const gates = new Set(others.flatMap((other) => nodesFor(cfg, other)));
  const around = reachable(cfg, [cfg.entry], (id) => !gates.has(id));
  return gates.size > 0 && !nodesFor(cfg, node).some((id) => around.has(id));
}

/** Whether control can get from one node to another before the next turn of a loop begins. */
export function followsWithout(
  cfg: Cfg,
  { first, second, loop }: { readonly first: Ts.Node; readonly second: Ts.Node; readonly loop: Ts.Node },
): boolean {
  const after = afterInTurn(cfg, first, loop);
  return nodesFor(cfg, second).some((id) => after.has(id));
}

/**
 * The nodes that control can get to after a node has succeeded, before the next turn of a loop begins.
 *
 * @param ends tells the nodes that end the loop, so that what follows them is no part of the turn
 */
export function afterInTurn(
  cfg: Cfg,
  node: Ts.Node,
  loop: Ts.Node,
  ends: (id: number) => boolean = () => false,
): ReadonlySet<number> {
  const heads = new Set(cfg.loops.filter(({ statement }) => statement === loop).map(({ head }) => head));
  const starts = nodesFor(cfg, node).flatMap((start) => successesOf(cfg, start));
  return reachable(cfg, starts, (id) => !heads.has(id) && !ends(id));
}

/**
 * The nodes of the graph that perform an expression: its own calls, or else what is evaluated around it; for the name of
 * a `using` declaration, the end of its block. Several where a `finally` block was copied, none where the code cannot be reached.
 */
export function nodesFor(cfg: Cfg, expression: Ts.Node): readonly number[] {
  for (let at = expression; at !== cfg.owner && at.parent; at = at.parent) {
    const found = actionsByNode(cfg).get(at);
    if (found) return found;
  }
  return [];
}

const indexes = new WeakMap<Cfg, ReadonlyMap<Ts.Node, readonly number[]>>();

function actionsByNode(cfg: Cfg): ReadonlyMap<Ts.Node, readonly number[]> {
  const known = indexes.get(cfg);
  if (known) return known;
  const index = new Map<Ts.Node, number[]>();
  for (const kinds of KINDS) {
    const added = new Map<Ts.Node, number[]>();
    for (const { id, action } of cfg.nodes) {
      const node = nodeOf(action);
      if (!node || index.has(node) || !kinds.has(action.kind)) continue;
      added.set(node, [...(added.get(node) ?? []), id]);
    }
    for (const [node, ids] of added) index.set(node, ids);
  }
  indexes.set(cfg, index);
  return index;
}

/** What an action stands for; the name of a `using` declaration stands for the disposal. */
function nodeOf(action: Action): Ts.Node | undefined {
  if (action.kind === 'dispose') return action.node.name;
  return 'node' in action ? action.node : 'condition' in action ? action.condition : undefined;
}

/** One expression can have several actions: what it does itself comes first, what is done with its value last. */
const KINDS: readonly ReadonlySet<Action['kind']>[] = [
  new Set(['call', 'await', 'yield', 'assign', 'declare', 'dispose', 'throw']),
  new Set(['return']),
  new Set(['branch']),
  new Set(['pick']),
  new Set(['discard']),
];

/**
 * Whether control gets from a node of a loop to the node again without leaving the loop. Flags that are set to `true`
 * or `false` on the way are kept in mind: `while (!done) { …; done = true; }` ends there.
 */
function comesBack(cfg: Cfg, start: number, head: number, outside: ReadonlySet<number>): boolean {
  const queue = successesOf(cfg, start).map((id): Point => ({ id, flags: NO_FLAGS, turned: false }));
  const seen = new Set<string>();
  for (const { id, flags, turned } of queue) {
    const node = cfg.nodes[id];
    if (!node || outside.has(id)) continue;
    if (turned && id === start) return true;
    const key = `${id}|${turned}|${[...flags].map(([name, value]) => `${name.pos}=${value}`).join()}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const after = flagsAfter(node.action, flags);
    const known = branchOf(node.action, flags);
    for (const { to, when } of node.successors) {
      if (known === undefined || when === known)
        queue.push({ id: to, flags: after, turned: turned || id === head });
    }
  }
  return false;
}

interface Point {
  readonly id: number;
  readonly flags: ReadonlyMap<Ts.Node, boolean>;
  /** Whether the next turn has begun. */
  readonly turned: boolean;
}

const NO_FLAGS: ReadonlyMap<Ts.Node, boolean> = new Map();

function flagsAfter(action: Action, flags: Point['flags']): Point['flags'] {
  if (action.kind !== 'assign' && action.kind !== 'declare') return flags;
  const { node } = action;
  const target = ts.isBinaryExpression(node) ? skipParentheses(node.left) : node.name;
  const variable = ts.isIdentifier(target) ? resolveLocal(target) : undefined;
  if (!variable) return flags;
  const after = new Map(flags);
  after.delete(variable);
  const isPlain = !ts.isBinaryExpression(node) || node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  const value = ts.isBinaryExpression(node) ? node.right : node.initializer;
  if (isPlain && value?.kind === ts.SyntaxKind.TrueKeyword) after.set(variable, true);
  if (isPlain && value?.kind === ts.SyntaxKind.FalseKeyword) after.set(variable, false);
  return after;
}

/** The edge that a test of a known flag takes. */
function branchOf(action: Action, flags: Point['flags']): 'true' | 'false' | undefined {
  if (action.kind !== 'branch' || action.test !== 'truthy' || flags.size === 0) return undefined;
  const condition = skipParentheses(action.condition);
  const variable = ts.isIdentifier(condition) ? resolveLocal(condition) : undefined;
  const value = variable && flags.get(variable);
  return value === undefined ? undefined : value ? 'true' : 'false';
}

/** Whether control can get from one node to another. */
export function follows(cfg: Cfg, first: Ts.Node, second: Ts.Node): boolean {
  const seconds = nodesFor(cfg, second);
  return nodesFor(cfg, first).some((start) => {
    const after = reachable(cfg, successesOf(cfg, start), () => true);
    return seconds.some((id) => after.has(id));
  });
}

/** Where control goes when the call at a node, and the `await` of its promise, succeed. */
function successesOf(cfg: Cfg, start: number): readonly number[] {
  const called = cfg.nodes[start]?.action;
  return edgesOf(cfg, start)
    .filter(({ when }) => when !== 'throw')
    .flatMap(({ to }) => {
      const next = cfg.nodes[to]?.action;
      const isOwnAwait =
        next?.kind === 'await' && called?.kind === 'call' && skipParentheses(next.promise) === called.node;
      return isOwnAwait
        ? edgesOf(cfg, to)
            .filter(({ when }) => when !== 'throw')
            .map((edge) => edge.to)
        : [to];
    });
}

function edgesOf(cfg: Cfg, id: number): readonly CfgEdge[] {
  return cfg.nodes[id]?.successors ?? [];
}

/** The nodes that control can get to, the starts included, going only through nodes that pass the test. */
function reachable(
  cfg: Cfg,
  starts: readonly number[],
  passes: (id: number) => boolean,
): ReadonlySet<number> {
  const found = new Set(starts.filter(passes));
  for (const id of found) for (const { to } of edgesOf(cfg, id)) if (passes(to)) found.add(to);
  return found;
}
