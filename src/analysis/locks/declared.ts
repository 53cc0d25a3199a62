import { assertConsistentLocks } from '../../config/order.ts';
import type { LocksConfig } from '../../config/types.ts';
import type { NameProblem } from '../config-name.ts';
import type { LockFacts } from './facts.ts';
import type { LockClass } from './values.ts';

/** The declared relations between locks, by class. */
export interface DeclaredLocks {
  /** Position in the order, outermost first; siblings share one. */
  rank(cls: LockClass): number | undefined;
  isLeaf(cls: LockClass): boolean;
  isReentrant(cls: LockClass): boolean;
  isBrief(cls: LockClass): boolean;
  areDisjoint(a: LockClass, b: LockClass): boolean;
  /** The order as it was written, by name. */
  readonly order: readonly (readonly string[])[];
  /** Names that stand for no lock, or for several. */
  readonly problems: readonly {
    readonly where: string;
    readonly name: string;
    readonly problem: NameProblem;
  }[];
}

/**
 * Matches the names in the config with the locks in the program.
 *
 * @throws {GateError} when the declaration contradicts itself, whatever names it gives one lock
 */
export function declaredLocks(locks: LocksConfig, facts: LockFacts): DeclaredLocks {
  assertConsistentLocks(inFull(locks, facts), 'the config');
  const problems: DeclaredLocks['problems'][number][] = [];
  const find = (name: string, where: string): ReadonlySet<string> => {
    const found = facts.find(name);
    if ('kind' in found) problems.push({ where, name, problem: found });
    return new Set('kind' in found ? [] : found.locks.map(({ id }) => id));
  };
  const ranks = new Map<string, number>();
  const order = locks.order.map((entry) => (typeof entry === 'string' ? [entry] : [...entry]));
  for (const [rank, names] of order.entries()) {
    for (const name of names) for (const id of find(name, 'locks.order')) ranks.set(id, rank);
  }
  const all = (names: readonly string[], where: string): ReadonlySet<string> =>
    new Set(names.flatMap((name) => [...find(name, where)]));
  const leaf = all(locks.leaf, 'locks.leaf');
  const reentrant = all(locks.reentrant, 'locks.reentrant');
  const brief = all(locks.brief, 'locks.brief');
  const disjoint = locks.disjoint.map(
    ([a, b]) => [find(a, 'locks.disjoint'), find(b, 'locks.disjoint')] as const,
  );
  return {
    rank: ({ id }) => ranks.get(id),
    isLeaf: ({ id }) => leaf.has(id),
    isReentrant: ({ id, primitive }) => primitive.reentrant === true || reentrant.has(id),
    isBrief: ({ id }) => brief.has(id),
    areDisjoint: (a, b) =>
      disjoint.some(([x, y]) => (x.has(a.id) && y.has(b.id)) || (x.has(b.id) && y.has(a.id))),
    order,
    problems,
  };
}

/** The same declaration with the full names of the locks. */
function inFull({ order, leaf, disjoint, ...rest }: LocksConfig, facts: LockFacts): LocksConfig {
  const full = (name: string): string => {
    const found = facts.find(name);
    const [lock] = 'kind' in found ? [] : found.locks;
    return lock ? facts.nameOf(lock) : name;
  };
  return {
    ...rest,
    order: order.map((entry) => (typeof entry === 'string' ? full(entry) : entry.map(full))),
    leaf: leaf.map(full),
    disjoint: disjoint.map(([a, b]): [string, string] => [full(a), full(b)]),
  };
}
