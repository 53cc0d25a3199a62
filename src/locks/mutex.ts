import { createReleaser, type Releaser } from './releaser.ts';

/** Options of a lock's constructor. */
export interface LockOptions {
  /** What diagnostics call the lock: by convention `Class.field`, the name its declaration has. */
  readonly name?: string;
}

/** Options of one acquisition. */
export interface AcquireOptions {
  /** Gives the wait up when it aborts. It has no effect on a lock that is already granted. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A mutual exclusion lock for async code: first come, first served, and not reentrant.
 *
 * The caller's place in the queue is taken synchronously, by the call of `acquire`, `tryAcquire` or
 * `runExclusive`; awaiting the promise later does not change it. A release hands the lock straight to the
 * longest waiting caller, so a newcomer can never overtake the queue.
 *
 * A task that acquires a mutex it already holds waits for itself, for ever.
 *
 * @example
 * ```ts
 * const mu = new Mutex({ name: 'Registry.mu' });
 * {
 *   using _mu = await mu.acquire();
 *   // exclusive until the end of the block
 * }
 * ```
 */
export class Mutex {
  /** The name given at construction, `'Mutex'` without one. */
  readonly name: string;

  #locked = false;
  // A Set keeps insertion order, hence FIFO, and lets an aborted waiter leave from the middle in O(1).
  readonly #waiters = new Set<() => void>();

  constructor(options: LockOptions = {}) {
    this.name = options.name ?? 'Mutex';
  }

  /** Whether someone holds the lock. While someone waits for it, someone holds it. */
  get locked(): boolean {
    return this.#locked;
  }

  /**
   * Waits for the lock. The caller owns it from the moment the promise is resolved, and must release it.
   *
   * @throws The reason of `options.signal`, if it aborts before the lock is granted. The waiter then leaves
   * the queue at once.
   */
  acquire(options: AcquireOptions = {}): Promise<Releaser> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);

    const free = this.tryAcquire();
    if (free) return Promise.resolve(free);

    return new Promise((resolve, reject) => {
      const grant = (): void => {
        signal?.removeEventListener('abort', cancel);
        resolve(this.#releaser());
      };
      const cancel = (): void => {
        this.#waiters.delete(grant);
        reject(signal?.reason);
      };
      this.#waiters.add(grant);
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Takes the lock if it is free, without waiting. */
  tryAcquire(): Releaser | undefined {
    if (this.#locked) return undefined;
    this.#locked = true;
    return this.#releaser();
  }

  /**
   * Runs `callback` while holding the lock, which is released when the promise that `callback` returns settles.
   *
   * @returns What `callback` returns.
   * @throws What `callback` throws, or the reason of `options.signal` (then `callback` has not run).
   */
  async runExclusive<T>(callback: () => T | PromiseLike<T>, options?: AcquireOptions): Promise<T> {
    const release = await this.acquire(options);
    try {
      return await callback();
    } finally {
      release();
    }
  }

  #releaser(): Releaser {
    return createReleaser(() => {
      const [grant] = this.#waiters;
      if (grant) {
        // `#locked` stays true across the hand-over: there is no moment at which a newcomer finds the lock free.
        this.#waiters.delete(grant);
        grant();
      } else {
        this.#locked = false;
      }
    });
  }
}
