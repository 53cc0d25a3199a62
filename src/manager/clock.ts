/** Whatever a {@link Clock} identifies a running timer by. */
export type TimerHandle = object;

/** Time, as far as the manager needs it. Times and delays are in milliseconds. */
export interface Clock {
  /** Milliseconds since some fixed moment. Never goes back, so this is what durations are measured by. */
  now(): number;
  /** Milliseconds since the Unix epoch: what other machines, and the database, call now. */
  epoch(): number;
  /** Calls `callback` once, `delay` milliseconds from now, unless cleared before. */
  setTimeout(callback: () => void, delay: number): TimerHandle;
  /** Stops a timer; no effect on one that has fired or was cleared before. */
  clearTimeout(timer: TimerHandle): void;
}

/** The longest delay that `setTimeout` of Node.js honours; a longer one fires at once. */
export const MAX_DELAY_MS = 2 ** 31 - 1;

/** The clock of the machine. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  setTimeout: (callback, delay) => setTimeout(callback, delay).unref(),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
