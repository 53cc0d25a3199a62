import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { isWaitedFor } from './joined.ts';
import { isNeverAwaited } from './promises.ts';
import type { Held, LockRef } from './values.ts';
import { START, type World } from './world.ts';

/**
 * How sure it is that something is held: not at all, nobody knows, on some of the ways that lead here, or certainly.
 */
export const CERTAINTY = { nothing: 0, unknown: 1, perhaps: 2, sure: 3 } as const;

export type Certainty = (typeof CERTAINTY)[keyof typeof CERTAINTY];

/** What a function runs under when it is called: in the call itself, and from its first pause on. */
export interface Surroundings {
  readonly holds: readonly Hold[];
  /** How much of what the caller itself runs under reaches the callee. */
  readonly inherits: Phases;
  /** The call is made before the caller's own first pause. */
  readonly isAtStart: boolean;
  /** What the caller has given back by then of what it runs under. */
  readonly released: readonly LockRef[];
  readonly releasedTokens: readonly string[];
}

/** A lock around a call. */
export interface Hold extends Phases {
  readonly held: Held;
}

export interface Phases {
  /** Until the first pause of what is called. */
  readonly start: Certainty;
  readonly rest: Certainty;
}

export const THROUGHOUT: Phases = { start: CERTAINTY.sure, rest: CERTAINTY.sure };
/** Nobody knows when it is run. */
export const SOMETIME: Phases = { start: CERTAINTY.unknown, rest: CERTAINTY.unknown };
/** It is run later, when whoever has registered it has gone on. */
export const LATER: Phases = { start: CERTAINTY.nothing, rest: CERTAINTY.nothing };

/** How much of what is held around the call of a function is held as long as the function runs. */
export function phasesOfCall(node: Ts.Node, fn: CfgOwner): Phases {
  if ('asteriskToken' in fn && fn.asteriskToken) return { start: CERTAINTY.perhaps, rest: CERTAINTY.perhaps };
  // What a function that is not async leaves running when it returns is whatever it hands out.
  return { start: CERTAINTY.sure, rest: phasesOfTask(node).rest };
}

/** How much of what is held where a task is started is held as long as the task runs. */
export function phasesOfTask(node: Ts.Node): Phases {
  if (isAwaitedHere(node)) return THROUGHOUT;
  const level = isNeverAwaited(node) ? CERTAINTY.nothing : CERTAINTY.perhaps;
  return { start: level, rest: level };
}

/** What is held in a world, around a call that it reaches so far; and what the call holds by itself. */
export function surroundings(
  { held, outer, released, releasedTokens, segment }: World,
  reaches: Phases,
  own: readonly Held[] = [],
): Surroundings {
  return {
    holds: [
      ...own.map((one) => ({ held: one, ...THROUGHOUT })),
      ...[...held, ...outer]
        .filter((one) => !own.includes(one))
        .map((one) => ({ held: one, ...weaker(reaches, certaintyOf(one)) })),
    ],
    inherits: reaches,
    isAtStart: segment === START.segment,
    released,
    releasedTokens,
  };
}

/** How sure it is that a lock is held, by what is known of it alone. */
export function certaintyOf({ doubt }: Held): Certainty {
  if (doubt === 'awaited') return CERTAINTY.nothing;
  return doubt === 'merged' ? CERTAINTY.perhaps : CERTAINTY.sure;
}

export function least(a: Certainty, b: Certainty): Certainty {
  return a < b ? a : b;
}

function weaker({ start, rest }: Phases, level: Certainty): Phases {
  return { start: least(start, level), rest: least(rest, level) };
}

/**
 * Whether the function around a call goes on only when what the call started has ended: it is awaited or returned, by
 * itself, at the end of a chain of `then`, or as one of those that a combinator waits for.
 */
function isAwaitedHere(call: Ts.Node): boolean {
  return isWaitedFor(
    call,
    (node, part) =>
      isWaitingForAll(node, part) || ts.isArrayLiteralExpression(node) || ts.isSpreadElement(node),
  );
}

function isWaitingForAll(node: Ts.Node, part: Ts.Node): boolean {
  return (
    ts.isCallExpression(node) &&
    node.arguments[0] === part &&
    /^Promise\.(?:all|allSettled)$/.test(node.expression.getText())
  );
}
