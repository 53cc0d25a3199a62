import { expect, test, vi } from 'vitest';
import {
  GRAPH_DEFAULTS,
  MemoryBudgetExceededError,
  RebuildDispatcher,
  WorkspaceOversizeError,
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
  MIB,
  publish,
  RecordingHook,
  settle,
  startGraphs,
  turns,
} from './support.ts';

test('S-X1 S-L9 a load beside an eviction gets a graph, the old one or a new one, and never an error', async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const { manager } = startGraphs();
    await load(manager, 'a', 1_000);
    const [lease] = await Promise.all([
      turns(i % 10).then(() => manager.getOrLoad(key(), () => graph('new', 2_000), estimate(2_000))),
      turns(Math.floor(i / 10)).then(() => manager.unload(key())),
    ]);
    seen.add(lease.graph.name);
    lease.release();
  }
  expect([...seen].sort()).toEqual(['a', 'new']);
});

test('S-X2 memory that nobody uses any more costs no other workspace its graph', async () => {
  const { manager } = startGraphs();
  await load(manager, 'idle', 300_000);
  await load(manager, 'a', 600_000);
  await manager.unload(key('a'));
  // It has not been reaped yet, and the reservation does not fit beside it.
  expect(manager.memory.retained).toBe(600_000);
  insertInState(manager, 'b', 'loading');
  using _reservation = await manager.reserveRebuild(key('b'), 700_000);
  expect(entry(manager, 'idle').state.current).toBe('loaded');
});

test('S-X3 a load is no victim: of two that do not fit together the later one is refused', async () => {
  const { manager } = startGraphs();
  const gate = new Gate();
  const first = manager.getOrLoad(
    key('a'),
    () => gate.opened.then(() => graph('a', 500_000)),
    estimate(700_000),
  );
  await settle();
  const second = manager.getOrLoad(key('b'), () => graph('b', 1), estimate(700_000));
  expect(await failure(second)).toBeInstanceOf(MemoryBudgetExceededError);
  gate.open();
  using lease = await first;
  expect(lease.graph.name).toBe('a');
});

test('S-X3 a workspace that reloads over an older graph is no victim either', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 500_000);
  workspace.state.set('loading');
  insertInState(manager, 'b', 'loading');
  expect(await failure(manager.reserveRebuild(key('b'), 700_000))).toBeInstanceOf(MemoryBudgetExceededError);
  expect(await manager.evictLru()).toBeUndefined();
  expect(entry(manager, 'a')).toBe(workspace);
});

test('S-X3 a failed workspace without a graph is no victim', async () => {
  const { manager, clock } = startGraphs();
  insertInState(manager, 'failed', 'failed');
  clock.advance(10);
  await load(manager, 'a', 700_000);
  insertInState(manager, 'b', 'loading');
  using _reservation = await manager.reserveRebuild(key('b'), 700_000);
  expect([...manager.table.values()].map(({ root }) => root)).toEqual(['/repos/failed', '/repos/b']);
  expect(await manager.evictLru()).toBeUndefined();
});

test('S-X3 a graph that is being read is no victim: its memory would not be free', async () => {
  const { manager, clock } = startGraphs();
  using _reader = hold(await load(manager, 'read', 500_000));
  clock.advance(10);
  await load(manager, 'idle', 500_000);
  insertInState(manager, 'b', 'loading');
  using _reservation = await manager.reserveRebuild(key('b'), 400_000);
  expect([...manager.table.values()].map(({ root }) => root)).toEqual(['/repos/read', '/repos/b']);
});

test('S-X4 a load that finds no room is remembered for that, not for an older failure', async () => {
  const { manager } = startGraphs();
  await failure(manager.getOrLoad(key(), () => Promise.reject(new Error('older')), estimate(1_000)));
  const error = await failure(manager.getOrLoad(key(), () => graph('a', 1), estimate(2 * MIB)));
  expect(error).toBeInstanceOf(MemoryBudgetExceededError);
  const workspace = entry(manager, 'a');
  expect(workspace.lastError).toBe(error);
  expect(workspace.state.current).toBe('failed');
  expect(workspace.retryCount).toBe(2);
});

test('S-X5 during a rebuild a load gets the graph there is', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 1_000);
  workspace.state.set('rebuilding');
  using lease = await manager.getOrLoad(key(), () => graph('new', 1), estimate(1_000));
  expect(lease.graph.name).toBe('a');
});

test('S-X5 during a rebuild that is the first build there is none', async () => {
  const { manager } = startGraphs();
  insertInState(manager, 'a', 'rebuilding');
  const error = await failure(manager.getOrLoad(key(), () => graph('new', 1), estimate(1_000)));
  expect(error).toMatchObject({ reason: 'workspace load already in progress (rebuilding)' });
  expect(await manager.classifyForServe(key())).toEqual({ kind: 'not-ready', state: 'rebuilding' });
});

test('S-X6 a workspace that was evicted during its load can be loaded again', async () => {
  const { manager } = startGraphs();
  const gate = new Gate();
  const first = failure(
    manager.getOrLoad(key(), () => gate.opened.then(() => graph('a', 1)), estimate(1_000)),
  );
  await settle();
  await manager.unload(key());
  gate.open();
  await first;
  using lease = await manager.getOrLoad(key(), () => graph('again', 1), estimate(1_000));
  expect(lease.graph.name).toBe('again');
});

test('S-X6 S-F4 S-F7 nobody in the table is to go, whatever was evicted', async () => {
  const { manager } = startGraphs();
  for (const name of ['a', 'b', 'c', 'd']) await load(manager, name, 500_000);
  await manager.evictLru();
  expect([...manager.table.values()].map(({ cancel }) => cancel.pending)).toEqual([undefined]);
});

test('S-X7 of two unloads at once, one unloads', async () => {
  const { manager } = startGraphs();
  await load(manager, 'a', 1_000);
  expect(await Promise.all([manager.unload(key()), manager.unload(key())])).toEqual([true, false]);
});

test('S-X8 a workspace that is served is in use', async () => {
  const { manager, clock } = startGraphs();
  for (const name of ['a', 'b']) {
    await load(manager, name, 1_000);
    clock.advance(10);
  }
  await manager.withGraph(key('a'), () => undefined);
  expect((await manager.evictLru())?.indexRoot).toBe('/repos/b');
});

test('S-X9 S-F2 a graph that is larger than estimated, and does not fit, is refused before anybody sees it', async () => {
  const hook = new RecordingHook();
  const { manager } = startGraphs({ hook });
  await load(manager, 'other', 600_000, { pinned: true });
  const error = await failure(manager.getOrLoad(key(), () => graph('a', 500_000), estimate(1_000)));
  expect(error).toBeInstanceOf(WorkspaceOversizeError);
  expect(error).toMatchObject({
    rpcCode: -32006,
    data: { root: '/repos/a', requested_bytes: 500_000, current_bytes: 600_000, reserved_bytes: 1_000 },
  });
  expect(entry(manager, 'a').state.current).toBe('failed');
  expect(entry(manager, 'a').lastError).toBe(error);
  expect(manager.memory).toMatchObject({ loaded: 600_000, reserved: 0, retained: 0 });
  expect(hook.published.length).toBe(1);
});

test('S-F2 room that the graph before takes does not count as free: it may be read', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 600_000);
  using _reader = hold(workspace);
  const { cell } = workspace;
  expect(await failure(publish(manager, workspace, graph('new', 500_000), 100_000))).toBeInstanceOf(
    WorkspaceOversizeError,
  );
  expect(workspace.cell).toBe(cell);
  expect(manager.memory).toMatchObject({ loaded: 600_000, reserved: 0, retained: 0 });
});

test('S-F2 memory that is free but not reaped does not make a graph oversize', async () => {
  const { manager } = startGraphs();
  await load(manager, 'gone', 600_000);
  const build = async (): Promise<Graph> => {
    await manager.unload(key('gone'));
    return graph('a', 700_000);
  };
  using lease = await manager.getOrLoad(key(), build, estimate(100_000));
  expect(lease.graph.bytes).toBe(700_000);
});

test('S-X10 what has no memory leaves nothing in the retained account', async () => {
  const { manager } = startGraphs();
  await load(manager, 'a', 1_000);
  expect(manager.accounts.retainedOld.size).toBe(0);
  insertInState(manager, 'b', 'failed');
  await manager.unload(key('b'));
  expect(manager.accounts.retainedOld.size).toBe(0);
});

test('S-L6 a workspace is marked before it is taken out', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 1_000);
  const remove = manager.table.delete.bind(manager.table);
  let marked: unknown;
  vi.spyOn(manager.table, 'delete').mockImplementation((id) => {
    marked = [workspace.cancel.pending, workspace.state.current, workspace.cell];
    return remove(id);
  });
  await manager.unload(key());
  expect(marked).toEqual(['evicted', 'evicted', undefined]);
});

test('S-L5 a publish and an eviction exclude each other', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 1_000);
  const reading = await manager.workspaces.acquireRead();
  const unloading = manager.unload(key());
  await settle();
  expect(workspace.state.current).toBe('loaded');
  reading();
  expect(await unloading).toBe(true);
});

test('S-L4 an eviction does not wait for the lane of the workspace', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 1_000);
  using _lane = await workspace.rebuildLane.acquire();
  expect(await manager.unload(key())).toBe(true);
});

test('S-F1 every publisher tells the hook', async () => {
  const hook = new RecordingHook();
  const { manager } = startGraphs({ hook });
  await load(manager, 'a', 1_000);
  const rebuilds = new RebuildDispatcher<Graph>(manager, {
    builder: () => graph('rebuilt', 2_000),
    estimateBytes: () => 2_000,
  });
  await rebuilds.handleChanges(key(), { files: ['x.ts'] });
  expect(hook.published.map(({ graph: { name } }) => name)).toEqual(['a', 'rebuilt']);
});

test('S-F8 the work of a hook has a time of its own', () => {
  expect(GRAPH_DEFAULTS.hookTimeoutMs).toBe(120_000);
  expect(GRAPH_DEFAULTS.rebuildDrainTimeoutMs).toBe(5_000);
});
