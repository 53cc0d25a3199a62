import type { LockPrimitive } from '../../config/types.ts';
import type { Ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import { acquisitionOf, grantOf, heldBy } from './calls.ts';
import { resolverAfter } from './chain-shape.ts';
import { keyedResolverAfter } from './keyed-chains.ts';
import { type LockValue, type PromiseValue, UNIT, type Value } from './values.ts';
import type { World } from './world.ts';

/** What a promise chain offers as a lock: it runs what is chained to it, one at a time. */
export const CHAIN: LockPrimitive = { type: 'Promise', scoped: ['then', 'finally'], grants: 'void' };

/** Whether a value is a promise chain, rather than a lock that was made as one. */
export function isChain(value: Value | undefined): value is LockValue {
  return value?.kind === 'lock' && value.lock.cls.primitive === CHAIN;
}

/**
 * Awaiting a chain waits for whoever holds it. Who has put a promise of its own in the chain's place holds it from then
 * on, until it resolves that promise.
 */
export function awaitedChain(
  activation: Activation,
  { lock }: LockValue,
  node: Ts.Node,
  world: World,
): PromiseValue {
  const held = heldBy(activation, node, lock, 'exclusive', world.segment);
  const acquisitions = [acquisitionOf(held)];
  const awaited = skipParentheses(node);
  const resolver = resolverAfter(awaited) ?? keyedResolverAfter(awaited);
  if (!resolver) return { kind: 'promise', task: { acquisitions, outcomes: [UNIT] } };
  activation.engine.record.noteSite(held.at);
  const writes = new Map([[resolver, grantOf([held])]]);
  return { kind: 'promise', task: { acquisitions, outcomes: [{ ...UNIT, held: [held], writes }] } };
}
