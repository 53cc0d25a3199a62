import { BalanceWatcher } from './balance.ts';
import { CallbackWatcher } from './callbacks.ts';
import type { LockEngine } from './engine.ts';
import { StallWatcher } from './stalls.ts';
import { SuspensionWatcher } from './suspensions.ts';
import type { LockWatcher } from './watcher.ts';

/** What looks on for the rules that run; a rule that does not costs nothing. */
export interface Watchers {
  readonly callbacks?: CallbackWatcher;
  readonly suspensions?: SuspensionWatcher;
  readonly stalls?: StallWatcher;
  readonly balance?: BalanceWatcher;
}

/** Makes the watchers that the rules of this run ask for. */
export function watchersFor(engine: LockEngine, rules: ReadonlySet<string>): Watchers {
  return {
    ...(rules.has('lock-callback') && { callbacks: new CallbackWatcher(engine) }),
    ...(rules.has('lock-await') && {
      suspensions: new SuspensionWatcher(engine),
      stalls: new StallWatcher(engine),
    }),
    ...(rules.has('lock-balance') && { balance: new BalanceWatcher(engine) }),
  };
}

/** All that look on. */
export function allOf(watchers: Watchers): readonly LockWatcher[] {
  return Object.values(watchers);
}
