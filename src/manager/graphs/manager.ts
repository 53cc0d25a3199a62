import { RwLock, SyncMutex } from '../../locks/index.ts';
import { type Clock, systemClock } from '../clock.ts';
import { withDeadline } from '../deadline.ts';
import { type Logger, silentLogger } from '../obs/log.ts';
import { silentMetrics } from '../obs/metrics.ts';
import { Supervisor } from '../obs/supervise.ts';
import { MemoryAccounts, type MemoryUse, type RetainedGraph } from './admission.ts';
import type { GraphBuilder } from './builder.ts';
import {
  GraphArgumentError,
  GraphBuildFailedError,
  ResetCancellationDispatchedError,
  ResetWhileLoadingError,
  WorkspaceEvictedError,
  WorkspaceNotLoadedError,
  WorkspaceOversizeError,
  WorkspacePinnedError,
} from './errors.ts';
import { RollbackGuard } from './guards.ts';
import { hookSpawner, noOpHook, type PublishHook, type SpawnHook } from './hook.ts';
import { compareKeys, type WorkspaceKey } from './key.ts';
import { GraphCell, type GraphLease, LeakDetector } from './lease.ts';
import { type LoadOptions, loadGraph } from './load.ts';
import type { LoadedWorkspace } from './loaded.ts';
import { checkedConfig, type GraphConfig, type GraphManagerOptions } from './options.ts';
import { RebuildReservation } from './reservation.ts';
import { type ReadGraph, type ReadOptions, readGraph, type Served } from './serve.ts';
import { classify } from './staleness.ts';
import { describeLoaded, type GraphStatus, type WorkspaceStatus } from './status.ts';

/** How often retained graphs are looked at. */
const REAP_INTERVAL_MS = 25;

/**
 * Graphs of workspaces under one memory budget: built once, shared by their readers, given up when others need
 * the room, and kept until the last reader has left.
 *
 * Locks: `GraphManager.workspaces`, then `LoadedWorkspace.rebuildLane`, then `GraphManager.admission`. The lane is
 * never held together with either of the others. Builders, hooks, abort listeners and the logger run with none.
 *
 * @typeParam G - The graph.
 */
export class GraphManager<G> implements AsyncDisposable {
  /**
   * Which workspaces there are. First in the order.
   *
   * Held for reading while a graph is published, and for writing while one is evicted, each from the last look at
   * the workspace to the last change of it: a graph is never published into a workspace that is gone, and a state is
   * never read together with the graph of another. The sections suspend nowhere but at the acquisition.
   *
   * @internal
   */
  readonly workspaces = new RwLock({ name: 'GraphManager.workspaces' });

  /**
   * The books of the memory budget. Innermost: whoever holds it acquires nothing, calls nobody, and is done within
   * the turn.
   *
   * @internal
   */
  readonly admission = new SyncMutex({ name: 'GraphManager.admission' });

  /**
   * By the key's id.
   * @guardedBy workspaces
   * @internal
   */
  readonly table = new Map<string, LoadedWorkspace<G>>();

  /** @internal */
  readonly accounts: MemoryAccounts<G>;

  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly logger: Logger;
  readonly config: GraphConfig;

  readonly #sizeOf: (graph: G) => number;
  readonly #version: string;
  readonly #startedAt: number;
  readonly #supervisor: Supervisor;
  readonly #leaks: LeakDetector;
  readonly #spawnHook: SpawnHook;
  // A plain field, read in one step by whoever dispatches: a hook that is replaced meanwhile is the one before.
  #hook: PublishHook<G>;
  #closing = false;

  /** @throws {@link GraphArgumentError} for a figure of the configuration that cannot be. */
  constructor(options: GraphManagerOptions<G>) {
    const { clock = systemClock, logger = silentLogger, metrics = silentMetrics } = options;
    this.config = checkedConfig(options.config);
    this.clock = clock;
    this.logger = logger;
    this.#sizeOf = options.sizeOf;
    this.#version = options.version ?? '';
    this.#hook = options.hook ?? noOpHook;
    this.#startedAt = clock.now();
    this.#leaks = new LeakDetector(logger, metrics);
    this.#supervisor = new Supervisor({ clock, logger, metrics });
    this.#spawnHook = hookSpawner({ supervisor: this.#supervisor, clock, logger });

    const accounts = new MemoryAccounts<G>(this.config.memoryLimitMb * 1024 * 1024, this.admission);
    this.accounts = accounts;
    metrics.gauge('ws_manager_graph_bytes', 'loaded', () => accounts.use.loaded);
    metrics.gauge('ws_manager_graph_bytes', 'reserved', () => accounts.use.reserved);
    metrics.gauge('ws_manager_graph_bytes', 'retained', () => accounts.use.retained);

    startReaper(this.#supervisor, new WeakRef(this));
  }

  /** All graph memory that the manager answers for, in bytes. */
  get totalCommittedBytes(): number {
    return this.accounts.committed;
  }

  /** The memory of all graphs. */
  get memory(): MemoryUse {
    return this.accounts.use;
  }

  /**
   * The graph of a workspace, built if there is none. Parallel calls build once: those who come while it is being
   * built are told so, or wait (`waitForLoad`).
   *
   * @returns A lease. Bind it with `using`.
   * @throws {@link GraphBuildFailedError} if the build fails, is under way, or is overtaken by an eviction.
   * @throws {@link MemoryBudgetExceededError} or {@link WorkspaceOversizeError} if there is no room.
   * @throws The reason of `options.signal`.
   */
  getOrLoad(key: WorkspaceKey, builder: GraphBuilder<G>, options: LoadOptions): Promise<GraphLease<G>> {
    return loadGraph(this, key, builder, options);
  }

  /**
   * Reads the graph of a workspace, fresh or stale, under a lease that nobody can forget. A read that takes too
   * long is given up; its lease ends when `read` does.
   *
   * @throws {@link ToolTimeoutError} {@link WorkspaceNotLoadedError}, and as {@link GraphManager.classifyForServe}.
   */
  withGraph<T>(key: WorkspaceKey, read: ReadGraph<G, T>, options: ReadOptions = {}): Promise<T> {
    return readGraph(this, key, read, options);
  }

  /**
   * How a workspace can be served right now, with a lease on the graph if it can. Counts as a use of the workspace.
   *
   * @param now - In milliseconds since the Unix epoch.
   * @throws {@link StaleExpiredError} {@link GraphBuildFailedError} {@link WorkspaceEvictedError}
   */
  async classifyForServe(key: WorkspaceKey, now = this.clock.epoch()): Promise<Served<G>> {
    const usedAt = this.clock.now();
    using _workspaces = await this.workspaces.acquireRead();
    const workspace = this.table.get(key.id);
    if (!workspace) throw new WorkspaceEvictedError(key.indexRoot);
    const freshness = classify(workspace.snapshot(), now, this.config.staleServeMaxAgeHours);
    if (freshness.kind === 'not-ready') return freshness;
    // A rebuild may be the first build.
    if (!workspace.cell) return { kind: 'not-ready', state: workspace.state.current };
    workspace.touch(usedAt);
    return { ...freshness, lease: workspace.cell.lease() };
  }

  /**
   * Sets memory aside for a build, after evicting what has not been used for longest if there is no room otherwise.
   *
   * @returns A reservation. Bind it with `using`.
   * @throws {@link WorkspaceEvictedError} if the workspace is not there, or is to go.
   * @throws {@link MemoryBudgetExceededError} if there is no room all the same; nothing is set aside then.
   * @internal
   */
  async reserveRebuild(key: WorkspaceKey, bytes: number): Promise<RebuildReservation> {
    if (!(Number.isSafeInteger(bytes) && bytes >= 0)) {
      throw new GraphArgumentError('estimateBytes', `a whole number from 0 up, got ${bytes}`);
    }
    // What nobody reads any more must neither cost another workspace its graph nor be held against the caller.
    this.reapOnce();
    const victims = await this.#planEviction(key, bytes);
    if (victims.length > 0) {
      await this.#evictAll(victims);
      this.reapOnce();
    }
    // What was planned may be overtaken by now: this decides.
    using _admission = this.admission.acquire();
    this.accounts.reserve(bytes);
    return new RebuildReservation(bytes, (unused) => this.#refund(unused));
  }

  /**
   * Makes `graph` the one that is served, keeps the one before for its readers, and consumes the reservation. Either
   * all of it happens or nothing does.
   *
   * The caller has made sure, in the same section, that the workspace is still wanted; afterwards, with no lock held, it
   * calls {@link GraphManager.dispatchPublishHook}. There is no `await` in here.
   *
   * @requiresLock workspaces shared
   * @throws {@link WorkspaceOversizeError}
   * @internal
   * @atomic
   */
  publishAndRetain(reservation: RebuildReservation, workspace: LoadedWorkspace<G>, graph: G): Published<G> {
    reservation.assertOpen();
    const bytes = this.#measure(graph);
    const reserved = reservation.bytes;
    const prior = workspace.memoryBytes;
    const retire = this.#retired(workspace);
    const cell = new GraphCell(graph, workspace.root, this.#leaks);

    const figures = this.accounts.oversize({ reserved, bytes });
    if (figures) throw new WorkspaceOversizeError(workspace.root, figures);

    using rollback = new RollbackGuard(workspace);
    workspace.cell = cell;
    workspace.memoryBytes = bytes;
    let token: number | undefined;
    {
      using _admission = this.admission.acquire();
      token = this.accounts.commit({ reserved, bytes, prior, retire });
      reservation.consume();
    }
    rollback.disarm();
    workspace.memoryHighWater = Math.max(workspace.memoryHighWater, bytes);
    return { cell, token };
  }

  /**
   * Tells the hook of a published graph: the one way for every publisher, with no lock held. Whatever the hook does,
   * the graph is published.
   *
   * @internal
   */
  dispatchPublishHook(root: string, cell: GraphCell<G>): void {
    const failed = (error: unknown): void =>
      this.logger.warn('A publish hook failed', { root, hook: 'onPublish', error });
    try {
      // An async function fits the type, and its rejection must not end the process.
      const outcome: unknown = this.#hook.onPublish(root, cell, this.#spawnHook);
      if (outcome instanceof Promise) outcome.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Replaces the hook, for publishes to come. */
  setHook(hook: PublishHook<G>): void {
    this.#hook = hook;
  }

  /** Drops the workspace. Its graph is kept for those who read it. @returns Whether it was there. */
  async unload(key: WorkspaceKey): Promise<boolean> {
    let workspace: LoadedWorkspace<G> | undefined;
    {
      using _workspaces = await this.workspaces.acquireWrite();
      workspace = this.table.get(key.id);
      if (workspace) this.#evict(workspace);
    }
    this.#stopBuild(workspace);
    return workspace !== undefined;
  }

  /** Drops the workspace that has not been used for longest, unless it is pinned or has nothing to give. */
  async evictLru(): Promise<WorkspaceKey | undefined> {
    let victim: LoadedWorkspace<G> | undefined;
    {
      using _workspaces = await this.workspaces.acquireWrite();
      [victim] = this.#evictable();
      if (victim) this.#evict(victim);
    }
    this.#stopBuild(victim);
    return victim?.key;
  }

  /** Keeps the workspace from being evicted. @returns Whether it is there. */
  async pin(key: WorkspaceKey): Promise<boolean> {
    using _workspaces = await this.workspaces.acquireRead();
    const workspace = this.table.get(key.id);
    if (workspace) workspace.pinned = true;
    return workspace !== undefined;
  }

  /** Undoes {@link GraphManager.pin}. @returns Whether the workspace is there. */
  async unpin(key: WorkspaceKey): Promise<boolean> {
    using _workspaces = await this.workspaces.acquireRead();
    const workspace = this.table.get(key.id);
    if (workspace) workspace.pinned = false;
    return workspace !== undefined;
  }

  /** Stops a rebuild; what is served stays. @returns Whether one was running. */
  async cancelRebuild(key: WorkspaceKey): Promise<boolean> {
    const workspace = await this.lookup(key);
    if (workspace?.state.current !== 'rebuilding') return false;
    workspace.cancel.request('user');
    workspace.abortBuild(new GraphBuildFailedError(workspace.root, 'rebuild cancelled'));
    return true;
  }

  /**
   * Gives up the graph of a workspace and forgets its failures, as if it had never been built.
   *
   * @throws {@link WorkspaceNotLoadedError} {@link WorkspacePinnedError} {@link ResetWhileLoadingError}
   * @throws {@link ResetCancellationDispatchedError} during a rebuild, which is stopped; the reset follows.
   */
  async reset(key: WorkspaceKey): Promise<void> {
    const root = key.indexRoot;
    let workspace: LoadedWorkspace<G> | undefined;
    {
      using _workspaces = await this.workspaces.acquireWrite();
      workspace = this.table.get(key.id);
      if (!workspace) throw new WorkspaceNotLoadedError(root);
      if (workspace.pinned) throw new WorkspacePinnedError(root);
      const state = workspace.state.current;
      if (state === 'loading') throw new ResetWhileLoadingError(root);
      if (state !== 'rebuilding') return this.clear(workspace);
      workspace.cancel.request('reset');
    }
    const dispatched = new ResetCancellationDispatchedError(root);
    workspace.abortBuild(dispatched);
    throw dispatched;
  }

  /** One workspace, as {@link GraphManager.status} tells it. */
  async describe(key: WorkspaceKey): Promise<WorkspaceStatus | undefined> {
    const workspace = await this.lookup(key);
    return workspace && describeLoaded(workspace);
  }

  /** The workspace at a root. Where several keys share it, the first by mode, then by fingerprint. */
  async findByPath(indexRoot: string): Promise<WorkspaceKey | undefined> {
    using _workspaces = await this.workspaces.acquireRead();
    return [...this.table.values()]
      .map(({ key }) => key)
      .filter((key) => key.indexRoot === indexRoot)
      .sort(compareKeys)[0];
  }

  /** All workspaces and the memory. */
  async status(): Promise<GraphStatus> {
    const memory = this.#bumpedMemory();
    const uptime = this.clock.now() - this.#startedAt;
    using _workspaces = await this.workspaces.acquireRead();
    return {
      workspaces: [...this.table.values()].sort((a, b) => compareKeys(a.key, b.key)).map(describeLoaded),
      memory,
      uptimeSeconds: Math.floor(uptime / 1_000),
      version: this.#version,
    };
  }

  /**
   * Lets go of the graphs that nobody reads any more, and warns once of each that is read for long. Called every
   * 25 ms, and whenever memory is short.
   *
   * @internal
   */
  reapOnce(): void {
    const now = this.clock.now();
    let overdue: readonly RetainedGraph<G>[];
    {
      using _admission = this.admission.acquire();
      overdue = this.accounts.reap(now, this.config.rebuildDrainTimeoutMs);
    }
    for (const { cell, bytes } of overdue) {
      this.logger.warn('A graph that is out of use is still being read', {
        root: cell.root,
        bytes,
        holders: cell.holders,
      });
    }
  }

  /** @internal */
  async lookup(key: WorkspaceKey): Promise<LoadedWorkspace<G> | undefined> {
    using _workspaces = await this.workspaces.acquireRead();
    return this.table.get(key.id);
  }

  /** @throws {@link GraphBuildFailedError} once the manager is closing. @internal */
  assertOpen(root: string): void {
    if (this.#closing) throw new GraphBuildFailedError(root, 'the graph manager is closed');
  }

  /**
   * Brings a workspace back to where it was before its first build.
   *
   * @requiresLock workspaces
   * @internal
   */
  clear(workspace: LoadedWorkspace<G>): void {
    this.#retire(workspace);
    workspace.cancel.take();
    workspace.lastGoodAt = undefined;
    workspace.lastError = undefined;
    workspace.retryCount = 0;
    workspace.lastIndexedGitState = undefined;
    workspace.state.set('unloaded');
  }

  /**
   * Stops the builds that run, waits for them as long as `shutdownDrainMs`, and stops the reaper. Idempotent.
   * Graphs that are there stay readable.
   */
  async close(): Promise<void> {
    this.#closing = true;
    let all: LoadedWorkspace<G>[];
    {
      using _workspaces = await this.workspaces.acquireRead();
      all = [...this.table.values()];
    }
    for (const each of all) {
      each.abortBuild(new GraphBuildFailedError(each.root, 'the graph manager is closed'));
    }
    await this.#drain(all);
    await this.#supervisor.close();
    this.reapOnce();
  }

  /** {@link GraphManager.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #drain(workspaces: readonly LoadedWorkspace<G>[]): Promise<void> {
    const builds = async () => await Promise.all(workspaces.map(({ buildEnded }) => buildEnded));
    await withDeadline(this.clock, this.config.shutdownDrainMs, 'the builds', builds).catch(() => {
      this.logger.warn('Closed while a build is still running', {});
    });
  }

  /** Who has to go so that there is room for `bytes` more; nobody if that would not be enough. */
  async #planEviction(key: WorkspaceKey, bytes: number): Promise<LoadedWorkspace<G>[]> {
    using _workspaces = await this.workspaces.acquireRead();
    const requester = this.table.get(key.id);
    if (!requester || requester.cancel.pending) throw new WorkspaceEvictedError(key.indexRoot);
    let missing = this.accounts.shortfall(bytes);
    const victims: LoadedWorkspace<G>[] = [];
    for (const candidate of this.#evictable()) {
      if (missing <= 0) break;
      // The memory of a graph that is being read is not free by an eviction.
      if (candidate === requester || candidate.cell?.holders !== 0) continue;
      victims.push(candidate);
      missing -= candidate.memoryBytes;
    }
    return missing > 0 ? [] : victims;
  }

  async #evictAll(victims: readonly LoadedWorkspace<G>[]): Promise<void> {
    const evicted: LoadedWorkspace<G>[] = [];
    {
      using _workspaces = await this.workspaces.acquireWrite();
      for (const victim of victims) {
        // Another may be at the key by now, and the victim may have been pinned.
        if (this.table.get(victim.key.id) !== victim || !victim.evictable) continue;
        this.#evict(victim);
        evicted.push(victim);
      }
    }
    for (const victim of evicted) this.#stopBuild(victim);
  }

  /**
   * The workspaces that may be evicted, the one longest unused first.
   *
   * @requiresLock workspaces shared
   */
  #evictable(): LoadedWorkspace<G>[] {
    return [...this.table.values()]
      .filter(({ evictable }) => evictable)
      .sort((a, b) => a.lastAccessed - b.lastAccessed);
  }

  /**
   * Takes a workspace out, whole, in one step. The caller calls {@link GraphManager.#stopBuild} when it does not hold the
   * lock any more.
   *
   * @requiresLock workspaces
   * @atomic
   */
  #evict(workspace: LoadedWorkspace<G>): void {
    this.#retire(workspace);
    // Before the removal: whoever still has the workspace in hand must find that it is to stop.
    workspace.cancel.request('evicted');
    workspace.state.set('evicted');
    this.table.delete(workspace.key.id);
  }

  #stopBuild(workspace: LoadedWorkspace<G> | undefined): void {
    workspace?.abortBuild(new WorkspaceEvictedError(workspace.root));
  }

  /** Moves the graph of a workspace from the loaded to the retained ones. */
  #retire(workspace: LoadedWorkspace<G>): void {
    const old = this.#retired(workspace);
    workspace.cell = undefined;
    workspace.memoryBytes = 0;
    if (!old) return;
    using _admission = this.admission.acquire();
    this.accounts.retire(old);
  }

  /** The graph of a workspace as it is to be retained; nothing where there is nothing to account for. */
  #retired({ cell, memoryBytes }: LoadedWorkspace<G>): RetainedGraph<G> | undefined {
    if (!cell || memoryBytes === 0) return undefined;
    return { cell, bytes: memoryBytes, retiredAt: this.clock.now(), warned: false };
  }

  #measure(graph: G): number {
    const bytes = this.#sizeOf(graph);
    if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
    throw new GraphArgumentError('size of a graph', `a whole number from 0 up, got ${bytes}`);
  }

  #refund(bytes: number): void {
    using _admission = this.admission.acquire();
    this.accounts.refund(bytes);
  }

  #bumpedMemory(): MemoryUse {
    using _admission = this.admission.acquire();
    this.accounts.bumpHighWater();
    return this.accounts.use;
  }
}

/** The outcome of a publish. */
interface Published<G> {
  readonly cell: GraphCell<G>;
  /** What the graph before is retained under; none if there was none. */
  readonly token: number | undefined;
}

/** Reaps as long as somebody has the manager. The loop must not be what keeps it. */
function startReaper<G>(supervisor: Supervisor, manager: WeakRef<GraphManager<G>>): void {
  supervisor.loop('graph reaper', async (signal) => {
    while (!signal.aborted && reap(manager)) await supervisor.sleep(REAP_INTERVAL_MS);
  });
}

function reap<G>(reference: WeakRef<GraphManager<G>>): boolean {
  const manager = reference.deref();
  manager?.reapOnce();
  return manager !== undefined;
}
