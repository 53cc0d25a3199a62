import type { CacheQueue } from './cache-queue.ts';
import { SessionNotFoundError } from './errors.ts';
import type { OverlayFile } from './overlay.ts';
import type { SessionRegistry } from './registry.ts';
import type { SessionRows } from './rows.ts';
import type { GraphDelta } from './session-graph.ts';
import { type SessionSnapshot, snapshotOf } from './types.ts';

/**
 * Finds what is known of sessions, wherever they are open: from this process, from the cache, or from the database, in
 * this order. Nothing is opened by that, and nothing counts as used.
 */
export class SessionLookup {
  readonly #registry: SessionRegistry;
  readonly #cache: CacheQueue;
  readonly #rows: SessionRows;

  constructor(registry: SessionRegistry, cache: CacheQueue, rows: SessionRows) {
    this.#registry = registry;
    this.#cache = cache;
    this.#rows = rows;
  }

  /** @throws {@link SessionNotFoundError} */
  async session(id: string): Promise<SessionSnapshot> {
    const here = this.#registry.peek(id)?.snapshot();
    if (here) return here;
    const cached = await this.#cache.read(id, (cache) => cache.getWorkspace(id));
    if (cached) return cached;
    const record = await this.#rows.find(id);
    if (!record) throw new SessionNotFoundError(id);
    return snapshotOf(record);
  }

  async file(id: string, path: string): Promise<OverlayFile | undefined> {
    const here = this.#registry.peek(id);
    if (here) return here.changeAt(path);
    const cached = await this.#cache.read(id, (cache) => cache.getFile(id, path));
    return cached ?? (await this.#rows.findFile(id, path));
  }

  async graph(id: string): Promise<GraphDelta | undefined> {
    const here = this.#registry.peek(id);
    if (here) return here.graph.delta();
    const cached = await this.#cache.read(id, (cache) => cache.getGraph(id));
    return cached ?? (await this.#rows.findGraph(id));
  }
}
