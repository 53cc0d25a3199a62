import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import { takeAtOnce } from './at-once.ts';
import { runUnder, settles } from './calls.ts';
import { idOf } from './keys.ts';
import { givesBackItself } from './own-release.ts';
import { mayBeTakenIn } from './paths.ts';
import { waitBeforeSettling, withGiven } from './settling.ts';
import { workBefore } from './settling-order.ts';
import { LATER } from './surroundings.ts';
import { type Held, membersOf, type Outcome, type Releaser, type Task, UNIT, type Value } from './values.ts';
import { isSameLock, releaseAll, type World } from './world.ts';

/** Registering a function somewhere does not run it here. */
export const DETACHED_METHODS =
  /^(?:on|once|off|addListener|addEventListener|prependListener|subscribe|nextTick|enqueueMicrotask)$/;

export const DETACHED_FUNCTIONS =
  /^(?:setTimeout|setInterval|setImmediate|queueMicrotask|requestAnimationFrame|requestIdleCallback)$/;

/**
 * A task goes on by itself. What it gives back at some time, or was handed to give back, is its to hold from now on, and
 * no longer its starter's: who waits for such a lock waits for the task, not for oneself.
 */
export function leaveRunning(
  activation: Activation,
  node: Ts.Node,
  task: Task,
  world: World,
  given: readonly Releaser[] = [],
  keeps: (held: Held) => boolean = () => false,
): World {
  let next = withGiven(activation, task, world);
  for (const outcome of task.outcomes) next = releaseAll(next, outcome);
  for (const releaser of given) {
    if (world.held.some((held) => standsFor(releaser, held))) next = activation.release(releaser, next);
  }
  // What a caller holds, it holds until the task has come to give it back, though nobody waits for the task. A grant
  // that the task itself waits for is the task's, whoever has asked for it; so is one that was taken in it.
  const own = new Set([...world.held, ...task.acquisitions].map(({ token }) => token));
  const isCallers = (token: string): boolean => !own.has(token) && !mayBeTakenIn(token, `${idOf(node)}`);
  if (task.outcomes.some(({ releasedTokens }) => releasedTokens.some(isCallers))) {
    takeAtOnce(activation, { acquisitions: task.acquisitions, outcomes: [] }, { ...world, held: [] });
  }
  const lent = world.held.filter((held) => !next.held.includes(held) && !keeps(held));
  if (lent.length > 0) activation.wait(task, { ...world, held: lent }, () => {});
  // It is with the task, and not given back yet.
  return { ...next, held: world.held.filter((held) => !lent.includes(held)), gone: world.gone };
}

/**
 * Leaves a task running that gives something back by a callback. Where the function gives it back itself in any case,
 * the callback is there for when all else fails, and the function has held it until then.
 */
export function handOver(
  activation: Activation,
  node: Ts.Node,
  task: Task,
  world: World,
  given: readonly Releaser[] = [],
): World {
  return leaveRunning(activation, node, task, world, given, (held) =>
    givesBackItself(activation, node, held, world),
  );
}

/** A task as it is for those who only wait for it: what it gives back was handed over to it. */
export function keepingGrants(task: Task): Task {
  const without = (outcome: Outcome): Outcome => ({ ...outcome, released: [], releasedTokens: [] });
  return { acquisitions: task.acquisitions, outcomes: task.outcomes.map(without) };
}

/** Functions handed to a timer or a listener: their own inner order counts, ours does not reach them. */
export function detach(
  activation: Activation,
  node: Ts.Node,
  callbacks: readonly (Value | undefined)[],
  world: World,
): World {
  let next = world;
  for (const member of callbacks.flatMap((callback) => membersOf(callback))) {
    const releaser = releaserOf(member);
    if (releaser) next = handOver(activation, node, NOTHING, next, [releaser]);
    if (member.kind !== 'closure') continue;
    const { acquisitions, outcomes } = runUnder(activation, node, member, [], [], world, 'later', LATER);
    if (settles(member)) waitBeforeSettling(activation, acquisitions, world);
    const around = next;
    const ends = outcomes.map((outcome): Outcome => {
      // A lock that is released by its name is handed over by who holds it, and by nobody else.
      const released = outcome.released.filter(({ cls }) => around.held.some(({ lock }) => lock.cls === cls));
      return { ...UNIT, released, releasedTokens: outcome.releasedTokens };
    });
    next = handOver(activation, node, { acquisitions, outcomes: ends }, next);
  }
  return next;
}

/**
 * Functions that are put away for somebody else to call. Those that settle a promise are called before its waiters go on:
 * what they wait for, up to there, is waited for by whoever waits for the promise.
 */
export function putAway(
  activation: Activation,
  node: Ts.Node,
  values: readonly (Value | undefined)[],
  world: World,
): void {
  const settling = values
    .flatMap((value) => membersOf(value))
    .flatMap((member) => {
      if (member.kind === 'object') return workOf(member, node.getSourceFile());
      return settles(member) ? [member] : [];
    });
  for (const member of settling) {
    if (member.kind !== 'closure') continue;
    const { acquisitions } = runUnder(activation, node, member, [], [], world, 'later', LATER);
    waitBeforeSettling(activation, acquisitions, world);
  }
}

/** Of `{ work, resolve }`, the functions that are called before the promise is settled. */
function workOf({ properties }: Extract<Value, { kind: 'object' }>, source: Ts.SourceFile): readonly Value[] {
  const settling = [...properties].filter(([, value]) => value.kind === 'opaque' && value.promise);
  return settling.flatMap(([name]) =>
    [...workBefore(name, source)].flatMap((work) => membersOf(properties.get(work))),
  );
}

const NOTHING: Task = { acquisitions: [], outcomes: [] };

/** What a function gives back that does nothing else: a releaser, or a lock's own method of that effect. */
export function releaserOf(value: Value): Releaser | undefined {
  if (value.kind === 'releaser') return value;
  if (value.kind !== 'operation') return undefined;
  const { lock } = value.lock;
  const isRelease = lock.cls.primitive.release?.includes(value.method) ?? false;
  return isRelease ? { kind: 'releaser', tokens: [], locks: [lock], pair: false } : undefined;
}

/** Whether a call is of what gives a lock back: `release()`, `grant.release()`. */
export function isRelease(activation: Activation, node: CallLike, world: World): boolean {
  if (!ts.isCallExpression(node)) return false;
  const callee = skipParentheses(node.expression);
  const own = activation.evaluate(callee, world);
  const object = ts.isPropertyAccessExpression(callee)
    ? activation.evaluate(callee.expression, world)
    : undefined;
  return [...membersOf(own), ...membersOf(object)].some((member) => releaserOf(member) !== undefined);
}

/** Whether a releaser gives back a certain grant. */
export function standsFor({ tokens, locks }: Releaser, { token, lock }: Held): boolean {
  return tokens.length > 0 ? tokens.includes(token) : locks.some((other) => isSameLock(other, lock));
}
