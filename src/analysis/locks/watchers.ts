import { BalanceWatcher } from './balance.ts';
import { CallbackWatcher } from './callbacks.ts';
import { CallsUnderWatcher } from './calls-under.ts';
import type { LockEngine } from './engine.ts';
import { GuardedWatcher } from './guarded.ts';
import type { LockAnnotations } from './lock-annotations.ts';
import { StaleWatcher } from './stale.ts';
import { StallWatcher } from './stalls.ts';
import { SuspensionWatcher } from './suspensions.ts';
import type { LockWatcher } from './watcher.ts';

/** What looks on for the rules that run; a rule that does not costs nothing. */
export interface Watchers {
  readonly callbacks?: CallbackWatcher;
  readonly suspensions?: SuspensionWatcher;
  readonly stalls?: StallWatcher;
  readonly balance?: BalanceWatcher;
  readonly stale?: StaleWatcher;
  readonly guarded?: GuardedWatcher;
  readonly callsUnder?: CallsUnderWatcher;
}

/** Makes the watchers that the rules of this run ask for. */
export function watchersFor(
  engine: LockEngine,
  annotations: LockAnnotations,
  rules: ReadonlySet<string>,
): Watchers {
  const isAnnotated = annotations.tags.size > 0;
  return {
    ...(rules.has('lock-callback') && { callbacks: new CallbackWatcher(engine) }),
    ...(rules.has('lock-await') && {
      suspensions: new SuspensionWatcher(engine),
      stalls: new StallWatcher(engine),
    }),
    ...(rules.has('lock-balance') && { balance: new BalanceWatcher(engine) }),
    ...(rules.has('check-then-act') && { stale: new StaleWatcher(engine) }),
    ...(rules.has('tracked-promise') && { callsUnder: new CallsUnderWatcher(engine) }),
    ...(isAnnotated && rules.has('guarded-by') && { guarded: new GuardedWatcher(engine, annotations) }),
  };
}

/** All that look on. */
export function allOf(watchers: Watchers): readonly LockWatcher[] {
  return Object.values(watchers);
}
