import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { type Activation, tokensOf } from './activation.ts';
import { runUnder, settles, startTask } from './calls.ts';
import { handOver, keepingGrants, releaserOf } from './handover.ts';
import { bindingsKey, heldKey, lockKey, outcomeKey } from './keys.ts';
import { isNeverAwaited } from './promises.ts';
import { givenTo } from './settling.ts';
import {
  type Acquisition,
  type LockRef,
  membersOf,
  type Outcome,
  type Task,
  UNIT,
  type Value,
} from './values.ts';
import { bind, dropTokens, isOf, isSameLock, releaseAll, START, type World } from './world.ts';

/**
 * `p.then(f)`: one task after another. What a link leaves held is held in the links behind it, and what it gives back
 * is gone for them. A link that is only for success, or only for failure, says nothing about the other way.
 */
export function chained(
  activation: Activation,
  node: Ts.CallExpression,
  receiver: Value | undefined,
  method: string,
  args: readonly (Value | undefined)[],
  world: World,
): readonly World[] {
  const first: Task = receiver?.kind === 'promise' ? receiver.task : UNKNOWN;
  activation.waitTogether(first, world);
  const task = appended(activation, node, first, method, args, world);
  // What is only rejected by this way is resolved by another.
  if (method !== 'catch' && args.some((argument) => settles(argument))) {
    for (const one of task.acquisitions) activation.waitsFor(one, [], START);
  }
  const rest = withoutReceiver(node, dropTokens(world, tokensOf(first)));
  if (!isNeverAwaited(node)) return [startTask(node, task, rest)];
  return [startTask(node, keepingGrants(task), handOver(activation, node, task, rest))];
}

/**
 * The task of a link holds all that came before it, so the value of the chain up to it is no longer needed: kept for
 * every link, the worlds of a long chain would hold it over and over.
 */
function withoutReceiver(node: Ts.CallExpression, world: World): World {
  const callee = skipParentheses(node.expression);
  const receiver = ts.isPropertyAccessExpression(callee) ? skipParentheses(callee.expression) : undefined;
  return receiver && ts.isCallExpression(receiver) ? bind(world, receiver, undefined) : world;
}

const UNKNOWN: Task = { acquisitions: [], outcomes: [UNIT] };

/** Where nothing is known of how a task fails, it has given nothing back by then. */
function rejectionsOf({ rejections }: Task): readonly Outcome[] {
  return rejections ?? [UNIT];
}

function appended(
  activation: Activation,
  node: Ts.CallExpression,
  first: Task,
  method: string,
  args: readonly (Value | undefined)[],
  world: World,
): Task {
  const link = new Link(activation, node, world);
  const failed = rejectionsOf(first);
  const [handler, another] = args;
  switch (method) {
    case 'finally': {
      const ways = [first.outcomes, failed].map((outcomes) =>
        outcomes.map((outcome) => ({ outcome, ends: link.run(handler, [], outcome) })),
      );
      const [done = [], caught = []] = ways;
      return link.task(
        first,
        done.flatMap(({ outcome, ends }) => ends.done.map((end) => ({ ...end, value: outcome.value }))),
        [
          ...caught.flatMap(({ ends }) => [...ends.done, ...ends.failed]),
          ...done.flatMap(({ ends }) => ends.failed),
        ],
      );
    }
    case 'catch': {
      const ends = failed.map((outcome) => link.run(handler, [], outcome));
      return link.task(
        first,
        [...ends.flatMap(({ done }) => done), ...first.outcomes],
        ends.flatMap((end) => end.failed),
      );
    }
    default: {
      const ends = first.outcomes.map((outcome) => link.run(handler, [outcome.value], outcome));
      const caught = another ? failed.map((outcome) => link.run(another, [], outcome)) : undefined;
      const all = [...ends, ...(caught ?? [])];
      return link.task(
        first,
        all.flatMap(({ done }) => done),
        [...(caught ? [] : failed), ...all.flatMap((end) => end.failed)],
      );
    }
  }
}

/** The ways in which a link ends. */
interface Ends {
  readonly done: readonly Outcome[];
  readonly failed: readonly Outcome[];
}

/** One link of a chain of promises, run in each of the ways that the chain may have come to it. */
class Link {
  readonly #activation: Activation;
  readonly #node: Ts.CallExpression;
  readonly #world: World;
  readonly #acquisitions: Acquisition[] = [];
  readonly #runs = new Map<string, Ends>();

  constructor(activation: Activation, node: Ts.CallExpression, world: World) {
    this.#activation = activation;
    this.#node = node;
    this.#world = world;
  }

  /** The ways in which a handler ends; without a handler the chain goes on as it came. */
  run(handler: Value | undefined, given: readonly (Value | undefined)[], before: Outcome): Ends {
    if (given.length > 0) return this.#ends(handler, given, before);
    // Handlers that are given nothing run alike wherever the same is held.
    const key = effectsKey(before);
    const known = this.#runs.get(key) ?? this.#ends(handler, given, before);
    this.#runs.set(key, known);
    return known;
  }

  /** The chain up to and with this link. */
  task(first: Task, outcomes: readonly Outcome[], failed: readonly Outcome[]): Task {
    const acquisitions = [...first.acquisitions, ...this.#acquisitions];
    const rejections = distinct(failed.map((outcome) => ({ ...outcome, value: undefined })));
    // To tell of the failures is worth while where something is given back, or held, by some end.
    const tells = [...rejections, ...outcomes].some((outcome) => effectsKey(outcome) !== effectsKey(UNIT));
    return { acquisitions, outcomes: distinct(outcomes), ...(tells && { rejections }) };
  }

  #ends(handler: Value | undefined, given: readonly (Value | undefined)[], before: Outcome): Ends {
    const done: Outcome[] = [];
    const failed: Outcome[] = [];
    let isCalled = false;
    for (const member of membersOf(handler)) {
      const releaser = releaserOf(member);
      if (releaser) {
        const { held, released, releasedTokens } = this.#activation.release(releaser, {
          ...this.#world,
          ...before,
        });
        done.push({ ...before, held, released, releasedTokens });
        isCalled = true;
      }
      if (member.kind === 'opaque' && member.promise) {
        const world = givenTo(this.#activation, member, given[0], { ...this.#world, writes: before.writes });
        done.push({ ...before, writes: world.writes, value: undefined });
        isCalled = true;
      }
      if (member.kind !== 'closure') continue;
      const world = withoutReleased(withWrites(this.#world, before), before);
      const body = before.writes.size > 0 ? this.#activation.withCaptured(member, world) : member;
      const task = runUnder(this.#activation, this.#node, body, given, before.held, world, 'later');
      isCalled = true;
      this.#acquisitions.push(...task.acquisitions.map((acquisition) => later(acquisition, before)));
      done.push(...task.outcomes.map((end) => afterwards(end, before)));
      // Where nothing is known of how it fails, it has come as far as ever; if it always fails, nowhere.
      const known = task.rejections ?? task.outcomes;
      failed.push(...(known.length > 0 ? known.map((end) => afterwards(end, before)) : [before]));
    }
    return isCalled ? { done, failed } : { done: [before], failed: [before] };
  }
}

/** A world around a link, with what the links before it have put into variables and fields. */
function withWrites(world: World, { writes }: Outcome): World {
  return writes.size === 0 ? world : { ...world, bindings: new Map([...world.bindings, ...writes]) };
}

/** A world around a link: what the links before it have given back is no longer held around it. */
function withoutReleased(world: World, before: Outcome): World {
  const outer = world.outer.filter(
    (held) =>
      !before.releasedTokens.includes(held.token) && !before.released.some((other) => isOf(held, other)),
  );
  return { ...releaseAll(world, before), outer };
}

/** An acquisition in a link: the links before it have given back what they have. */
function later(acquisition: Acquisition, { released, releasedTokens }: Outcome): Acquisition {
  return {
    ...acquisition,
    without: [...releasedTokens, ...acquisition.without],
    withoutLocks: [...released, ...acquisition.withoutLocks],
  };
}

/** The end of a link, with what the links before it have given back and put away. */
function afterwards(end: Outcome, { released, releasedTokens, writes }: Outcome): Outcome {
  const isNew = (lock: LockRef): boolean => !released.some((other) => isSameLock(other, lock));
  return {
    ...end,
    released: [...released, ...end.released.filter(isNew)],
    releasedTokens: [...new Set([...releasedTokens, ...end.releasedTokens])],
    writes: writes.size === 0 ? end.writes : new Map([...writes, ...end.writes]),
  };
}

function effectsKey({ held, released, releasedTokens, writes }: Outcome): string {
  return [
    heldKey(held),
    released.map(lockKey).sort().join(),
    [...releasedTokens].sort().join(),
    bindingsKey(writes),
  ].join('#');
}

function distinct(outcomes: readonly Outcome[]): readonly Outcome[] {
  return [...new Map(outcomes.map((outcome) => [outcomeKey(outcome), outcome])).values()];
}
