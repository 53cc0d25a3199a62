import type { Clock } from './clock.ts';

/** Something took longer than it may. */
export class DeadlineError extends Error {
  readonly code = 'ERR_DEADLINE';
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number) {
    super(`${what} did not end within ${timeoutMs} ms`);
    this.name = 'DeadlineError';
    this.timeoutMs = timeoutMs;
  }
}

/**
 * Waits for `operation`, but not longer than `timeoutMs`. One that is given up is told by its signal; whether it heeds
 * that or not, nobody waits for it, and how it ends is nobody's business.
 *
 * @param what - What the operation is called in the error; or makes the error, at the moment when it is late.
 * @param outer - Gives the wait up too, when it aborts.
 * @throws {@link DeadlineError} or the error of `what`, the reason of `outer`, or what `operation` throws.
 */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  what: string | (() => Error),
  operation: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const giveUp = (): void => controller.abort(outer?.reason);
  outer?.addEventListener('abort', giveUp, { once: true });
  const timer = clock.setTimeout(() => {
    controller.abort(typeof what === 'string' ? new DeadlineError(what, timeoutMs) : what());
  }, timeoutMs);
  try {
    return await new Promise<T>((resolve, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
      operation(controller.signal).then(resolve, reject);
    });
  } finally {
    clock.clearTimeout(timer);
    outer?.removeEventListener('abort', giveUp);
  }
}
