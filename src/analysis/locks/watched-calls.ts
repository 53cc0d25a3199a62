import type { Context } from './contexts.ts';
import type { WatchedCall } from './watcher.ts';

/** Who calls whom under what, as the last run of each caller has it. */
export class WatchedCalls {
  readonly #calls = new Map<Context, WatchedCall[]>();

  /** What a former run of the context has shown does not count any longer. */
  begins(context: Context): void {
    this.#calls.delete(context);
  }

  add(call: WatchedCall): void {
    const known = this.#calls.get(call.caller);
    if (known) known.push(call);
    else this.#calls.set(call.caller, [call]);
  }

  /** The calls by which each function is run. */
  byCallee(): ReadonlyMap<Context, readonly WatchedCall[]> {
    const callers = new Map<Context, WatchedCall[]>();
    for (const call of [...this.#calls.values()].flat()) {
      const known = callers.get(call.callee);
      if (known) known.push(call);
      else callers.set(call.callee, [call]);
    }
    return callers;
  }
}
