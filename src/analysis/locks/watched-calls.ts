import type { Context } from './contexts.ts';
import { idOf } from './keys.ts';
import type { WatchedCall } from './watcher.ts';

/** Who calls whom under what, as the last run of each caller has it. */
export class WatchedCalls {
  readonly #calls = new Map<Context, Map<Context, Map<string, WatchedCall>>>();

  /** What a former run of the context has shown does not count any longer. */
  begins(context: Context): void {
    this.#calls.delete(context);
  }

  /** Calls of one function at one place that differ in nothing that matters here are one. */
  add(call: WatchedCall): void {
    const ofCaller = this.#calls.get(call.caller) ?? new Map<Context, Map<string, WatchedCall>>();
    const ofCallee = ofCaller.get(call.callee) ?? new Map<string, WatchedCall>();
    ofCallee.set(keyOf(call), call);
    ofCaller.set(call.callee, ofCallee);
    this.#calls.set(call.caller, ofCaller);
  }

  /** The calls by which each function is run. */
  byCallee(): ReadonlyMap<Context, readonly WatchedCall[]> {
    const callers = new Map<Context, WatchedCall[]>();
    for (const ofCaller of this.#calls.values()) {
      for (const [callee, calls] of ofCaller) {
        const known = callers.get(callee);
        if (known) known.push(...calls.values());
        else callers.set(callee, [...calls.values()]);
      }
    }
    return callers;
  }
}

function keyOf({ node, around }: WatchedCall): string {
  const { under, atStart, givenBack, isBeforePause } = around;
  return [
    idOf(node),
    under?.token ?? '',
    atStart.map(({ token }) => token).join(),
    givenBack.releasedTokens.join(),
    givenBack.released.map(({ cls }) => cls.id).join(),
    isBeforePause,
  ].join('|');
}

/** The functions that some call runs while a lock is held, at any distance. */
export function belowLocks(callers: ReadonlyMap<Context, readonly WatchedCall[]>): ReadonlySet<Context> {
  const callees = new Map<Context, Context[]>();
  const below = new Set<Context>();
  for (const [callee, calls] of callers) {
    for (const { caller, around } of calls) {
      if (around.atStart.length > 0) below.add(callee);
      else if (around.isWithin || around.isAtOnce) {
        const known = callees.get(caller);
        if (known) known.push(callee);
        else callees.set(caller, [callee]);
      }
    }
  }
  for (const context of below) for (const callee of callees.get(context) ?? []) below.add(callee);
  return below;
}
