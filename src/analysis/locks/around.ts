import type { AsyncStore } from './async-stores.ts';
import { NO_ORDERS } from './orders.ts';
import { LATER, SOMETIME, type Surroundings, surroundings } from './surroundings.ts';
import { type Bindings, EMPTY_BINDINGS, type Held, type Orders } from './values.ts';
import { START, type World } from './world.ts';

/** Locks that a function has given back without having taken them. */
export type GivenBack = Pick<World, 'released' | 'releasedTokens'>;

/** What a call happens under. */
export interface Around {
  readonly held: readonly Held[];
  /** The caller waits for the end of what it calls before it goes on. */
  readonly isJoined: boolean;
  /** Grants that the caller knows to be kept in fields and variables that are not its own. */
  readonly kept: Bindings;
  /** The lock that was taken last of those that are held as long as the callee runs. */
  readonly under: Held | undefined;
  /** All that are held when it starts, whether or not anybody waits for it; the last one was taken last. */
  readonly atStart: readonly Held[];
  /** What the caller has given back of its own callers' locks. */
  readonly givenBack: GivenBack;
  /** The caller has not paused yet. */
  readonly isBeforePause: boolean;
  /** The callee starts in the call itself, and not at some later time. */
  readonly isAtOnce: boolean;
  /** The callee goes on, if it does, before its caller. */
  readonly isWithin: boolean;
  /** The call names the callee, and its arguments are the callee's. */
  readonly isDirect: boolean;
  /** What is held is held for the callee alone: it is the critical section. */
  readonly isSection: boolean;
  /** How sure it is that what is held around the call is held while the callee runs. */
  readonly surroundings: Surroundings;
  /** Objects that the caller has put in order. */
  readonly ordered: Orders;
  /** A store that has a value for the callee, as long as it runs. */
  readonly within?: AsyncStore | undefined;
}

/** Of all that is held, what was taken last. */
export function innermost({ held, outer }: World): Held | undefined {
  return held.at(-1) ?? outer.at(-1);
}

/** All that is held; what was taken last comes last. */
export function allHeld({ held, outer }: World): readonly Held[] {
  return outer.length === 0 ? held : [...outer, ...held];
}

/** Around what the function runs itself and waits for, without a call that is written out. */
export function aroundStep(world: World, kept: Bindings): Around {
  return {
    held: world.held,
    isJoined: true,
    kept,
    under: world.held.at(-1),
    atStart: allHeld(world),
    givenBack: world,
    isBeforePause: world.segment === START.segment,
    isAtOnce: true,
    isWithin: true,
    isDirect: false,
    isSection: false,
    surroundings: surroundings(world, SOMETIME),
    ordered: world.ordered,
  };
}

/** Around what has nothing to do with what is held here. */
export const ALONE: Around = {
  held: [],
  isJoined: false,
  kept: EMPTY_BINDINGS,
  under: undefined,
  atStart: [],
  givenBack: START,
  isBeforePause: false,
  isAtOnce: false,
  isWithin: false,
  isDirect: false,
  isSection: false,
  surroundings: surroundings(START, LATER),
  ordered: NO_ORDERS,
};

/** Whether a lock that a caller holds has been given back by a function so many calls below it. */
export function isGivenBack(
  { token, lock }: Held,
  { released, releasedTokens }: GivenBack,
  calls: number,
): boolean {
  const asCalleesKnowIt = '^'.repeat(calls) + token;
  return releasedTokens.includes(asCalleesKnowIt) || released.some(({ cls }) => cls === lock.cls);
}
