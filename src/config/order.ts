import { GateError } from '../engine/error.ts';
import type { LocksConfig } from './types.ts';

/**
 * Refuses a lock declaration that contradicts itself whatever the code says: no program could keep to it.
 *
 * @throws {GateError} for the first contradiction
 */
export function assertConsistentLocks(locks: LocksConfig, where: string): void {
  const ranks = rankOrder(locks.order, where);
  for (const leaf of locks.leaf) {
    const rank = ranks.get(leaf);
    const later = [...ranks].find(([, other]) => rank !== undefined && other > rank);
    if (later !== undefined) {
      throw contradiction(
        where,
        `${leaf} is declared a leaf, and locks.order places it before ${later[0]}`,
        'the holder of a leaf acquires nothing, so nothing can come after it',
        `take ${leaf} out of locks.leaf, or move it to the end of locks.order`,
      );
    }
  }
  for (const [a, b] of locks.disjoint) {
    if (a === b) {
      throw contradiction(
        where,
        `locks.disjoint pairs ${a} with itself`,
        'a lock is always held together with itself',
        'name two different locks; nesting two instances of one lock is reported without any declaration',
      );
    }
  }
}

/** Position of every ordered lock; siblings share one. */
function rankOrder(order: LocksConfig['order'], where: string): Map<string, number> {
  const ranks = new Map<string, number>();
  order.forEach((entry, rank) => {
    for (const name of typeof entry === 'string' ? [entry] : entry) {
      const earlier = ranks.get(name);
      if (earlier !== undefined) {
        throw contradiction(
          where,
          `locks.order names ${name} twice, at positions ${earlier + 1} and ${rank + 1}`,
          earlier === rank ? `${name} cannot be its own sibling` : `${name} would have to come before itself`,
          `keep one of the two entries of ${name}`,
        );
      }
      ranks.set(name, rank);
    }
  });
  return ranks;
}

function contradiction(where: string, message: string, why: string, help: string): GateError {
  return new GateError(`${where}: ${message}`, help, { why });
}
