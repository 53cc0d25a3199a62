import type { Ts } from '../syntax/ts.ts';
import type { Cfg, CfgEdge, CfgLoop } from './cfg.ts';
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

/**
 * The nodes of the graph that perform an expression: its own calls, or else what is evaluated around it. Several
 * where a `finally` block was copied, none where the code cannot be reached.
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
  for (const { id, action } of cfg.nodes) {
    const node = 'node' in action ? action.node : 'condition' in action ? action.condition : undefined;
    if (!node) continue;
    const ids = index.get(node);
    if (ids) ids.push(id);
    else index.set(node, [id]);
  }
  indexes.set(cfg, index);
  return index;
}

/** Whether control gets from a node of a loop to the loop's next turn without leaving the loop. */
function comesBack(cfg: Cfg, start: number, head: number, outside: ReadonlySet<number>): boolean {
  const next = successesOf(cfg, start).filter((id) => !outside.has(id));
  return next.includes(head) || reachable(cfg, next, (id) => !outside.has(id)).has(head);
}

function follows(cfg: Cfg, first: Ts.Node, second: Ts.Node): boolean {
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
        next?.kind === 'await' && called?.kind === 'call' && skipParentheses(next.node.expression) === called.node;
      return isOwnAwait ? edgesOf(cfg, to).filter(({ when }) => when !== 'throw').map((edge) => edge.to) : [to];
    });
}

function edgesOf(cfg: Cfg, id: number): readonly CfgEdge[] {
  return cfg.nodes[id]?.successors ?? [];
}

/** The nodes that control can get to, the starts included, going only through nodes that pass the test. */
function reachable(cfg: Cfg, starts: readonly number[], passes: (id: number) => boolean): ReadonlySet<number> {
  const found = new Set(starts.filter(passes));
  for (const id of found) for (const { to } of edgesOf(cfg, id)) if (passes(to)) found.add(to);
  return found;
}
