import { expect, test } from 'vitest';
import {
  GraphBuildFailedError,
  StaleExpiredError,
  ToolTimeoutError,
  WorkspaceEvictedError,
  WorkspaceNotLoadedError,
  workspaceKey,
} from '../../../src/manager/index.ts';
import {
  entry,
  estimate,
  failure,
  Gate,
  graph,
  insertInState,
  key,
  load,
  settle,
  startGraphs,
} from './support.ts';

const HOUR = 3_600_000;
const GOOD_AT = Date.UTC(2030, 0);

test.each(['loaded', 'rebuilding'] as const)('S-27 %s: fresh', async (state) => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 1_000);
  workspace.state.set(state);
  const served = await manager.classifyForServe(key());
  if (!('lease' in served)) throw new Error('not served');
  using lease = served.lease;
  expect(served).toEqual({ kind: 'fresh', state, lease });
  expect(lease.graph).toEqual(graph('a', 1_000));
  expect(workspace.cell?.holders).toBe(1);
});

test('S-27 failed within the window: stale, with what is known', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 1_000);
  workspace.state.set('failed');
  workspace.lastError = new GraphBuildFailedError('/repos/a', 'boom');
  const served = await manager.classifyForServe(key(), GOOD_AT + 24 * HOUR - 1);
  if (!('lease' in served)) throw new Error('not served');
  using lease = served.lease;
  expect(served).toEqual({
    kind: 'stale',
    ageHours: 23,
    lastGoodAt: GOOD_AT,
    lastError: 'workspace /repos/a build failed: boom',
    lease,
  });
});

test('S-27 failed beyond the window: expired', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 1_000);
  workspace.state.set('failed');
  const error = await failure(manager.classifyForServe(key(), GOOD_AT + 24 * HOUR));
  expect(error).toBeInstanceOf(StaleExpiredError);
  expect(error).toMatchObject({
    message: 'workspace /repos/a stale-serve window expired (24h >= 24h cap)',
    rpcCode: -32002,
    data: {
      root: '/repos/a',
      age_hours: 24,
      cap_hours: 24,
      last_good_at: '2030-01-01T00:00:00Z',
      last_error: null,
    },
  });
});

test('S-27 without a window a failed workspace is served at any age', async () => {
  const { manager } = startGraphs({ config: { staleServeMaxAgeHours: 0 } });
  const workspace = await load(manager, 'a', 1_000);
  workspace.state.set('failed');
  const served = await manager.classifyForServe(key(), GOOD_AT + 10_000 * HOUR);
  if (!('lease' in served)) throw new Error('not served');
  using _lease = served.lease;
  expect(served).toMatchObject({ kind: 'stale', ageHours: 10_000 });
});

test('S-27 failed and never good: the failure', async () => {
  const { manager } = startGraphs();
  const workspace = insertInState(manager, 'a', 'failed');
  expect(await failure(manager.classifyForServe(key()))).toMatchObject({
    rpcCode: -32001,
    reason: 'no prior successful build',
  });
  workspace.lastError = new GraphBuildFailedError('/repos/a', 'boom');
  expect(await failure(manager.classifyForServe(key()))).toMatchObject({ rpcCode: -32001, reason: 'boom' });
});

test.each(['unloaded', 'loading'] as const)('S-27 %s: not ready', async (state) => {
  const { manager } = startGraphs();
  insertInState(manager, 'a', state);
  expect(await manager.classifyForServe(key())).toEqual({ kind: 'not-ready', state });
});

test('S-27 absent or evicted: evicted', async () => {
  const { manager } = startGraphs();
  expect(await failure(manager.classifyForServe(key()))).toBeInstanceOf(WorkspaceEvictedError);
  insertInState(manager, 'a', 'evicted');
  const error = await failure(manager.classifyForServe(key()));
  expect(error).toBeInstanceOf(WorkspaceEvictedError);
  expect(error).toMatchObject({ rpcCode: -32004, data: { root: '/repos/a' } });
});

test('withGraph reads under a lease', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 1_000);
  const answer = await manager.withGraph(key(), async ({ name }, freshness) => {
    await settle();
    expect(workspace.cell?.holders).toBe(1);
    return [name, freshness];
  });
  expect(answer).toEqual(['a', { kind: 'fresh', state: 'loaded' }]);
  expect(workspace.cell?.holders).toBe(0);
});

test('withGraph lets go when the reader fails', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 1_000);
  const error = new Error('no such symbol');
  expect(
    await failure(
      manager.withGraph(key(), () => {
        throw error;
      }),
    ),
  ).toBe(error);
  expect(workspace.cell?.holders).toBe(0);
});

test('withGraph gives up a reader that takes too long, and keeps the graph for it', async () => {
  const { manager, clock } = startGraphs({ config: { toolTimeoutMs: 60_000 } });
  await load(manager, 'a', 1_000);
  const gate = new Gate();
  let told: AbortSignal | undefined;
  const reading = failure(
    manager.withGraph(key(), (_graph, _freshness, signal) => {
      told = signal;
      return gate.opened;
    }),
  );
  await settle();
  clock.advance(60_000);
  const error = await reading;
  expect(error).toBeInstanceOf(ToolTimeoutError);
  expect(error).toMatchObject({ rpcCode: -32000, message: 'workspace /repos/a: no answer within 60000 ms' });
  expect(told?.aborted).toBe(true);

  await manager.unload(key());
  manager.reapOnce();
  expect(manager.memory.retained).toBe(1_000);
  gate.open();
  await settle();
  manager.reapOnce();
  expect(manager.memory.retained).toBe(0);
});

test('withGraph tells why there is nothing to read', async () => {
  const { manager } = startGraphs();
  const workspace = insertInState(manager, 'a', 'loading');
  const error = await failure(manager.withGraph(key(), () => 1));
  expect(error).toBeInstanceOf(WorkspaceNotLoadedError);
  expect(error).toMatchObject({
    rpcCode: -32004,
    message: 'workspace /repos/a is not loaded',
    data: { root: '/repos/a', hint: 'It is loading: ask again in a moment.' },
  });
  workspace.state.set('unloaded');
  expect(await failure(manager.withGraph(key(), () => 1))).toMatchObject({
    data: { root: '/repos/a', hint: 'Load the workspace first.' },
  });
});

test('S-25 a workspace is found by its root; of several, the first by mode, then by fingerprint', async () => {
  const { manager } = startGraphs();

  const keys = [
    workspaceKey({ indexRoot: '/repos/a', rootMode: 'workspace-folder' }),
    workspaceKey({ indexRoot: '/repos/a', configFingerprint: 10n }),
    workspaceKey({ indexRoot: '/repos/a', configFingerprint: 9n }),
    workspaceKey({ indexRoot: '/repos/b' }),
  ];
  for (const each of keys) {
    using _lease = await manager.getOrLoad(each, () => graph('x', 1), estimate(1));
  }
  expect(await manager.findByPath('/repos/a')).toBe(keys[2]);
  expect(await manager.findByPath('/repos/c')).toBeUndefined();
});

test('a reset brings a workspace back to where it was before its first build', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 1_000);
  workspace.retryCount = 3;
  await manager.reset(key());
  expect(await manager.describe(key())).toMatchObject({
    state: 'unloaded',
    currentBytes: 0,
    lastGoodAt: undefined,
    retryCount: 0,
  });
  expect(manager.memory).toMatchObject({ loaded: 0, retained: 1_000 });
  await load(manager, 'a', 2_000);
  expect(entry(manager, 'a').cell?.graph.bytes).toBe(2_000);
});

test('a reset is refused while loading, when pinned, and where nothing is', async () => {
  const { manager } = startGraphs();
  expect(await failure(manager.reset(key()))).toMatchObject({
    code: 'ERR_GRAPH_NOT_LOADED',
    rpcCode: -32004,
  });
  const workspace = insertInState(manager, 'a', 'loading');
  expect(await failure(manager.reset(key()))).toMatchObject({ rpcCode: -32008 });
  workspace.pinned = true;
  expect(await failure(manager.reset(key()))).toMatchObject({ rpcCode: -32010 });
});
