import { type Crossing, UNKNOWN_PATH } from './paths.ts';
import { bringsCode, type Orders, type Path, type Value } from './values.ts';

export const NO_ORDERS: Orders = [];

/**
 * What a callee has to know of the order of its caller's objects: where it takes the lock of one, and what it is
 * handed takes that of the other. Of two objects that it has no name for itself, it does not need to know.
 */
export function ordersWithin(
  ordered: Orders,
  args: readonly (Value | undefined)[],
  inward: Crossing,
): Orders {
  if (ordered.length === 0 || !args.some(bringsCode)) return NO_ORDERS;
  const known = new Map<string, readonly [Path, Path]>();
  for (const pair of ordered) {
    const [small, large] = pair.map((path) => inward.path(path));
    if (small === undefined || large === undefined) continue;
    const isNamed = FORMAL.test(small) || FORMAL.test(large);
    const isVague = small.includes(UNKNOWN_PATH) || large.includes(UNKNOWN_PATH);
    if (isNamed && !isVague) known.set(`${small}<${large}`, [small, large]);
  }
  return [...known.values()];
}

/** Pairs that are not among others. */
export function beyond(known: Orders, orders: Orders): Orders {
  return orders.filter(([small, large]) => !known.some(([one, other]) => one === small && other === large));
}

/** Two sets of pairs as one. */
export function joinOrders(known: Orders, more: Orders): Orders {
  const fresh = beyond(known, more).filter(
    ([small, large], index, all) =>
      all.findIndex(([one, other]) => one === small && other === large) === index,
  );
  return fresh.length > 0 ? [...known, ...fresh] : known;
}

/** The name of an object that a callee has been handed, or is called on. */
const FORMAL = /^(?:this|p\d+)(?!\w)/;
