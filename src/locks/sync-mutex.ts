import type { LockOptions } from './mutex.ts';
import { createReleaser, type Releaser } from './releaser.ts';

/** A {@link SyncMutex} was acquired while it was held: the section called something that enters it again. */
export class SyncReentryError extends Error {
  constructor(name: string) {
    super(`${name} is acquired while it is held`);
    this.name = 'SyncReentryError';
  }
}

/** A {@link SyncMutex} was held across an `await`: its section is not one step for everyone else. */
export class HeldAcrossAwaitError extends Error {
  constructor(name: string) {
    super(`${name} was held across an await`);
    this.name = 'HeldAcrossAwaitError';
  }
}

/**
 * A section without an `await`, made visible.
 *
 * One thread runs such a section in one go, so there is nothing to wait for. What there is to get wrong is to enter
 * the section twice, or to let an `await` slip into it: the first throws at the acquisition, the second at the
 * release. And the section has a name, by which a static analysis can hold it to its place in the lock order.
 *
 * @example
 * ```ts
 * using _admission = this.admission.acquire();
 * this.reserved += bytes; // no await until the end of the block
 * ```
 */
export class SyncMutex {
  /** The name given at construction, `'SyncMutex'` without one. */
  readonly name: string;

  #section: { crossed: boolean } | undefined;

  constructor(options: LockOptions = {}) {
    this.name = options.name ?? 'SyncMutex';
  }

  /** Whether a section is open. */
  get locked(): boolean {
    return this.#section !== undefined;
  }

  /**
   * Opens the section. The releaser throws {@link HeldAcrossAwaitError} if it was open across an `await`; it is
   * closed even then.
   *
   * @throws {@link SyncReentryError} if it is open.
   */
  acquire(): Releaser {
    if (this.#section) throw new SyncReentryError(this.name);
    const section = { crossed: false };
    this.#section = section;
    // Runs with the first turn of others; by then the section must be closed.
    queueMicrotask(() => {
      section.crossed = true;
    });
    return createReleaser(() => {
      this.#section = undefined;
      if (section.crossed) throw new HeldAcrossAwaitError(this.name);
    });
  }
}
