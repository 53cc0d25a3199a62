import type { LockEdge } from './record.ts';
import type { LockClass } from './values.ts';

/**
 * The edges between two instances of one class that have no order of their own. By a comparison or a sorted sequence
 * they have one, as long as all go the same way; so do a whole and its parts, as long as nobody goes from the part to
 * the whole; and so do instances that the program tells apart by name, or by the field of their owner that holds them,
 * as long as no way leads round.
 */
export function unorderedInstances(edges: readonly LockEdge[]): ReadonlySet<LockEdge> {
  const byClass = new Map<LockClass, LockEdge[]>();
  for (const edge of edges) {
    const { cls } = edge.outer.lock;
    if (cls !== edge.inner.lock.cls || cls.permits !== 1 || edge.batch) continue;
    const known = byClass.get(cls);
    if (known) known.push(edge);
    else byClass.set(cls, [edge]);
  }
  return new Set([...byClass.values()].flatMap(unordered));
}

function unordered(edges: readonly LockEdge[]): readonly LockEdge[] {
  const ways = new Set(edges.map(({ instances }) => instances));
  const byName = edges.flatMap(({ names }) => (names ? [names] : []));
  const byOwner = edges.map(({ owners }) => owners);
  const areOwned = byOwner.every((owners) => !owners.includes(undefined));
  return edges.filter(({ instances, names, owners }) => {
    switch (instances) {
      case 'different':
        return !areOwned || leadsBack(owners, byOwner, (a, b) => a === b);
      case 'ascending':
      case 'descending':
        return ways.has('ascending') && ways.has('descending');
      case 'next':
      case 'previous':
        // Of tasks that all go the same way round, each waits for the next one. Where some go the other way, one of them
        // breaks the ring.
        return !(ways.has('next') && ways.has('previous'));
      case 'parent':
        return ways.has('part');
      case 'fixed':
        return names !== undefined && leadsBack(names, byName, mayBeOne);
      default:
        return false;
    }
  });
}

/** Whether a way leads from the inner one to the outer one again. */
function leadsBack<T>(
  [outer, inner]: readonly [T, T],
  steps: readonly (readonly [T, T])[],
  isOne: (a: T, b: T) => boolean,
): boolean {
  const reached = new Set([inner]);
  for (const one of reached) {
    if (isOne(one, outer)) return true;
    for (const [from, to] of steps) if (isOne(from, one)) reached.add(to);
  }
  return false;
}

/** Whether two names may be of one lock: some locks of a table are known by their key, others by the table alone. */
function mayBeOne(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return long === short || (long.startsWith(short) && /^[.[]/.test(long.slice(short.length)));
}
