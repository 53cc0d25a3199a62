import { untilAborted } from '../abort.ts';
import type { GraphBuilder } from './builder.ts';
import { asBuildFailure, GraphBuildFailedError, type GraphError } from './errors.ts';
import { BuildGuard } from './guards.ts';
import type { WorkspaceKey } from './key.ts';
import type { GraphCell, GraphLease } from './lease.ts';
import { LoadedWorkspace } from './loaded.ts';
import type { GraphManager } from './manager.ts';

/** Options of `GraphManager.getOrLoad`. */
export interface LoadOptions {
  /** How much memory to set aside for the graph, see `estimateGraphBytes`. */
  readonly estimateBytes: number;
  /** Whether the workspace, if it is made by this call, is kept from being evicted. Default `false`. */
  readonly pinned?: boolean;
  /** Whether to wait for a build that is under way, and to share its failure. Default `false`: it is an error. */
  readonly waitForLoad?: boolean;
  /** Gives the load up: the wait, and the build if it is this call's. */
  readonly signal?: AbortSignal | undefined;
}

/** What a caller finds: a graph, work to do, or somebody at work. */
type Joined<G> =
  | { readonly kind: 'served'; readonly lease: GraphLease<G> }
  | { readonly kind: 'claimed'; readonly workspace: LoadedWorkspace<G>; readonly guard: BuildGuard<G> }
  | { readonly kind: 'busy'; readonly workspace: LoadedWorkspace<G> };

/** See `GraphManager.getOrLoad`. */
export async function loadGraph<G>(
  manager: GraphManager<G>,
  key: WorkspaceKey,
  builder: GraphBuilder<G>,
  options: LoadOptions,
): Promise<GraphLease<G>> {
  for (;;) {
    const joined = await join(manager, key, options);
    if (joined.kind === 'served') return joined.lease;
    if (joined.kind === 'claimed') return await build(manager, joined, builder, options);

    const { root, state, buildEnded } = joined.workspace;
    if (!options.waitForLoad) {
      throw new GraphBuildFailedError(root, `workspace load already in progress (${state.current})`);
    }
    await untilAborted(buildEnded, options.signal);
    if (state.current === 'failed' && joined.workspace.lastError) throw joined.workspace.lastError;
  }
}

async function join<G>(
  manager: GraphManager<G>,
  key: WorkspaceKey,
  { signal, pinned = false }: LoadOptions,
): Promise<Joined<G>> {
  {
    using _workspaces = await manager.workspaces.acquireRead({ signal });
    const workspace = manager.table.get(key.id);
    if (workspace) return claim(manager, workspace);
  }
  using _workspaces = await manager.workspaces.acquireWrite({ signal });
  let workspace = manager.table.get(key.id);
  if (!workspace) {
    manager.assertOpen(key.indexRoot);
    workspace = new LoadedWorkspace<G>(key, manager.clock.now());
    workspace.pinned = pinned;
    manager.table.set(key.id, workspace);
  }
  return claim(manager, workspace);
}

/**
 * Takes what the workspace has, or the right to build it. The caller holds `GraphManager.workspaces`: the state and
 * the graph are those of one moment.
 *
 * @atomic
 */
function claim<G>(manager: GraphManager<G>, workspace: LoadedWorkspace<G>): Joined<G> {
  const { state, cancel, cell, root } = workspace;
  if (cell && (state.current === 'loaded' || state.current === 'rebuilding')) {
    workspace.touch(manager.clock.now());
    return { kind: 'served', lease: cell.lease() };
  }
  manager.assertOpen(root);
  if (!state.exchange(['unloaded', 'failed', 'evicted'], 'loading')) return { kind: 'busy', workspace };

  const guard = new BuildGuard(workspace);
  // Of the reasons, only an eviction is final. The others were meant for a build that has ended.
  if (cancel.take() === 'evicted') {
    cancel.request('evicted');
    const evicted = new GraphBuildFailedError(root, 'workspace evicted mid-load');
    guard.fail(evicted);
    throw evicted;
  }
  return { kind: 'claimed', workspace, guard };
}

async function build<G>(
  manager: GraphManager<G>,
  { workspace, guard: armed }: Extract<Joined<G>, { kind: 'claimed' }>,
  builder: GraphBuilder<G>,
  { estimateBytes, signal: wanted }: LoadOptions,
): Promise<GraphLease<G>> {
  using guard = armed;
  const { key, root } = workspace;
  const signal = wanted ? AbortSignal.any([guard.signal, wanted]) : guard.signal;
  let cell: GraphCell<G>;
  let lease: GraphLease<G>;
  try {
    using reservation = await manager.reserveRebuild(key, estimateBytes);
    signal.throwIfAborted();
    const graph = await builder({ key, root, mode: 'full', files: [], previous: undefined, signal });
    // A builder need not listen.
    signal.throwIfAborted();
    const [now, builtAt] = [manager.clock.now(), manager.clock.epoch()];
    // The estimate may have been low: what nobody reads any more is not to stand in the way.
    manager.reapOnce();

    // From here to the end of the block nobody can evict the workspace.
    using _workspaces = await manager.workspaces.acquireRead();
    // ws-gate: atomic-begin
    if (workspace.cancel.pending) throw new GraphBuildFailedError(root, 'workspace evicted mid-load');
    if (manager.table.get(key.id) !== workspace) {
      throw new GraphBuildFailedError(root, 'workspace removed mid-load');
    }
    ({ cell } = manager.publishAndRetain(reservation, workspace, graph));
    lease = cell.lease();
    workspace.touch(now);
    guard.succeed(builtAt);
    // ws-gate: atomic-end
  } catch (error) {
    const failure = failureOf(workspace, guard, error);
    guard.fail(failure);
    if (wanted?.aborted && error === wanted.reason) throw error;
    throw failure;
  }
  manager.dispatchPublishHook(root, cell);
  return lease;
}

/** What a load comes to that ended with `error`. Builders that are told to stop throw whatever they like. */
function failureOf<G>(
  { root, cancel }: LoadedWorkspace<G>,
  guard: BuildGuard<G>,
  error: unknown,
): GraphError {
  if (guard.signal.aborted && cancel.pending === 'evicted' && !(error instanceof GraphBuildFailedError)) {
    return new GraphBuildFailedError(root, 'workspace evicted mid-load', { cause: error });
  }
  return asBuildFailure(root, error);
}
