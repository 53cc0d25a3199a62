import type { SyncMutex } from '../../locks/index.ts';
import { type BudgetFigures, MemoryBudgetExceededError } from './errors.ts';
import type { GraphCell } from './lease.ts';

/** A graph that was replaced or evicted, and is kept until its last reader has left. */
export interface RetainedGraph<G> {
  readonly cell: GraphCell<G>;
  readonly bytes: number;
  /** When it went out of use, by the clock's `now`. */
  readonly retiredAt: number;
  warned: boolean;
}

/** The memory of all graphs, in bytes. */
export interface MemoryUse {
  readonly limit: number;
  readonly loaded: number;
  readonly reserved: number;
  readonly retained: number;
  /** The most that `loaded + reserved + retained` has been. */
  readonly highWater: number;
}

/** What a publish does to the accounts. */
export interface Commit<G> {
  /** What had been reserved for the new graph. */
  readonly reserved: number;
  /** How large it is. */
  readonly bytes: number;
  /** How large the graph was that it replaces; 0 for none. */
  readonly prior: number;
  /** That graph, to be kept for its readers. */
  readonly retire: RetainedGraph<G> | undefined;
}

/**
 * The books of the memory budget. Every byte of every graph that the manager answers for is in exactly one of
 * three accounts: loaded, reserved, retained. Whatever changes them moves the high-water mark.
 *
 * They are changed only while `GraphManager.admission` is held: each change looks, and the gate sees to it. To look at
 * them takes one step, and no lock.
 */
export class MemoryAccounts<G> {
  readonly limit: number;
  readonly #admission: SyncMutex;

  #loaded = 0;
  #reserved = 0;
  #retained = 0;
  #highWater = 0;
  #lastToken = 0;
  readonly #retainedOld = new Map<number, RetainedGraph<G>>();

  constructor(limit: number, admission: SyncMutex) {
    this.limit = limit;
    this.#admission = admission;
  }

  /** All that is spoken for. */
  get committed(): number {
    return this.#loaded + this.#reserved + this.#retained;
  }

  /** The accounts as they are. */
  get use(): MemoryUse {
    return {
      limit: this.limit,
      loaded: this.#loaded,
      reserved: this.#reserved,
      retained: this.#retained,
      highWater: this.#highWater,
    };
  }

  /** The graphs that are kept for their readers, by token. */
  get retainedOld(): ReadonlyMap<number, Readonly<RetainedGraph<G>>> {
    return this.#retainedOld;
  }

  /** How much is missing for `bytes` more. */
  shortfall(bytes: number): number {
    return Math.max(0, this.committed + bytes - this.limit);
  }

  /**
   * Sets `bytes` aside. @throws {@link MemoryBudgetExceededError}, and then nothing has changed.
   *
   * @requiresLock GraphManager.admission
   */
  reserve(bytes: number): void {
    this.#assertHeld();
    if (this.shortfall(bytes) > 0) throw new MemoryBudgetExceededError(this.#figures(bytes));
    this.#reserved += bytes;
    this.bumpHighWater();
  }

  /**
   * Gives back what was set aside.
   *
   * @requiresLock GraphManager.admission
   */
  refund(bytes: number): void {
    this.#assertHeld();
    this.#reserved = Math.max(0, this.#reserved - bytes);
  }

  /** The figures of a graph that does not fit in place of its reservation and its predecessor; else `undefined`. */
  oversize({ reserved, bytes }: Pick<Commit<G>, 'reserved' | 'bytes'>): BudgetFigures | undefined {
    // The predecessor is no way out: it moves from loaded to retained.
    return this.shortfall(bytes - reserved) > 0 ? this.#figures(bytes) : undefined;
  }

  /**
   * Books a publish.
   *
   * @returns The token under which the predecessor is kept, if it is.
   *
   * @requiresLock GraphManager.admission
   */
  commit({ reserved, bytes, prior, retire }: Commit<G>): number | undefined {
    this.#assertHeld();
    // First what may fail, for want of memory: until then nothing has changed.
    const token = retire && this.#retain(retire);
    this.#reserved = Math.max(0, this.#reserved - reserved);
    this.#loaded = Math.max(0, this.#loaded - prior) + bytes;
    this.bumpHighWater();
    return token;
  }

  /**
   * Books an eviction: what was loaded is kept for its readers.
   *
   * @requiresLock GraphManager.admission
   */
  retire(old: RetainedGraph<G>): number {
    this.#assertHeld();
    const token = this.#retain(old);
    this.#loaded = Math.max(0, this.#loaded - old.bytes);
    this.bumpHighWater();
    return token;
  }

  /**
   * Lets go of every retained graph that nobody reads any more: the only way out of the retained account.
   *
   * @returns Those that are still read after `drainTimeout`, each only once. It is a reason to warn, not to free.
   *
   * @requiresLock GraphManager.admission
   */
  reap(now: number, drainTimeout: number): RetainedGraph<G>[] {
    this.#assertHeld();
    const overdue: RetainedGraph<G>[] = [];
    for (const [token, old] of [...this.#retainedOld]) {
      if (old.cell.holders === 0) {
        this.#retainedOld.delete(token);
        this.#retained -= old.bytes;
      } else if (!old.warned && now - old.retiredAt > drainTimeout) {
        old.warned = true;
        overdue.push(old);
      }
    }
    this.bumpHighWater();
    return overdue;
  }

  /** Moves the high-water mark up to where the accounts are. */
  bumpHighWater(): void {
    this.#assertHeld();
    this.#highWater = Math.max(this.#highWater, this.committed);
  }

  #retain(old: RetainedGraph<G>): number {
    const token = ++this.#lastToken;
    this.#retainedOld.set(token, old);
    this.#retained += old.bytes;
    return token;
  }

  #figures(requested: number): BudgetFigures {
    return {
      limit: this.limit,
      current: this.#loaded,
      reserved: this.#reserved,
      retained: this.#retained,
      requested,
    };
  }

  #assertHeld(): void {
    if (!this.#admission.locked) throw new Error(`the accounts are changed without ${this.#admission.name}`);
  }
}
