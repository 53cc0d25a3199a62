import type { Ts } from '../../syntax/ts.ts';

/** A set of events, one bit for each. */
export type Events = bigint;

export const NO_EVENTS: Events = 0n;

/** The set of one event, by its number. */
export function eventOf(index: number): Events {
  return 1n << BigInt(index);
}

/** Whether all events of a set are in another one. */
export function includes(all: Events, some: Events): boolean {
  return (all & some) === some;
}

/**
 * One way in which control can have come to a point: what is certain to have happened, under what was found out on the
 * way. Worlds in which the same was found out are merged, and only what happened in all of them stays.
 */
export interface World {
  /** What tests have answered, by {@link import('./conditions.ts').Condition.key}. */
  readonly facts: ReadonlyMap<string, boolean>;
  readonly done: Events;
  /** What will have happened when what the function hands back is fulfilled: more than is done once it returns. */
  readonly settled: Events;
  /** What will have happened when the promise of a variable, or of a call that was made, is fulfilled. */
  readonly promises: ReadonlyMap<Ts.Node, Events>;
}

export const START: World = {
  facts: new Map(),
  done: NO_EVENTS,
  settled: NO_EVENTS,
  promises: new Map(),
};

/** Marks a fact that is kept when worlds become too many. */
export const MARK = '!';

const MAX_WORLDS = 24;

/** The worlds at one point. */
export class Worlds {
  #byFacts = new Map<string, World>();
  #isMerged = false;

  get all(): readonly World[] {
    return [...this.#byFacts.values()];
  }

  /** Whether the worlds have become more, or less is certain in one of them. */
  add(world: World): boolean {
    const added = this.#isMerged ? withoutFacts(world) : world;
    const key = keyOf(added.facts);
    const known = this.#byFacts.get(key);
    const merged = known ? merge(known, added) : added;
    if (known && isSame(known, merged)) return false;
    this.#byFacts.set(key, merged);
    if (this.#byFacts.size > MAX_WORLDS) this.#mergeAll();
    return true;
  }

  #mergeAll(): void {
    const worlds = this.all;
    this.#isMerged = true;
    this.#byFacts = new Map();
    for (const world of worlds) this.add(world);
  }
}

/** What happened in every one of the worlds; undefined where there is none. */
export function inAll(worlds: readonly World[], of: (world: World) => Events): Events | undefined {
  return worlds
    .map(of)
    .reduce<Events | undefined>((all, one) => (all === undefined ? one : all & one), undefined);
}

function keyOf(facts: ReadonlyMap<string, boolean>): string {
  return [...facts]
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join('\n');
}

function withoutFacts(world: World): World {
  return { ...world, facts: new Map([...world.facts].filter(([key]) => key.startsWith(MARK))) };
}

function merge(a: World, b: World): World {
  const promises = new Map<Ts.Node, Events>();
  for (const [variable, events] of a.promises) {
    const both = events & (b.promises.get(variable) ?? NO_EVENTS);
    if (both !== NO_EVENTS) promises.set(variable, both);
  }
  return { facts: a.facts, done: a.done & b.done, settled: a.settled & b.settled, promises };
}

function isSame(a: World, b: World): boolean {
  return (
    a.done === b.done &&
    a.settled === b.settled &&
    a.promises.size === b.promises.size &&
    [...a.promises].every(([variable, events]) => b.promises.get(variable) === events)
  );
}
