import type { Ts } from '../../syntax/ts.ts';
import type { Activation } from './activation.ts';
import { acquisitionOf, grantOf, heldAll, runUnder, settles, startTask, type Taken } from './calls.ts';
import { handOver, keepingGrants } from './handover.ts';
import { isNeverAwaited } from './promises.ts';
import { callSpan } from './record.ts';
import { waitBeforeSettling } from './settling.ts';
import {
  type Acquisition,
  type Closure,
  type Mode,
  membersOf,
  type Outcome,
  type Task,
  UNIT,
} from './values.ts';
import { bind, type World } from './world.ts';

/** How else a method may be called that hands its grant to a callback. */
interface Handing {
  /** Without a callback, or with one that is not handed anything. */
  readonly isOtherwise: boolean;
  /** The call has a promise, which waits for the release. */
  readonly isPromise: boolean;
}

/**
 * `lock((release) => …)`: the call comes back at once, and the callback is a task of its own that holds the lock until
 * somebody calls `release`. Undefined where the method is not called in this way.
 */
export function handToCallback(
  activation: Activation,
  node: Ts.CallExpression,
  { locks, tries }: Taken,
  mode: Mode,
  world: World,
  { isOtherwise, isPromise }: Handing,
): readonly World[] | undefined {
  // What runs after the release, or on a timeout, comes behind it.
  const given = node.arguments.map((argument) => activation.evaluate(argument, world));
  const callback = given.find((value) => membersOf(value).some(({ kind }) => kind === 'closure'));
  const bodies = membersOf(callback).filter((member) => member.kind === 'closure');
  const isHanded = bodies.some((body) => parametersLeft(body) > 0);
  if (isOtherwise && !isHanded) return undefined;
  const held = heldAll(activation, node, locks, mode, world);
  activation.engine.record.noteTaking(callSpan(activation.engine.code, node), locks[0]);
  if (bodies.length === 0 && given.some((value) => value?.kind === 'opaque')) activation.carriesLocks = true;
  const acquisitions: Acquisition[] = tries ? [] : held.map(acquisitionOf);
  const outcomes: Outcome[] = [];
  for (const body of bodies) {
    const last = Math.max(parametersLeft(body) - 1, 0);
    const args = [...Array<undefined>(last).fill(undefined), grantOf(held)];
    const inner = runUnder(activation, node, body, args, held, world, 'later');
    acquisitions.push(...inner.acquisitions);
    outcomes.push(...inner.outcomes);
    if (settles(body)) waitBeforeSettling(activation, acquisitions, world);
  }
  // Who keeps the lock for longer keeps it away from others, not from the one who made this call.
  const tokens = new Set(held.map(({ token }) => token));
  const ends = outcomes.map((outcome) => ({
    ...outcome,
    value: undefined,
    held: outcome.held.filter(({ token }) => !tokens.has(token)),
    releasedTokens: outcome.releasedTokens.filter((token) => !tokens.has(token)),
  }));
  const task: Task = { acquisitions, outcomes: ends.length > 0 ? ends : [UNIT] };
  if (isPromise && !isNeverAwaited(node)) return [startTask(node, task, world)];
  const next = handOver(activation, node, task, world);
  return [isPromise ? startTask(node, keepingGrants(task), next) : bind(next, node, undefined)];
}

function parametersLeft({ fn, bound }: Closure): number {
  return 'parameters' in fn ? fn.parameters.length - bound.length : 0;
}
