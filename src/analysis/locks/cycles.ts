import type { DeclaredLocks } from './declared.ts';
import { classOfGate } from './gates.ts';
import type { LockEdge } from './record.ts';

/**
 * Cycles in the graph of acquisitions, one for each set of locks, the shortest first found. The edges of a cycle are
 * in order, starting with the one whose inner acquisition comes first in the source.
 *
 * A cycle counts only if all its edges can be under way at the same time: no lock held around two of them shuts one
 * out (a gate), and not all of them are batches, which enqueue on all their locks at once.
 */
export function findCycles(edges: readonly LockEdge[], declared: DeclaredLocks): LockEdge[][] {
  const graph = new Map<string, LockEdge[]>();
  const candidates = edges.filter((edge) => mayDeadlock(edge, declared));
  for (const edge of candidates) {
    const from = graph.get(edge.outer.lock.cls.id);
    if (from) from.push(edge);
    else graph.set(edge.outer.lock.cls.id, [edge]);
  }
  const cycles = new Map<string, LockEdge[]>();
  for (const edge of candidates) {
    if (isDeclared(edge, declared)) continue;
    const back = wayBack(edge, graph);
    if (!back) continue;
    const cycle = [edge, ...back];
    const key = cycle
      .map(({ outer }) => outer.lock.cls.id)
      .sort()
      .join('|');
    if (!cycles.has(key)) cycles.set(key, fromFirst(cycle));
  }
  return [...cycles.values()];
}

function mayDeadlock(edge: LockEdge, declared: DeclaredLocks): boolean {
  const [outer, inner] = [edge.outer.lock.cls, edge.inner.lock.cls];
  if (outer === inner || outer.permits !== 1 || inner.permits !== 1) return false;
  if (declared.isReentrant(outer) && outer === inner) return false;
  const [outerRank, innerRank] = [declared.rank(outer), declared.rank(inner)];
  // Against the declared order is lock-order's finding; with it, an edge may still be part of a longer cycle.
  return outerRank === undefined || innerRank === undefined || outerRank < innerRank;
}

function isDeclared({ outer, inner }: LockEdge, declared: DeclaredLocks): boolean {
  return declared.rank(outer.lock.cls) !== undefined && declared.rank(inner.lock.cls) !== undefined;
}

/** The shortest way from the inner lock of an edge back to its outer lock, by edges that can be under way with it. */
function wayBack(start: LockEdge, graph: ReadonlyMap<string, readonly LockEdge[]>): LockEdge[] | undefined {
  const goal = start.outer.lock.cls.id;
  const seen = new Set<string>();
  let paths: LockEdge[][] = [[start]];
  while (paths.length > 0) {
    const longer: LockEdge[][] = [];
    for (const path of paths) {
      const last = path[path.length - 1];
      for (const edge of graph.get(last?.inner.lock.cls.id ?? '') ?? []) {
        if (!path.every((other) => canOverlap(other, edge))) continue;
        if (edge.inner.lock.cls.id === goal) {
          const cycle = [...path, edge];
          if (cycle.some(({ batch }) => !batch)) return cycle.slice(1);
          continue;
        }
        const state = `${edge.inner.lock.cls.id}|${gateKey(edge)}|${edge.batch}`;
        if (seen.has(state)) continue;
        seen.add(state);
        longer.push([...path, edge]);
      }
    }
    paths = longer;
  }
  return undefined;
}

/** Two edges under one gate, or steps of one sequence, are never under way together. */
function canOverlap(a: LockEdge, b: LockEdge): boolean {
  if (a.sequence !== undefined && a.sequence === b.sequence) return false;
  const cycleLocks = new Set([a, b].flatMap(({ outer, inner }) => [outer.lock.cls.id, inner.lock.cls.id]));
  return ![...a.gates].some((gate) => !cycleLocks.has(classOfGate(gate)) && b.gates.has(gate));
}

function gateKey(edge: LockEdge): string {
  return [...edge.gates].sort().join();
}

function fromFirst(cycle: LockEdge[]): LockEdge[] {
  let first = 0;
  for (const [index, edge] of cycle.entries()) {
    const best = cycle[first];
    if (best && before(edge, best)) first = index;
  }
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}

function before(a: LockEdge, b: LockEdge): boolean {
  const [x, y] = [a.inner.at, b.inner.at];
  return x.file === y.file ? x.start < y.start : x.file < y.file;
}
