import type { Ts } from '../../syntax/ts.ts';
import type { Action } from '../cfg.ts';
import { type Activation, tokensOf } from './activation.ts';
import { reaches } from './balance-handing.ts';
import { isRelease } from './handover.ts';
import { isAwaitedLink } from './joined.ts';
import { leadsTo } from './own-release.ts';
import { type Held, membersOf, type Outcome, UNIT, type Value } from './values.ts';
import {
  addHeld,
  dropTokens,
  givenBack,
  mergeAlike,
  mergeOutcomes,
  releaseAll,
  type World,
} from './world.ts';

/** Ways in which a function can fail that its callers tell apart. */
const MAX_FAILURES = 6;

/** The worlds in which an action ends in an exception, where it may also end in one of `done`. */
export function failures(
  activation: Activation,
  action: Action,
  world: World,
  done: readonly World[],
): readonly World[] {
  if (isSafe(activation, action, world, done)) return [];
  if (action.kind === 'call') return failedCalls(activation, action.node, world, done);
  if (action.kind !== 'await') return [world];
  const awaited = activation.evaluate(action.promise, world);
  const granted = membersOf(awaited).flatMap(grantedTokens);
  const failed = failedWaits(awaited, world);
  // An acquisition that fails has given nothing.
  return (failed.length > 0 ? failed : [world]).map((each) => dropTokens(each, granted));
}

/**
 * Whether an action is certain not to fail. That is asked where a failure would say something of locks: where one is taken
 * or held, or where a caller's has been given back.
 */
function isSafe(activation: Activation, action: Action, world: World, done: readonly World[]): boolean {
  const { throws } = activation.engine;
  const hasGivenBack = world.released.length + world.releasedTokens.length > 0;
  const isOfInterest = hasGivenBack || world.held.length > 0;
  if (action.kind === 'call') {
    if (isRelease(activation, action.node, world)) return true;
    return (isOfInterest || takes(world, done)) && !throws.call(action.node);
  }
  if (action.kind === 'dispose') return isPlain(world.bindings.get(action.node));
  if (action.kind !== 'await') return false;
  const { promise, origin } = action;
  return (isOfInterest || isAcquisition(activation.evaluate(promise, world))) && !throws.wait(origin);
}

/** Whether what is disposed of is a grant, or a stack of grants, and no object with a method of its own. */
function isPlain(value: Value | undefined): boolean {
  const parts = membersOf(value).flatMap((member) =>
    member.kind === 'collection' ? membersOf(member.element) : member,
  );
  return value !== undefined && parts.every(({ kind }) => kind === 'releaser');
}

/** Whether something is held after an action that was not held before. */
function takes(world: World, done: readonly World[]): boolean {
  const before = new Set(world.held.map(({ token }) => token));
  return done.some(({ held }) => held.some(({ token }) => !before.has(token)));
}

/** Whether a value is the promise of something to hold. */
function isAcquisition(value: Value | undefined): boolean {
  return membersOf(value).some((member) => member.kind === 'promise' && tokensOf(member.task).length > 0);
}

/**
 * A call that gives a grant back has done so even if it fails: nobody else will. Of a function of the program it is
 * known what it has given back by then.
 */
function failedCalls(
  activation: Activation,
  node: Ts.Node,
  world: World,
  done: readonly World[],
): readonly World[] {
  if (isAwaitedLink(node)) return [];
  const known = activation.failed.get(node);
  if (known) return known.map((outcome) => releaseAll(world, outcome));
  // Where it is known how a task fails, that is seen where it is waited for.
  if (done.length > 0 && done.every((after) => tellsOfFailure(after.bindings.get(node)))) return [];
  return done.map(({ held, released, releasedTokens, gone }) => {
    const tokens = new Set(held.map(({ token }) => token));
    const left = world.held.filter(({ token }) => tokens.has(token));
    return { ...world, held: left, released, releasedTokens, gone };
  });
}

function tellsOfFailure(value: Value | undefined): boolean {
  return value?.kind === 'promise' && value.task.rejections !== undefined;
}

/** The holds that a promise gives to whoever waits for it: as what gives them back, or with it. */
function grantedTokens(value: Value): readonly string[] {
  if (value.kind !== 'promise') return [];
  return value.task.outcomes.flatMap((outcome) =>
    outcome.held.filter((held) => isGivenBy(outcome, held)).map(({ token }) => token),
  );
}

/** What a query takes is not held if the query fails; what else is void gives nothing that could tell. */
function isGivenBy({ value, held: all }: Outcome, held: Held): boolean {
  // Of several, one may have been granted where another was refused.
  const isPart = all.length === 1 && reaches(value, held);
  return isPart || leadsTo(value, held) || (held.lock.cls.database !== undefined && held.via === undefined);
}

/** The worlds in which the wait for a value fails, if anything is known of that. */
export function failedWaits(value: Value | undefined, world: World): readonly World[] {
  return membersOf(value).flatMap((member) => {
    if (member.kind !== 'promise' || !member.task.rejections) return [];
    const rest = dropTokens(world, tokensOf(member.task));
    return member.task.rejections.map((end) => addHeld(releaseAll(rest, end), end.held));
  });
}

/**
 * How a function fails, by the worlds in which an exception leaves it: what it has given back, and what it holds in any of
 * what it otherwise leaves held. Undefined where that tells its callers nothing.
 */
export function failureOf(
  thrown: readonly Outcome[],
  outcomes: readonly Outcome[],
): readonly Outcome[] | undefined {
  if (thrown.length === 0) return undefined;
  const left = new Set(outcomes.flatMap(({ held }) => held.map(({ token }) => token)));
  const ends = mergeAlike(thrown, MAX_FAILURES, mergeOutcomes, givenBack).map(
    ({ held, released, releasedTokens }): Outcome => ({
      ...UNIT,
      held: held.filter(({ token }) => left.has(token)),
      released,
      releasedTokens,
    }),
  );
  return left.size > 0 || ends.some((end) => givenBack(end) !== '') ? ends : undefined;
}
