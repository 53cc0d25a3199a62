import { expect, onTestFinished } from 'vitest';
import type { GraphCell, GraphLease } from '../../../src/manager/graphs/lease.ts';
import { LoadedWorkspace } from '../../../src/manager/graphs/loaded.ts';
import {
  GraphManager,
  type GraphManagerOptions,
  type GraphState,
  type LoadOptions,
  type Metrics,
  type PublishHook,
  type WorkspaceKey,
  workspaceKey,
} from '../../../src/manager/index.ts';
import { FakeClock, RecordingLogger } from '../fakes.ts';

export { FakeClock, Gate, RecordingLogger, settle, turns } from '../fakes.ts';

/** A graph as far as the manager is concerned. */
export interface Graph {
  readonly name: string;
  readonly bytes: number;
}

export const MIB = 1024 * 1024;

/** The key of the repository called `name`. */
export function key(name = 'a'): WorkspaceKey {
  return workspaceKey({ indexRoot: `/repos/${name}` });
}

export function graph(name: string, bytes: number): Graph {
  return { name, bytes };
}

/** Load options for a graph of so many bytes. */
export function estimate(estimateBytes: number, options: Partial<LoadOptions> = {}): LoadOptions {
  return { estimateBytes, ...options };
}

/** Counts, and reads gauges on request. */
export class RecordingMetrics implements Metrics {
  readonly counts: string[] = [];
  readonly #gauges = new Map<string, () => number>();

  count(name: string): void {
    this.counts.push(name);
  }
  gauge(name: string, label: unknown, read: () => number): void {
    this.#gauges.set(`${name}:${label}`, read);
  }
  read(name: string, label: string): number | undefined {
    return this.#gauges.get(`${name}:${label}`)?.();
  }
}

/** A hook that remembers what it was told. */
export class RecordingHook implements PublishHook<Graph> {
  readonly published: { readonly root: string; readonly graph: Graph }[] = [];

  onPublish(root: string, cell: GraphCell<Graph>): void {
    this.published.push({ root, graph: cell.graph });
  }
}

export interface Harness {
  readonly manager: GraphManager<Graph>;
  readonly clock: FakeClock;
  readonly log: RecordingLogger;
  readonly metrics: RecordingMetrics;
}

/**
 * A manager of 1 MiB on fakes. Its reaper runs when the clock is moved, and not before. After the test its books
 * must balance.
 */
export function startGraphs(options: Partial<GraphManagerOptions<Graph>> = {}): Harness {
  const clock = new FakeClock();
  const log = new RecordingLogger();
  const metrics = new RecordingMetrics();
  const manager = new GraphManager<Graph>({
    sizeOf: ({ bytes }) => bytes,
    clock,
    logger: log,
    metrics,
    ...options,
    config: { memoryLimitMb: 1, ...options.config },
  });
  onTestFinished(async () => {
    const { reserved, loaded, retained } = manager.memory;
    expect(reserved).toBe(0);
    expect(loaded).toBe([...manager.table.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0));
    expect(retained).toBe(
      [...manager.accounts.retainedOld.values()].reduce((sum, { bytes }) => sum + bytes, 0),
    );
    await manager.close();
    expect(clock.running).toEqual([]);
  });
  return { manager, clock, log, metrics };
}

/** Publishes a graph for `name` the ordinary way, and lets go of it. */
export async function load(
  manager: GraphManager<Graph>,
  name: string,
  bytes: number,
  options: Partial<LoadOptions> = {},
): Promise<LoadedWorkspace<Graph>> {
  using _lease = await manager.getOrLoad(key(name), () => graph(name, bytes), estimate(bytes, options));
  return entry(manager, name);
}

/** Enters a workspace without a graph, in any state. */
export function insertInState(
  manager: GraphManager<Graph>,
  name: string,
  state: GraphState,
): LoadedWorkspace<Graph> {
  const workspace = new LoadedWorkspace<Graph>(key(name), manager.clock.now());
  workspace.state.set(state);
  manager.table.set(workspace.key.id, workspace);
  return workspace;
}

/** The workspace that is in the table. */
export function entry(manager: GraphManager<Graph>, name: string): LoadedWorkspace<Graph> {
  const workspace = manager.table.get(key(name).id);
  if (!workspace) throw new Error(`${name} is not there`);
  return workspace;
}

/** A lease on the graph that a workspace has. */
export function hold(workspace: LoadedWorkspace<Graph>): GraphLease<Graph> {
  if (!workspace.cell) throw new Error('no graph');
  return workspace.cell.lease();
}

/** Publishes as a builder's caller does. */
export async function publish(
  manager: GraphManager<Graph>,
  workspace: LoadedWorkspace<Graph>,
  next: Graph,
  reserve = next.bytes,
): Promise<number | undefined> {
  using reservation = await manager.reserveRebuild(workspace.key, reserve);
  using _workspaces = await manager.workspaces.acquireRead();
  return manager.publishAndRetain(reservation, workspace, next).token;
}

/** What `promise` fails with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}
