import { type Ts, ts } from '../../syntax/ts.ts';
import type { Activation } from './activation.ts';
import { reaches } from './balance-handing.ts';
import {
  type Acquisition,
  type Held,
  membersOf,
  type Outcome,
  type Task,
  UNIT,
  type Value,
} from './values.ts';
import { bind, holdsGrant, joinValues, START, type World } from './world.ts';

/**
 * What is handed to the `resolve` of a promise is what the promise gives: with a grant, whoever awaits it holds the
 * lock. It is noted as a write to the promise, so that it comes back from whatever function has called `resolve`.
 */

/** The world after a promise has been given a value; the same if that is no matter of locks. */
export function givenTo(
  activation: Activation,
  target: Value | undefined,
  value: Value | undefined,
  world: World,
): World {
  let next = world;
  if (!bringsGrant(value)) return next;
  for (const member of membersOf(target)) {
    if (member.kind === 'opaque' && member.promise) next = activation.write(member.promise, value, next);
  }
  return next;
}

const SETTLED: Value = { kind: 'constant', value: true };

/** The world after a call of what is certain to settle a promise, which is noted as a write to the executor. */
export function settledBy(activation: Activation, target: Value | undefined, world: World): World {
  let next = world;
  const members = membersOf(target);
  if (!members.every((member) => member.kind === 'opaque' && member.settles)) return next;
  for (const member of members) {
    if (member.kind === 'opaque' && member.settles) next = activation.write(member.settles, SETTLED, next);
  }
  return next;
}

/** Executors, with those whose promises are settled in a world; each once, however often an acquisition is handed on. */
export function withSettledIn({ writes }: World, known: readonly Ts.Node[]): readonly Ts.Node[] {
  let all = known;
  for (const [node, value] of writes) {
    if (value === SETTLED && ts.isFunctionLike(node) && !all.includes(node)) all = [...all, node];
  }
  return all;
}

/**
 * What comes about before somebody settles a promise is waited for by whoever waits for that one: with what has been
 * given back by then, but not with what is held.
 */
export function waitBeforeSettling(
  activation: Activation,
  acquisitions: readonly Acquisition[],
  { released, releasedTokens, writes }: World,
): void {
  const since: World = { ...START, released, releasedTokens, writes };
  for (const one of acquisitions) activation.waitsFor(one, [], since);
}

/** What a task that is left running gives to promises is known to whoever has started it. */
export function withGiven(activation: Activation, { outcomes }: Task, world: World): World {
  let next = world;
  for (const promise of new Set(outcomes.flatMap(({ writes }) => [...writes.keys()].filter(isPromise)))) {
    let given: Value | undefined;
    for (const { writes } of outcomes) given = joinValues(given, writes.get(promise));
    next = activation.write(promise, given, next);
  }
  return next;
}

/** The world in which the value of a promise is known as that of the promise, and no longer as a write to it. */
export function withoutGiven(promise: Ts.Node, world: World): World {
  if (!world.writes.has(promise)) return world;
  const writes = new Map(world.writes);
  writes.delete(promise);
  return bind({ ...world, writes }, promise, undefined);
}

/** How a promise ends, by what its executor has given it. */
export function endsOf(promise: Ts.Node, { acquisitions, outcomes }: Task): Task {
  const ends: Outcome[] = [];
  const added: Acquisition[] = [];
  for (const outcome of outcomes) {
    const given = outcome.writes.get(promise);
    if (!given) continue;
    for (const value of membersOf(given)) {
      if (value.kind === 'promise') {
        added.push(...value.task.acquisitions);
        ends.push(...value.task.outcomes);
      } else {
        const known = [...acquisitions.map(heldAs), ...outcome.held.map(asArrived)];
        const held = new Map(known.filter((one) => reaches(value, one)).map((one) => [one.token, one]));
        ends.push({ ...UNIT, held: [...held.values()], value });
      }
    }
  }
  return { acquisitions: [...acquisitions, ...added], outcomes: ends.length > 0 ? ends : [UNIT] };
}

function isPromise(node: Ts.Node): boolean {
  return ts.isNewExpression(node);
}

function bringsGrant(value: Value | undefined): boolean {
  return membersOf(value).some((member) =>
    member.kind === 'promise' ? member.task.outcomes.some(({ held }) => held.length > 0) : holdsGrant(member),
  );
}

/** Who has given it to a promise has waited for it. */
function asArrived({ doubt, ...held }: Held): Held {
  return doubt === 'awaited' ? held : { ...held, ...(doubt && { doubt }) };
}

function heldAs({ token, lock, mode, at, via, segment }: Acquisition): Held {
  return { token, lock, mode, at, via, segment };
}
