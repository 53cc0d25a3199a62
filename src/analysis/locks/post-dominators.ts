import type { Cfg, CfgNode } from '../cfg.ts';

/** Stands for the end of a function, whichever way it is left. */
export const END = -1;

/**
 * For each node, the next one that control comes to whatever happens on the way: what a branch decides is decided no
 * longer from there on. Exceptions count where the code throws, and not where a call might.
 */
export function postDominators({ nodes, exit, throwExit }: Cfg): ReadonlyMap<number, number> {
  const next = (id: number): readonly number[] => {
    const node = nodes[id];
    return node ? onward(node) : [];
  };
  const order = finishOrder(nodes, next, [exit, throwExit]);
  const rank = new Map(order.map((id, index) => [id, index]));
  const immediate = new Map<number, number>([
    [exit, END],
    [throwExit, END],
  ]);
  const meet = (a: number, b: number): number => {
    let [one, other] = [a, b];
    while (one !== other) {
      if (one === END || other === END) return END;
      if ((rank.get(one) ?? 0) > (rank.get(other) ?? 0)) one = immediate.get(one) ?? END;
      else other = immediate.get(other) ?? END;
    }
    return one;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const id of order) {
      if (id === exit || id === throwExit) continue;
      let found: number | undefined;
      for (const to of next(id)) {
        if (!immediate.has(to)) continue;
        found = found === undefined ? to : meet(found, to);
      }
      if (found === undefined || immediate.get(id) === found) continue;
      immediate.set(id, found);
      changed = true;
    }
  }
  return immediate;
}

function onward({ action, successors }: CfgNode): readonly number[] {
  const expected = successors.filter(({ when }) => when !== 'throw' || action.kind === 'throw');
  return (expected.length > 0 ? expected : successors).map(({ to }) => to);
}

/** The nodes from which an end can be reached, those next to an end first. */
function finishOrder(
  nodes: readonly CfgNode[],
  next: (id: number) => readonly number[],
  ends: readonly number[],
): readonly number[] {
  const before = new Map<number, number[]>();
  for (const { id } of nodes) for (const to of next(id)) before.set(to, [...(before.get(to) ?? []), id]);
  const seen = new Set(ends);
  const finished: number[] = [];
  const stack = [...ends].map((id) => ({ id, at: 0 }));
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    if (!top) break;
    const from = before.get(top.id)?.[top.at];
    top.at += 1;
    if (from === undefined) {
      finished.push(top.id);
      stack.pop();
    } else if (!seen.has(from)) {
      seen.add(from);
      stack.push({ id: from, at: 0 });
    }
  }
  return finished.reverse();
}
