import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import type { Metrics } from '../obs/metrics.ts';
import type { WorkspaceCache } from './cache.ts';

/** As many operations of one session as may wait: a cache that is slower than that is emptied rather than followed. */
const MAX_WAITING = 64;

/** An operation on the cache, and what to say when it fails. */
interface Operation {
  readonly failure: string;
  readonly run: (cache: WorkspaceCache) => Promise<void>;
}

interface Lane {
  readonly waiting: Operation[];
  readonly drained: Promise<void>;
}

/**
 * Writes to the cache, which nobody waits for. The operations of one session run one after the other in the order in
 * which they were asked for, so that a write can never come after the eviction that was to undo it. No failure
 * reaches a caller.
 */
export class CacheQueue {
  readonly #cache: WorkspaceCache;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #lanes = new Map<string, Lane>();

  constructor(cache: WorkspaceCache, clock: Clock, logger: Logger, metrics: Metrics) {
    this.#cache = cache;
    this.#clock = clock;
    this.#logger = logger;
    this.#metrics = metrics;
  }

  /** Queues an operation on what is cached of a session. */
  enqueue(sessionId: string, failure: string, run: Operation['run']): void {
    const lane = this.#lanes.get(sessionId);
    if (!lane) {
      const waiting = [{ failure, run }];
      // The first operation starts in a later turn: nothing of the cache runs inside the caller's section.
      const drained = Promise.resolve().then(() => this.#drainLane(sessionId, waiting));
      this.#lanes.set(sessionId, { waiting, drained });
    } else if (lane.waiting.length < MAX_WAITING) {
      lane.waiting.push({ failure, run });
    } else {
      // A cache that has nothing of a session is right about it, whatever was to be written.
      lane.waiting.length = 0;
      lane.waiting.push({ failure: EVICT_FAILED, run: (cache) => cache.evict(sessionId) });
    }
  }

  /** Queues the removal of everything that is cached of a session. */
  evict(sessionId: string): void {
    this.enqueue(sessionId, EVICT_FAILED, (cache) => cache.evict(sessionId));
  }

  /**
   * Reads from the cache.
   *
   * @returns `null` if the cache does not have it, or fails, or has yet to be told something of the session.
   */
  async read<T>(sessionId: string, read: (cache: WorkspaceCache) => Promise<T | null>): Promise<T | null> {
    // What is queued may be the eviction.
    if (this.#lanes.has(sessionId)) return null;
    try {
      return await read(this.#cache);
    } catch (error) {
      this.#report('L2 cache read failed', sessionId, error);
      return null;
    }
  }

  /** Waits until nothing is queued, but no longer than `ms`. */
  async drain(ms: number): Promise<void> {
    const lanes = [...this.#lanes.values()].map(({ drained }) => drained);
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimeout(resolve, ms);
      void Promise.all(lanes).then(() => {
        this.#clock.clearTimeout(timer);
        resolve();
      });
    });
  }

  async #drainLane(sessionId: string, waiting: Operation[]): Promise<void> {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      try {
        await next.run(this.#cache);
      } catch (error) {
        this.#report(next.failure, sessionId, error);
      }
    }
    this.#lanes.delete(sessionId);
  }

  #report(failure: string, sessionId: string, error: unknown): void {
    this.#logger.warn(failure, { session_id: sessionId, error });
    this.#metrics.count('ws_manager_cache_errors_total', undefined);
  }
}

const EVICT_FAILED = 'L2 cache evict failed';
