import type { LockEngine } from './engine.ts';
import type { LockWatcher } from './watcher.ts';

/** What looks on for the rules that run; a rule that does not costs nothing. */
// biome-ignore lint/suspicious/noEmptyInterface: each rule adds its own
export interface Watchers {}

/** Makes the watchers that the rules of this run ask for. */
export function watchersFor(_engine: LockEngine, _rules: ReadonlySet<string>): Watchers {
  return {};
}

/** All that look on. */
export function allOf(watchers: Watchers): readonly LockWatcher[] {
  return Object.values(watchers);
}
