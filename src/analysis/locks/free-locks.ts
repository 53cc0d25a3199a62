import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import { lockKey } from './keys.ts';
import { UNKNOWN_PATH } from './paths.ts';
import type { LockRef } from './values.ts';
import type { World } from './world.ts';

/**
 * Locks that were seen to be free: `if (mu.isLocked()) return`. Until control is handed on nobody else can take one, so
 * that whoever takes it at once gets it without waiting.
 */

/** What tells whether somebody holds a lock: a method, or a property. */
const STATES: ReadonlySet<string> = new Set([
  'isLocked',
  'locked',
  'isBusy',
  'acquired',
  'isAcquired',
  'isHeld',
]);

/** The lock whose state a condition asks about: true means that somebody holds it. */
export function lockAskedAbout(
  activation: Activation,
  condition: Ts.Expression,
  world: World,
): LockRef | undefined {
  const bare = skipParentheses(condition);
  const call = ts.isCallExpression(bare) ? bare : undefined;
  const member = call ? skipParentheses(call.expression) : bare;
  if (!ts.isPropertyAccessExpression(member) || !STATES.has(member.name.text)) return undefined;
  const value = activation.evaluate(member.expression, world);
  if (value?.kind !== 'lock') return undefined;
  const { acquireShared = [], scopedShared = [] } = value.lock.cls.primitive;
  // Of a lock with readers it is not known whom the state speaks of.
  if (acquireShared.length + scopedShared.length > 0) return undefined;
  const [only, another] = call
    ? activation.engine.locks.keyed(activation, value.lock, call, world)
    : [value.lock];
  return another ? undefined : only;
}

/** Whether one of the task's own grants makes a lock's state what it is. */
export function isHeldHere({ cls, path }: LockRef, { held }: World): true | undefined {
  const isOwn = held.some(({ lock }) => lock.cls === cls && lock.path === path);
  return cls.permits === 1 && path !== undefined && isOwn ? true : undefined;
}

/** The world in which a lock was found to be free, or to be held by somebody. */
export function stateSeen(lock: LockRef, isHeld: boolean, world: World): World {
  if (lock.path === undefined || lock.path.includes(UNKNOWN_PATH)) return world;
  const key = lockKey(lock);
  if (isHeld) return withFact(ASKED + key, true, world);
  // Who asks again and again waits for the lock all the same, with whatever is held meanwhile.
  if (world.held.some((held) => world.facts.has(waited(key, lockKey(held.lock))))) return world;
  return withFact(FREE + key, !world.facts.has(waited(key, '')), world);
}

/** How a lock is taken: without waiting, if it was seen to be free; then by asking until it was, perhaps. */
export function seenFree(lock: LockRef, { facts }: World): 'at once' | 'at last' | undefined {
  const isAtOnce = facts.get(FREE + lockKey(lock));
  return isAtOnce === undefined ? undefined : isAtOnce ? 'at once' : 'at last';
}

/** The world once a lock is taken. */
export function noLongerFree(lock: LockRef, world: World): World {
  const key = lockKey(lock);
  return without(
    (fact) => fact === FREE + key || (fact.startsWith(WAITED) && fact.endsWith(`|${key}`)),
    world,
  );
}

/** The world once others may have taken locks. */
export function nothingSeenFree(world: World): World {
  return without((fact) => fact.startsWith(FREE), world);
}

/** The world after a pause, in which others had their turn. */
export function afterPause(world: World): World {
  let next = nothingSeenFree(world);
  for (const fact of world.facts.keys()) {
    if (!fact.startsWith(ASKED)) continue;
    next = without((other) => other === fact, next);
    for (const key of ['', ...world.held.map(({ lock }) => lockKey(lock))]) {
      next = withFact(waited(fact.slice(ASKED.length), key), true, next);
    }
  }
  return next;
}

/** A lock's state was asked about, and there was a pause before the next time: while another lock was held, or none. */
function waited(asked: string, held: string): string {
  return `${WAITED}${asked}|${held}`;
}

const FREE = 'free:';
const ASKED = 'asked:';
const WAITED = 'waited:';

function withFact(fact: string, holds: boolean, world: World): World {
  return { ...world, facts: new Map(world.facts).set(fact, holds) };
}

function without(isOver: (fact: string) => boolean, world: World): World {
  const facts = [...world.facts].filter(([fact]) => !isOver(fact));
  return facts.length === world.facts.size ? world : { ...world, facts: new Map(facts) };
}
