import { expect, test } from 'vitest';
import { BuildGuard } from '../../../src/manager/graphs/guards.ts';
import {
  type GraphBuild,
  GraphBuildFailedError,
  MemoryBudgetExceededError,
  workspaceKey,
} from '../../../src/manager/index.ts';
import {
  entry,
  estimate,
  failure,
  Gate,
  type Graph,
  graph,
  hold,
  insertInState,
  key,
  load,
  settle,
  startGraphs,
} from './support.ts';

test('S-T14 the first call builds, and the second gets the same graph', async () => {
  const { manager } = startGraphs();
  let builds = 0;
  const build = async ({ root, mode, files, previous }: GraphBuild<Graph>): Promise<Graph> => {
    builds++;
    expect({ root, mode, files, previous }).toEqual({
      root: '/repos/a',
      mode: 'full',
      files: [],
      previous: undefined,
    });
    return graph('a', 1_000);
  };
  using first = await manager.getOrLoad(key(), build, estimate(2_000));
  using second = await manager.getOrLoad(key(), build, estimate(2_000));
  expect(second.graph).toBe(first.graph);
  expect(builds).toBe(1);
  expect(manager.memory).toMatchObject({ loaded: 1_000, reserved: 0, retained: 0 });
});

test('S-T15 a builder that fails: its error is the caller’s, and the workspace has failed', async () => {
  const { manager } = startGraphs();
  const error = new GraphBuildFailedError('/repos/a', 'no compiler');
  const load = manager.getOrLoad(key(), () => Promise.reject(error), estimate(2_000));
  expect(await failure(load)).toBe(error);
  const workspace = entry(manager, 'a');
  expect(workspace.state.current).toBe('failed');
  expect(workspace.retryCount).toBe(1);
  expect(workspace.lastError).toBe(error);
  expect(manager.memory.reserved).toBe(0);
});

test('S-T16 what has not been used for longest is evicted', async () => {
  const { manager, clock } = startGraphs();
  for (const name of ['a', 'b', 'c']) {
    await load(manager, name, 1_000);
    clock.advance(10);
  }
  await load(manager, 'a', 1_000);
  expect((await manager.evictLru())?.indexRoot).toBe('/repos/b');
});

test('S-T17 where nothing is there is nothing to evict', async () => {
  const { manager } = startGraphs();
  expect(await manager.evictLru()).toBeUndefined();
});

test('S-T18 what is pinned is not evicted, until it is unpinned', async () => {
  const { manager, clock } = startGraphs();
  await load(manager, 'a', 1_000, { pinned: true });
  clock.advance(10);
  await load(manager, 'b', 1_000);
  expect((await manager.evictLru())?.indexRoot).toBe('/repos/b');
  expect(await manager.evictLru()).toBeUndefined();
  expect(await manager.unpin(key('a'))).toBe(true);
  expect((await manager.evictLru())?.indexRoot).toBe('/repos/a');
  expect(await manager.pin(key('a'))).toBe(false);
});

test('S-T19 unload tells whether there was something to unload', async () => {
  const { manager } = startGraphs();
  await load(manager, 'a', 1_000);
  expect(await manager.unload(key())).toBe(true);
  expect(await manager.unload(key())).toBe(false);
});

test('S-T20 status', async () => {
  const { manager, clock } = startGraphs({ version: '1.2.3' });
  clock.advance(1_000);
  await load(manager, 'b', 3_000, { pinned: true });
  await failure(manager.getOrLoad(key('a'), () => Promise.reject(new Error('boom')), estimate(5_000)));
  clock.advance(2_500);
  expect(await manager.status()).toEqual({
    workspaces: [
      {
        indexRoot: '/repos/a',
        state: 'failed',
        pinned: false,
        currentBytes: 0,
        highWaterBytes: 0,
        lastGoodAt: undefined,
        lastError: 'workspace /repos/a build failed: boom',
        retryCount: 1,
        retryAfterSeconds: 30,
      },
      {
        indexRoot: '/repos/b',
        state: 'loaded',
        pinned: true,
        currentBytes: 3_000,
        highWaterBytes: 3_000,
        lastGoodAt: Date.UTC(2030, 0) + 1_000,
        lastError: undefined,
        retryCount: 0,
        retryAfterSeconds: 0,
      },
    ],
    memory: { limit: 1024 * 1024, loaded: 3_000, reserved: 0, retained: 0, highWater: 8_000 },
    uptimeSeconds: 3,
    version: '1.2.3',
  });
});

test('S-T24 a load that is under way is an error, and nothing is reserved for it', async () => {
  const { manager } = startGraphs();
  insertInState(manager, 'a', 'loading');
  const second = manager.getOrLoad(key(), () => graph('a', 1), estimate(2_000));
  expect(await failure(second)).toMatchObject({ reason: 'workspace load already in progress (loading)' });
  expect(manager.memory.reserved).toBe(0);
});

test('S-T25 a workspace that was cancelled before its load is not loaded, and stays cancelled', async () => {
  const { manager } = startGraphs();
  const workspace = insertInState(manager, 'a', 'unloaded');
  workspace.cancel.request('evicted');
  const error = await failure(manager.getOrLoad(key(), () => graph('a', 1), estimate(2_000)));
  expect(error).toMatchObject({ reason: 'workspace evicted mid-load' });
  expect(workspace.cancel.pending).toBe('evicted');
  expect(workspace.state.current).toBe('failed');
});

test.each([
  [
    'throws',
    () => {
      throw new TypeError('x is undefined');
    },
  ],
  ['rejects', () => Promise.reject(new TypeError('x is undefined'))],
] as const)(
  'S-T26 a builder that %s unforeseen: what it threw is the cause, and the workspace has failed',
  async (_, builder) => {
    const { manager } = startGraphs();
    const error = await failure(manager.getOrLoad(key(), builder, estimate(2_000)));
    expect(error).toBeInstanceOf(GraphBuildFailedError);
    expect(error).toMatchObject({
      message: 'workspace /repos/a build failed: x is undefined',
      rpcCode: -32001,
    });
    expect((error as Error).cause).toBeInstanceOf(TypeError);
    const workspace = entry(manager, 'a');
    expect(workspace.state.current).toBe('failed');
    expect(workspace.lastError).toBe(error);
    expect(workspace.retryCount).toBe(1);
    expect(manager.memory.reserved).toBe(0);
  },
);

test('S-16 a build whose end nobody told has failed, whatever failed before', () => {
  const { manager } = startGraphs();
  const workspace = insertInState(manager, 'a', 'loading');
  workspace.lastError = new GraphBuildFailedError('/repos/a', 'long ago');
  {
    using _guard = new BuildGuard(workspace);
  }
  expect(workspace.state.current).toBe('failed');
  expect(workspace.lastError).toMatchObject({ reason: 'workspace load aborted unexpectedly' });
  expect(workspace.retryCount).toBe(1);
});

test('S-18 a workspace that is unloaded during its build is not published', async () => {
  const { manager } = startGraphs();
  const gate = new Gate();
  const build = async (): Promise<Graph> => {
    await gate.opened;
    return graph('a', 1_000);
  };
  const loading = failure(manager.getOrLoad(key(), build, estimate(2_000)));
  await settle();
  const workspace = entry(manager, 'a');
  expect(manager.memory.reserved).toBe(2_000);
  expect(await manager.unload(key())).toBe(true);
  gate.open();
  expect(await loading).toMatchObject({ reason: 'workspace evicted mid-load' });
  expect(workspace.state.current).toBe('failed');
  expect(workspace.cell).toBeUndefined();
  expect(manager.memory).toMatchObject({ loaded: 0, reserved: 0, retained: 0 });
});

test('S-18 a workspace that another has replaced during its build is not published', async () => {
  const { manager } = startGraphs();
  const gate = new Gate();
  const build = async (): Promise<Graph> => {
    await gate.opened;
    return graph('a', 1_000);
  };
  const loading = failure(manager.getOrLoad(key(), build, estimate(2_000)));
  await settle();
  const other = insertInState(manager, 'a', 'unloaded');
  gate.open();
  expect(await loading).toMatchObject({ reason: 'workspace removed mid-load' });
  expect(other.cell).toBeUndefined();
  expect(manager.memory).toMatchObject({ loaded: 0, reserved: 0 });
});

test('an unload tells the builder to stop', async () => {
  const { manager } = startGraphs();
  const loading = failure(
    manager.getOrLoad(
      key(),
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
      estimate(2_000),
    ),
  );
  await settle();
  await manager.unload(key());
  expect(await loading).toMatchObject({ reason: 'workspace evicted mid-load' });
});

test('a caller gives its load up: the builder is told, and waited for, and the memory is free only then', async () => {
  const { manager } = startGraphs();
  const gate = new Gate();
  const caller = new AbortController();
  let told = false;
  const build = async ({ signal }: GraphBuild<Graph>): Promise<Graph> => {
    await gate.opened;
    told = signal.aborted;
    return graph('a', 1_000);
  };
  const loading = failure(manager.getOrLoad(key(), build, estimate(2_000, { signal: caller.signal })));
  await settle();
  const reason = new Error('client is gone');
  caller.abort(reason);
  await settle();
  expect(manager.memory.reserved).toBe(2_000);
  gate.open();
  expect(await loading).toBe(reason);
  expect(told).toBe(true);
  expect(manager.memory.reserved).toBe(0);
  expect(entry(manager, 'a').state.current).toBe('failed');
});

test('those who wait for a load share its graph', async () => {
  const { manager } = startGraphs();
  const gate = new Gate();
  let builds = 0;
  const build = async (): Promise<Graph> => {
    builds++;
    await gate.opened;
    return graph('a', 1_000);
  };
  const waiting = Array.from({ length: 5 }, () =>
    manager.getOrLoad(key(), build, estimate(2_000, { waitForLoad: true })),
  );
  await settle();
  gate.open();
  const leases = await Promise.all(waiting);
  expect(builds).toBe(1);
  expect(entry(manager, 'a').cell?.holders).toBe(5);
  for (const lease of leases) lease.release();
});

test('those who wait for a load share its failure', async () => {
  const { manager } = startGraphs();
  const gate = new Gate();
  let builds = 0;
  const build = async (): Promise<Graph> => {
    builds++;
    await gate.opened;
    throw new Error('boom');
  };
  const waiting = Array.from({ length: 3 }, () =>
    failure(manager.getOrLoad(key(), build, estimate(2_000, { waitForLoad: true }))),
  );
  await settle();
  gate.open();
  const errors = await Promise.all(waiting);
  expect(new Set(errors).size).toBe(1);
  expect(errors[0]).toMatchObject({ reason: 'boom' });
  expect(builds).toBe(1);
});

test('S-01 another mode or configuration of a root is another workspace', async () => {
  const { manager } = startGraphs();
  using a = await manager.getOrLoad(key(), () => graph('a', 1_000), estimate(1_000));
  const other = workspaceKey({ indexRoot: '/repos/a', configFingerprint: 1n });
  using b = await manager.getOrLoad(other, () => graph('b', 1_000), estimate(1_000));
  expect([a.graph.name, b.graph.name]).toEqual(['a', 'b']);
});

test('a graph whose size is no size is refused, and nothing is published', async () => {
  const { manager } = startGraphs({ sizeOf: () => Number.NaN });
  const error = await failure(manager.getOrLoad(key(), () => graph('a', 1), estimate(1_000)));
  expect(error).toMatchObject({ code: 'ERR_GRAPH_INVALID_ARGUMENT' });
  expect(entry(manager, 'a').cell).toBeUndefined();
});

test('a closed manager stops the builds that run, and takes no more', async () => {
  const { manager } = startGraphs();
  using reader = hold(await load(manager, 'b', 1_000));
  const loading = failure(
    manager.getOrLoad(
      key(),
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      estimate(2_000),
    ),
  );
  await settle();
  await manager.close();
  expect(await loading).toMatchObject({ reason: 'the graph manager is closed' });
  expect(await failure(manager.getOrLoad(key('c'), () => graph('c', 1), estimate(1)))).toMatchObject({
    reason: 'the graph manager is closed',
  });
  expect(reader.graph.name).toBe('b');
});

test('closing waits for a builder that does not listen as long as it is told to, and no longer', async () => {
  const { manager, clock, log } = startGraphs({ config: { shutdownDrainMs: 3_000 } });
  const gate = new Gate();
  const loading = failure(
    manager.getOrLoad(key(), () => gate.opened.then(() => graph('a', 1)), estimate(2_000)),
  );
  await settle();
  let closed = false;
  const closing = manager.close().then(() => {
    closed = true;
  });
  await settle();
  clock.advance(2_999);
  await settle();
  expect(closed).toBe(false);
  clock.advance(1);
  await closing;
  expect(log.lines.map(({ message }) => message)).toEqual(['Closed while a build is still running']);
  gate.open();
  expect(await loading).toBeInstanceOf(GraphBuildFailedError);
});

test('S-T02 a load that does not fit tells what there is', async () => {
  const { manager } = startGraphs();
  const error = await failure(manager.getOrLoad(key(), () => graph('a', 1), estimate(2_000_000)));
  expect(error).toBeInstanceOf(MemoryBudgetExceededError);
  expect((error as Error).message).toBe(
    'memory budget exceeded: requested 2000000 B, 0 B loaded + 0 B reserved + 0 B retained / 1048576 B limit',
  );
});
