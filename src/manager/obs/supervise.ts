import type { Clock } from '../clock.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 30_000;

/** What background work needs of its surroundings. */
export interface SupervisorOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Owns the work that nobody waits for: loops that run until the end, and single tasks. None of it can fail unheard
 * or outlive its owner.
 */
export class Supervisor implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor({ clock, logger, metrics }: SupervisorOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#metrics = metrics;
  }

  /** Aborts when the work is to end. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /**
   * Runs `body` until it returns, and again when it throws, after a pause of 1 s that doubles up to 30 s.
   *
   * @param body - Is to return soon after `signal` aborts.
   */
  loop(name: string, body: (signal: AbortSignal) => Promise<void>): void {
    this.#track(this.#keepRunning(name, body));
  }

  /**
   * Calls `tick` now, and again `intervalMs` after each call has ended. A tick that throws is told, and the series
   * goes on as a loop that throws does.
   */
  every(name: string, intervalMs: number, tick: (signal: AbortSignal) => Promise<void>): void {
    this.loop(name, async (signal) => {
      while (!signal.aborted) {
        await tick(signal);
        await this.sleep(intervalMs);
      }
    });
  }

  /** Runs `task` once. If it throws, that is told, and that is all. */
  spawn(name: string, task: () => Promise<void>): void {
    this.#track(
      (async () => {
        try {
          await task();
        } catch (error) {
          this.#logger.error('Background task failed', { task: name, error });
        }
      })(),
    );
  }

  /** Waits `ms`, or until the work is to end. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.signal.aborted) return resolve();
      const wake = (): void => {
        this.#clock.clearTimeout(timer);
        this.signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = this.#clock.setTimeout(wake, ms);
      this.signal.addEventListener('abort', wake, { once: true });
    });
  }

  /** Tells all work to end, and waits until it has. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    // What ends may have started more.
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** {@link Supervisor.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #keepRunning(name: string, body: (signal: AbortSignal) => Promise<void>): Promise<void> {
    for (
      let backoff = FIRST_BACKOFF_MS;
      !this.signal.aborted;
      backoff = Math.min(backoff * 2, MAX_BACKOFF_MS)
    ) {
      try {
        await body(this.signal);
        return;
      } catch (error) {
        if (this.signal.aborted) return;
        this.#logger.error('Background loop failed, and starts again', {
          loop: name,
          retry_ms: backoff,
          error,
        });
        this.#metrics.count('ws_manager_background_restarts_total', undefined);
        await this.sleep(backoff);
      }
    }
  }

  #track(work: Promise<void>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }
}
