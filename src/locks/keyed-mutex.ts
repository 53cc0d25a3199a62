import { type AcquireOptions, type LockOptions, Mutex } from './mutex.ts';
import { createReleaser, type Releaser } from './releaser.ts';

/**
 * One {@link Mutex} per key: callers of the same key exclude each other, callers of different keys do not.
 *
 * Keys are compared as a `Map` compares them. A key costs memory only while someone holds it or waits for it.
 *
 * @typeParam K - The type of the keys.
 */
export class KeyedMutex<K = string> {
  /** The name given at construction, `'KeyedMutex'` without one. */
  readonly name: string;

  readonly #mutexes = new Map<K, Mutex>();

  constructor(options: LockOptions = {}) {
    this.name = options.name ?? 'KeyedMutex';
  }

  /** The number of keys that are held. */
  get size(): number {
    return this.#mutexes.size;
  }

  /** Whether someone holds the lock of `key`. */
  isLocked(key: K): boolean {
    return this.#mutexes.has(key);
  }

  /**
   * Waits for the lock of `key`; the place in that key's queue is taken synchronously.
   *
   * @throws The reason of `options.signal`, if it aborts before the lock is granted.
   */
  async acquire(key: K, options?: AcquireOptions): Promise<Releaser> {
    // Nothing may be entered under the key for a caller who never gets into the queue.
    options?.signal?.throwIfAborted();
    const mutex = this.#mutexOf(key);
    return this.#forget(key, mutex, await mutex.acquire(options));
  }

  /** Takes the lock of `key` if it is free, without waiting. */
  tryAcquire(key: K): Releaser | undefined {
    if (this.isLocked(key)) return undefined;
    const mutex = this.#mutexOf(key);
    const release = mutex.tryAcquire();
    return release && this.#forget(key, mutex, release);
  }

  /**
   * Runs `callback` while holding the lock of `key`.
   *
   * @returns What `callback` returns.
   * @throws What `callback` throws, or the reason of `options.signal` (then `callback` has not run).
   */
  async runExclusive<T>(key: K, callback: () => T | PromiseLike<T>, options?: AcquireOptions): Promise<T> {
    const release = await this.acquire(key, options);
    try {
      return await callback();
    } finally {
      release();
    }
  }

  #mutexOf(key: K): Mutex {
    let mutex = this.#mutexes.get(key);
    if (!mutex) {
      mutex = new Mutex({ name: `${this.name}[*]` });
      this.#mutexes.set(key, mutex);
    }
    return mutex;
  }

  /** Makes the release that leaves `mutex` idle drop its entry too. */
  #forget(key: K, mutex: Mutex, release: Releaser): Releaser {
    return createReleaser(() => {
      release();
      // A mutex with waiters is handed over, never unlocked: unlocked means that nobody needs it.
      if (!mutex.locked) this.#mutexes.delete(key);
    });
  }
}
