import type { GraphBuilder } from './builder.ts';
import {
  asBuildFailure,
  GraphBuildFailedError,
  type GraphError,
  WorkspaceEvictedError,
  WorkspaceNotLoadedError,
} from './errors.ts';
import { BuildGuard } from './guards.ts';
import type { WorkspaceKey } from './key.ts';
import type { GraphCell, GraphLease } from './lease.ts';
import type { LoadedWorkspace } from './loaded.ts';
import type { GraphManager } from './manager.ts';
import { type ChangeSet, PendingRebuild } from './pending.ts';
import type { GraphState } from './state.ts';

/** Options of a {@link RebuildDispatcher}. */
export interface RebuildDispatcherOptions<G> {
  readonly builder: GraphBuilder<G>;
  /** How much memory to set aside. @param currentBytes - The size of the graph that is served; 0 for none. */
  readonly estimateBytes: (currentBytes: number) => number;
}

/**
 * Rebuilds graphs when their files change: one rebuild per workspace at a time. What changes meanwhile is put
 * together and rebuilt next, however often it came.
 */
export class RebuildDispatcher<G> {
  readonly #manager: GraphManager<G>;
  readonly #builder: GraphBuilder<G>;
  readonly #estimateBytes: (currentBytes: number) => number;

  constructor(manager: GraphManager<G>, { builder, estimateBytes }: RebuildDispatcherOptions<G>) {
    this.#manager = manager;
    this.#builder = builder;
    this.#estimateBytes = estimateBytes;
  }

  /**
   * Takes note of changes. Whoever finds no rebuild running runs it, and every one that has become necessary in the
   * meantime; the others return at once.
   *
   * @throws {@link WorkspaceNotLoadedError} if the workspace is not there.
   * @throws What the last rebuild that was run failed with. The next one is full, so that no change is lost.
   * @throws {@link WorkspaceEvictedError} or {@link GraphBuildFailedError} if the rebuild was cancelled. Changes
   * that waited are dropped then.
   */
  async handleChanges(key: WorkspaceKey, changes: ChangeSet): Promise<void> {
    const workspace = await this.#manager.lookup(key);
    if (!workspace) throw new WorkspaceNotLoadedError(key.indexRoot);
    const first = await park(workspace, new PendingRebuild(changes, this.#manager.clock.now()));
    if (first) await this.#drain(workspace, first);
  }

  async #drain(workspace: LoadedWorkspace<G>, first: PendingRebuild): Promise<void> {
    using sentinel = new DrainLoopSentinel(workspace);
    for (let next: PendingRebuild | undefined = first; next; ) {
      const { failure, cancelled } = await this.#run(workspace, next);
      if (cancelled) {
        await abandon(workspace, sentinel);
        throw cancelled;
      }
      next = await takeNext(workspace, sentinel);
      if (!failure) continue;
      if (!next) throw failure;
      this.#manager.logger.warn('A rebuild failed; what has changed since is rebuilt next', {
        root: workspace.root,
        error: failure,
      });
    }
  }

  /** One rebuild, from `rebuilding` to the state that follows. */
  async #run(workspace: LoadedWorkspace<G>, pending: PendingRebuild): Promise<Outcome> {
    const { key, root } = workspace;
    const claimed = await this.#claim(workspace);
    if (!claimed) return { cancelled: new WorkspaceEvictedError(root) };

    using guard = claimed.guard;
    using previous = claimed.previous;
    const mode = this.#modeOf(workspace, pending, previous);
    workspace.missesChanges = true;
    let cell: GraphCell<G>;
    try {
      using reservation = await this.#manager.reserveRebuild(key, this.#estimateBytes(workspace.memoryBytes));
      const { signal } = guard;
      signal.throwIfAborted();
      const { files } = pending;
      const graph = await this.#builder({ key, root, mode, files, previous: previous?.graph, signal });
      signal.throwIfAborted();
      const builtAt = this.#manager.clock.epoch();
      this.#manager.reapOnce();

      // From here to the end of the block nobody can evict the workspace.
      using _workspaces = await this.#manager.workspaces.acquireRead();
      // ws-gate: atomic-begin
      if (workspace.cancel.pending || this.#manager.table.get(key.id) !== workspace) {
        throw new WorkspaceEvictedError(root);
      }
      ({ cell } = this.#manager.publishAndRetain(reservation, workspace, graph));
      if (pending.gitState !== undefined) workspace.lastIndexedGitState = pending.gitState;
      guard.succeed(builtAt);
      // ws-gate: atomic-end
    } catch (error) {
      return await this.#ended(workspace, claimed, error);
    }
    this.#manager.dispatchPublishHook(root, cell);
    return {};
  }

  /** Puts the workspace into `rebuilding`; `undefined` if it is gone. A load that is under way comes first. */
  async #claim(workspace: LoadedWorkspace<G>): Promise<Claimed<G> | undefined> {
    const { state, cancel, key } = workspace;
    for (;;) {
      await workspace.buildEnded;
      using _workspaces = await this.#manager.workspaces.acquireRead();
      this.#manager.assertOpen(workspace.root);
      // Taken, not read: a wish to stop an earlier rebuild must not stop this one, nor any later.
      const cancelled = cancel.take() === 'evicted';
      if (cancelled || this.#manager.table.get(key.id) !== workspace) return undefined;
      const before = state.current;
      if (!state.exchange(['unloaded', 'loaded', 'failed'], 'rebuilding')) continue;
      return { guard: new BuildGuard(workspace), before, previous: workspace.cell?.lease() };
    }
  }

  #modeOf(
    { missesChanges }: LoadedWorkspace<G>,
    { files, requiresFull }: PendingRebuild,
    previous: GraphLease<G> | undefined,
  ): 'full' | 'incremental' {
    const few = files.length <= this.#manager.config.incrementalThreshold;
    return previous && few && !requiresFull && !missesChanges ? 'incremental' : 'full';
  }

  /** Sets the state that follows a rebuild that came to nothing. Every such end passes here. */
  async #ended(
    workspace: LoadedWorkspace<G>,
    { guard, before }: Claimed<G>,
    error: unknown,
  ): Promise<Outcome> {
    const { root, cancel } = workspace;
    if (cancel.pending === 'reset') {
      using _workspaces = await this.#manager.workspaces.acquireWrite();
      // An eviction may have been quicker; it has cleared more than a reset would.
      if (cancel.take() === 'reset') {
        this.#manager.clear(workspace);
        guard.settle('unloaded');
        return { cancelled: new GraphBuildFailedError(root, 'workspace reset', { cause: error }) };
      }
      guard.settle('evicted');
      return { cancelled: new WorkspaceEvictedError(root) };
    }
    switch (cancel.take()) {
      case 'evicted':
        guard.settle('evicted');
        return { cancelled: new WorkspaceEvictedError(root) };
      case 'user':
        guard.settle(before);
        return { cancelled: new GraphBuildFailedError(root, 'rebuild cancelled', { cause: error }) };
      default: {
        const failure = asBuildFailure(root, error);
        guard.fail(failure);
        return { failure };
      }
    }
  }
}

/** How a rebuild ended: well if neither is set. */
interface Outcome {
  readonly failure?: GraphError;
  readonly cancelled?: GraphError;
}

interface Claimed<G> {
  readonly guard: BuildGuard<G>;
  /** The state before the rebuild. */
  readonly before: GraphState;
  /** The builder reads it, so it is held like by any other reader. */
  readonly previous: GraphLease<G> | undefined;
}

/** Adds changes to those that wait. @returns All of them, if the caller is to rebuild. */
async function park<G>(
  workspace: LoadedWorkspace<G>,
  changes: PendingRebuild,
): Promise<PendingRebuild | undefined> {
  using _lane = await workspace.rebuildLane.acquire();
  const all = workspace.pending?.coalesceWith(changes) ?? changes;
  if (workspace.rebuildInFlight) {
    workspace.pending = all;
    return undefined;
  }
  workspace.pending = undefined;
  workspace.rebuildInFlight = true;
  return all;
}

/**
 * The changes that came during the rebuild; if there are none the right to rebuild is given back, in the same section:
 * changes that were parked in between would wait for nobody.
 */
async function takeNext<G>(
  workspace: LoadedWorkspace<G>,
  sentinel: DrainLoopSentinel<G>,
): Promise<PendingRebuild | undefined> {
  using _lane = await workspace.rebuildLane.acquire();
  const next = workspace.pending;
  workspace.pending = undefined;
  if (!next) sentinel.release();
  return next;
}

/** Drops what waits, and gives the right to rebuild back. */
async function abandon<G>(workspace: LoadedWorkspace<G>, sentinel: DrainLoopSentinel<G>): Promise<void> {
  using _lane = await workspace.rebuildLane.acquire();
  workspace.pending = undefined;
  sentinel.release();
}

/**
 * The right to rebuild a workspace. It is given back under the lane; if something unforeseen ends the loop, without it,
 * which is the one exception: better than a workspace that is never rebuilt again.
 */
class DrainLoopSentinel<G> implements Disposable {
  #armed = true;
  readonly #workspace: LoadedWorkspace<G>;

  constructor(workspace: LoadedWorkspace<G>) {
    this.#workspace = workspace;
  }

  /** @requiresLock LoadedWorkspace.rebuildLane */
  release(): void {
    if (!this.#armed) return;
    this.#armed = false;
    this.#workspace.rebuildInFlight = false;
  }

  [Symbol.dispose](): void {
    // ws-gate-disable-next-line guarded-by -- the one exception: an unforeseen end must not leave the right taken for ever
    this.release();
  }
}
