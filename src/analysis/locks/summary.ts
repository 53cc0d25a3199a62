import { outcomeKey, valueKey } from './keys.ts';
import type { Acquisition, Generator, Outcome } from './values.ts';

/** What the callers of a function need to know about it. */
export interface Summary {
  readonly kind: 'sync' | 'async' | 'generator';
  /** Where the function waits for locks, itself or through what it calls and awaits. */
  readonly acquisitions: readonly Acquisition[];
  /** No outcome means that the function is not known to end: so far, while recursion is being resolved. */
  readonly outcomes: readonly Outcome[];
  /** How the function may fail, where that tells its callers what is held or given back by then. */
  readonly rejections?: readonly Outcome[] | undefined;
  readonly yields: Generator['yields'];
  /** Whether callers must be looked at even if they mention no lock. */
  readonly carriesLocks: boolean;
  /** Whether it calls what it is given while one of its callers holds a lock: those that do must be looked at. */
  readonly callsGivenBelow: boolean;
}

/** What is known of a function before its first run: not even that it ends. */
export const BOTTOM: Summary = {
  kind: 'sync',
  acquisitions: [],
  outcomes: [],
  yields: [],
  carriesLocks: false,
  callsGivenBelow: false,
};

/** Equal summaries have equal keys. */
export function summaryKey({
  kind,
  acquisitions,
  outcomes,
  rejections,
  yields,
  carriesLocks,
  callsGivenBelow,
}: Summary): string {
  return [
    kind,
    acquisitions
      .map(
        ({ lock, at, atOnce }) =>
          `${lock.cls.id}/${lock.path ?? ''}/${at.file}:${at.start}${atOnce ? '!' : ''}`,
      )
      .sort()
      .join(),
    outcomes
      .map((outcome) => outcomeKey(outcome))
      .sort()
      .join('|'),
    (rejections ?? []).map((outcome) => outcomeKey(outcome)).join('|'),
    yields.map(({ held, value }) => held.map(({ token }) => token).join() + valueKey(value)).join(),
    String(carriesLocks),
    String(callsGivenBelow),
  ].join('\n');
}
