import type { CallLike } from '../cfg.ts';
import type { Context } from './contexts.ts';
import type { LockEngine } from './engine.ts';
import type { LockClass } from './values.ts';
import type { LockWatcher, Step } from './watcher.ts';
import type { World } from './world.ts';

/** Looks for calls that are made while a lock is held, in the function itself or around it, and that do not end that. */
export class CallsUnderWatcher implements LockWatcher {
  readonly #engine: LockEngine;
  readonly #calls = new Map<Context, Map<CallLike, LockClass | undefined>>();

  constructor(engine: LockEngine) {
    this.#engine = engine;
  }

  begins(context: Context): void {
    this.#calls.delete(context);
  }

  passes({ context, node: { action }, world }: Step, way: string, after: World): void {
    if (action.kind !== 'call' || way !== 'next') return;
    const isStillHeld = (token: string): boolean => after.held.some((one) => one.token === token);
    // What was asked for and not waited for may not be there yet.
    const held = world.held.find(({ token, doubt }) => doubt !== 'awaited' && isStillHeld(token));
    // Who has given back a lock of its caller's may run under none.
    if (!held && after.released.length + after.releasedTokens.length > 0) return;
    const known = this.#calls.get(context) ?? new Map<CallLike, LockClass | undefined>();
    known.set(action.node, known.get(action.node) ?? held?.lock.cls);
    this.#calls.set(context, known);
  }

  /** The calls, each with a lock that is held there. */
  found(): ReadonlyMap<CallLike, LockClass> {
    const around = this.#engine.locksAround();
    const found = new Map<CallLike, LockClass>();
    for (const [context, calls] of this.#calls) {
      for (const [call, own] of calls) {
        const lock = own ?? around.get(context);
        if (lock && !found.has(call)) found.set(call, lock);
      }
    }
    return found;
  }
}
