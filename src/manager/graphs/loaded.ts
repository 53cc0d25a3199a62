import { Mutex } from '../../locks/index.ts';
import { Undertaking } from '../undertaking.ts';
import type { GraphError } from './errors.ts';
import type { WorkspaceKey } from './key.ts';
import type { GraphCell } from './lease.ts';
import type { PendingRebuild } from './pending.ts';
import { backoffSeconds, type ServeSnapshot } from './staleness.ts';
import { CancelFlag, StateCell } from './state.ts';

/**
 * One workspace in the memory of the manager.
 *
 * `state`, `cell` and `memoryBytes` belong together: they are changed in sections without an `await`, and read
 * together under `GraphManager.workspaces`.
 *
 * @internal
 */
export class LoadedWorkspace<G> {
  readonly key: WorkspaceKey;
  readonly state = new StateCell();
  readonly cancel = new CancelFlag();
  pinned = false;

  /** The graph that is served; none before the first build and after the eviction. */
  cell: GraphCell<G> | undefined;
  memoryBytes = 0;
  memoryHighWater = 0;

  /** By the clock's `now`. */
  lastAccessed: number;
  /** When the last build succeeded, in milliseconds since the Unix epoch. */
  lastGoodAt: number | undefined;
  lastError: GraphError | undefined;
  /** Failures since the last success. */
  retryCount = 0;
  /** What the repository looked like when the graph was built, as the watcher tells it. */
  lastIndexedGitState: string | undefined;
  /** Whether a rebuild has been started whose changes are not in the graph. */
  missesChanges = false;

  /**
   * For parking changes and for deciding who drains them, and for nothing else: whoever holds it takes neither
   * `GraphManager.workspaces` nor `GraphManager.admission`, nor waits for anything.
   */
  readonly rebuildLane = new Mutex({ name: 'LoadedWorkspace.rebuildLane' });
  /** @guardedBy rebuildLane */
  pending: PendingRebuild | undefined;
  /** @guardedBy rebuildLane */
  rebuildInFlight = false;

  /** From the moment the workspace was won to the moment the end of its build is known. */
  #build: Undertaking | undefined;

  constructor(key: WorkspaceKey, now: number) {
    this.key = key;
    this.lastAccessed = now;
  }

  get root(): string {
    return this.key.indexRoot;
  }

  /** Resolves when the build that runs has ended, however it ends; at once if none runs. */
  get buildEnded(): Promise<void> {
    return this.#build?.ended ?? Promise.resolve();
  }

  /** Notes a build, which its caller ends. */
  beginBuild(): Undertaking {
    const build = new Undertaking();
    this.#build = build;
    return build;
  }

  /** Tells the builder that runs to stop. Runs its listeners, so no lock may be held. */
  abortBuild(reason: unknown): void {
    this.#build?.abort(reason);
  }

  touch(now: number): void {
    this.lastAccessed = now;
  }

  /** Whether giving the graph up frees memory, and is allowed. */
  get evictable(): boolean {
    const state = this.state.current;
    // A load has nothing to give yet, and two of them could cancel each other in turn.
    const busy = state === 'loading' || state === 'evicted' || state === 'unloaded';
    return !this.pinned && !busy && this.memoryBytes > 0;
  }

  /** @param epoch - In milliseconds since the Unix epoch. */
  recordSuccess(epoch: number): void {
    this.lastGoodAt = epoch;
    this.lastError = undefined;
    this.retryCount = 0;
    this.missesChanges = false;
  }

  recordFailure(error: GraphError): void {
    this.lastError = error;
    this.retryCount++;
  }

  /** How long whoever wants to try again should wait. */
  get retryAfterSeconds(): number {
    return backoffSeconds(this.retryCount);
  }

  /** What decides how it can be served. */
  snapshot(): ServeSnapshot {
    const { root, lastGoodAt, lastError } = this;
    return { root, state: this.state.current, lastGoodAt, lastError };
  }
}
