import type { AcquireOptions, LockOptions } from './mutex.ts';
import { createReleaser, type Releaser } from './releaser.ts';

type Mode = 'read' | 'write';

interface Waiter {
  readonly mode: Mode;
  grant(): void;
}

/**
 * A lock for async code that many readers may hold at once, or one writer: first come, first served, and not
 * reentrant in either mode.
 *
 * The caller's place in the queue is taken synchronously. Nobody overtakes: a reader that comes after a waiting
 * writer waits behind it, so that readers cannot starve a writer. For the same reason a task that reads and asks to
 * read again may wait for itself, once a writer has come in between.
 *
 * @example
 * ```ts
 * const table = new RwLock({ name: 'Registry.table' });
 * {
 *   using _table = await table.acquireRead();
 *   // beside other readers, never beside a writer, until the end of the block
 * }
 * ```
 */
export class RwLock {
  /** The name given at construction, `'RwLock'` without one. */
  readonly name: string;

  #readers = 0;
  #writing = false;
  // A Set keeps insertion order, hence FIFO, and lets an aborted waiter leave from the middle in O(1).
  readonly #waiters = new Set<Waiter>();

  constructor(options: LockOptions = {}) {
    this.name = options.name ?? 'RwLock';
  }

  /** How many hold the lock for reading. */
  get readers(): number {
    return this.#readers;
  }

  /** Whether someone holds the lock for writing. */
  get writing(): boolean {
    return this.#writing;
  }

  /**
   * Waits until nobody writes, nor waits to write.
   *
   * @throws The reason of `options.signal`, if it aborts before the lock is granted.
   */
  acquireRead(options?: AcquireOptions): Promise<Releaser> {
    return this.#acquire('read', options);
  }

  /**
   * Waits until nobody reads or writes.
   *
   * @throws The reason of `options.signal`, if it aborts before the lock is granted.
   */
  acquireWrite(options?: AcquireOptions): Promise<Releaser> {
    return this.#acquire('write', options);
  }

  #acquire(mode: Mode, { signal }: AcquireOptions = {}): Promise<Releaser> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#waiters.size === 0 && this.#admits(mode)) return Promise.resolve(this.#enter(mode));

    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        mode,
        grant: () => {
          signal?.removeEventListener('abort', cancel);
          resolve(this.#enter(mode));
        },
      };
      const cancel = (): void => {
        this.#waiters.delete(waiter);
        reject(signal?.reason);
        // A writer that gives up may have kept readers waiting who need not wait any more.
        this.#admitWaiters();
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  #admits(mode: Mode): boolean {
    return !this.#writing && (mode === 'read' || this.#readers === 0);
  }

  #enter(mode: Mode): Releaser {
    if (mode === 'read') this.#readers++;
    else this.#writing = true;
    return createReleaser(() => {
      if (mode === 'read') this.#readers--;
      else this.#writing = false;
      this.#admitWaiters();
    });
  }

  /** Grants the lock to whoever is first in the queue, as long as there is room. */
  #admitWaiters(): void {
    for (const waiter of this.#waiters) {
      if (!this.#admits(waiter.mode)) return;
      this.#waiters.delete(waiter);
      waiter.grant();
    }
  }
}
