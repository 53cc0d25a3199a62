/**
 * Which workspace is open at which key.
 *
 * The backend reads and writes it under `Backend.mu` only, so an implementation needs no locking of its own, but
 * every create and every teardown waits for it: keep it fast. It may outlive the process (an entry without an
 * open workspace is dropped when it is found); it must not be shared by two running backends, each of which
 * would take the entries of the other for left-overs.
 */
export interface PathIndex {
  /** The id entered for `key`, if any. */
  get(key: string): Promise<string | undefined>;
  /** Enters `id` for `key`, in place of any earlier entry. */
  set(key: string, id: string): Promise<void>;
  /** Removes the entry of `key`, if any. */
  delete(key: string): Promise<void>;
}

/** A {@link PathIndex} that is gone with the process. */
export class MemoryPathIndex implements PathIndex {
  readonly #ids = new Map<string, string>();

  async get(key: string): Promise<string | undefined> {
    return this.#ids.get(key);
  }

  async set(key: string, id: string): Promise<void> {
    this.#ids.set(key, id);
  }

  async delete(key: string): Promise<void> {
    this.#ids.delete(key);
  }
}
