import type { Clock } from '../clock.ts';
import type { CacheQueue } from './cache-queue.ts';
import type { SessionWorkspace } from './workspace.ts';

/** The least time, in milliseconds, between two times that the cache is told that a session is in use. */
export const TOUCH_DEBOUNCE_MS = 30_000;

/**
 * The sessions that this process has open. Every method is one step: nothing here waits, for the cache least of all.
 */
export class SessionRegistry {
  readonly #workspaces = new Map<string, SessionWorkspace>();
  readonly #cache: CacheQueue;
  readonly #clock: Clock;

  constructor(cache: CacheQueue, clock: Clock) {
    this.#cache = cache;
    this.#clock = clock;
  }

  /** The number of sessions. */
  get size(): number {
    return this.#workspaces.size;
  }

  /** Enters a session, and caches what is known of it. */
  add(workspace: SessionWorkspace): void {
    const snapshot = workspace.snapshot();
    this.#cache.enqueue(workspace.sessionId, 'L2 cache write failed on create', async (cache) => {
      await cache.cacheWorkspace(snapshot);
    });
    this.#workspaces.set(workspace.sessionId, workspace);
  }

  /** Finds a session, and counts that as its use. */
  use(sessionId: string): SessionWorkspace | undefined {
    const workspace = this.#workspaces.get(sessionId);
    if (!workspace) return undefined;
    const now = this.#clock.now();
    workspace.lastActive = now;
    if (workspace.lastTouched === undefined || now - workspace.lastTouched > TOUCH_DEBOUNCE_MS) {
      workspace.lastTouched = now;
      this.#cache.enqueue(sessionId, 'L2 cache touch failed', (cache) => cache.touch(sessionId));
    }
    return workspace;
  }

  /** Finds a session, for the manager itself: that is no use of it. */
  peek(sessionId: string): SessionWorkspace | undefined {
    return this.#workspaces.get(sessionId);
  }

  /** Whether this very workspace is entered. */
  has(workspace: SessionWorkspace): boolean {
    return this.#workspaces.get(workspace.sessionId) === workspace;
  }

  /** A copy of what is entered: whatever happens while it is walked, it stays the same. */
  all(): SessionWorkspace[] {
    return [...this.#workspaces.values()];
  }

  /**
   * Takes a session out, with everything that was kept for it: the one way out. First the entry, so that no use can
   * follow what the eviction undoes.
   *
   * @returns False if it is out already; nothing happens then.
   */
  drop(workspace: SessionWorkspace): boolean {
    if (!this.has(workspace)) return false;
    this.#workspaces.delete(workspace.sessionId);
    workspace.close();
    this.#cache.evict(workspace.sessionId);
    return true;
  }
}
