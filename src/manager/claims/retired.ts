import type { ClientId } from './client-id.ts';

/** As many clients are remembered. One that was retired so many others ago may come again. */
const MAX_RETIRED = 100_000;

/** The clients that are gone for good: what is left of each is that it may not come again. */
export class RetiredClients {
  // A Set keeps insertion order: the first is the oldest.
  readonly #ids = new Set<ClientId>();

  /** Whether `id` is gone. */
  has(id: ClientId): boolean {
    return this.#ids.has(id);
  }

  /** Remembers that `id` is gone. */
  add(id: ClientId): void {
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (oldest !== undefined && this.#ids.size > MAX_RETIRED) this.#ids.delete(oldest);
  }
}
