import { expect, test, vi } from 'vitest';
import {
  type GraphBuild,
  type GraphBuilder,
  GraphBuildFailedError,
  MemoryBudgetExceededError,
  RebuildDispatcher,
  WorkspaceEvictedError,
  WorkspaceNotLoadedError,
  WorkspaceOversizeError,
} from '../../../src/manager/index.ts';
import {
  entry,
  estimate,
  failure,
  Gate,
  type Graph,
  graph,
  type Harness,
  insertInState,
  key,
  load,
  MIB,
  RecordingHook,
  settle,
  startGraphs,
} from './support.ts';

interface Rebuilds extends Harness {
  readonly rebuilds: RebuildDispatcher<Graph>;
  /** What the builder was asked for. */
  readonly asked: Pick<GraphBuild<Graph>, 'mode' | 'files'>[];
  change(...files: string[]): Promise<void>;
}

/** A dispatcher whose builder is `build`, by default one that is done at once. */
function startRebuilds(
  build: GraphBuilder<Graph> = () => graph('rebuilt', 2_000),
  { estimateBytes = 2_000, hook = new RecordingHook() } = {},
): Rebuilds {
  const harness = startGraphs({ hook });
  const asked: Rebuilds['asked'] = [];
  const rebuilds = new RebuildDispatcher<Graph>(harness.manager, {
    estimateBytes: () => estimateBytes,
    builder: (request) => {
      const { mode, files } = request;
      asked.push({ mode, files });
      return build(request);
    },
  });
  return { ...harness, rebuilds, asked, change: (...files) => rebuilds.handleChanges(key(), { files }) };
}

/** A builder whose n-th build ends when the n-th gate is opened, or fails. */
function gated(count: number): { readonly gates: Gate[]; readonly build: GraphBuilder<Graph> } {
  const gates = Array.from({ length: count }, () => new Gate());
  let n = 0;
  return {
    gates,
    build: async () => {
      const i = n++;
      await gates[i]?.opened;
      return graph(`rebuilt ${i}`, 2_000);
    },
  };
}

test('changes lead to a rebuild, whose graph takes the place of the one before', async () => {
  const { manager, asked, rebuilds, clock } = startRebuilds();
  const workspace = await load(manager, 'a', 1_000);
  clock.advance(5_000);
  await rebuilds.handleChanges(key(), { files: ['b.ts', 'a.ts'], gitState: 'c0ffee' });
  expect(asked).toEqual([{ mode: 'incremental', files: ['a.ts', 'b.ts'] }]);
  expect(workspace.state.current).toBe('loaded');
  expect(workspace.cell?.graph.name).toBe('rebuilt');
  expect(workspace.lastGoodAt).toBe(Date.UTC(2030, 0) + 5_000);
  expect(workspace.lastIndexedGitState).toBe('c0ffee');
  expect(workspace.rebuildInFlight).toBe(false);
  expect(manager.memory).toMatchObject({ loaded: 2_000, reserved: 0, retained: 1_000 });
});

test('what changes during a rebuild is put together, and rebuilt next, once', async () => {
  const { gates, build } = gated(2);
  const { manager, asked, change } = startRebuilds(build);
  await load(manager, 'a', 1_000);
  const first = change('1.ts');
  await settle();
  expect(entry(manager, 'a').state.current).toBe('rebuilding');
  // They return while the rebuild is still running.
  await change('3.ts');
  await change('2.ts', '3.ts');
  gates[0]?.open();
  await settle();
  gates[1]?.open();
  await first;
  expect(asked.map(({ files }) => files)).toEqual([['1.ts'], ['2.ts', '3.ts']]);
});

test('changes that come as the rebuild ends do not wait for nobody', async () => {
  for (let i = 0; i < 30; i++) {
    const { gates, build } = gated(1);
    const { manager, asked, change } = startRebuilds(build);
    await load(manager, 'a', 1_000);
    const first = change('1.ts');
    await settle();
    gates[0]?.open();
    for (let turn = 0; turn < i; turn++) await undefined;
    await change('2.ts');
    await first;
    await settle();
    expect(asked.map(({ files }) => files)).toEqual([['1.ts'], ['2.ts']]);
    expect(entry(manager, 'a').pending).toBeUndefined();
    expect(entry(manager, 'a').rebuildInFlight).toBe(false);
  }
});

test('the builder’s graph before is held while it builds', async () => {
  const gate = new Gate();
  const { manager, change } = startRebuilds(async ({ previous }) => {
    await gate.opened;
    return graph(`after ${previous?.name}`, 2_000);
  });
  const workspace = await load(manager, 'a', 1_000);
  const { cell } = workspace;
  const changing = change('1.ts');
  await settle();
  expect(cell?.holders).toBe(1);
  gate.open();
  await changing;
  expect(cell?.holders).toBe(0);
  expect(workspace.cell?.graph.name).toBe('after a');
});

test.each([
  [20, 'incremental'],
  [21, 'full'],
] as const)('%i changed files: a rebuild is %s', async (count, mode) => {
  const { manager, asked, change } = startRebuilds();
  await load(manager, 'a', 1_000);
  await change(...Array.from({ length: count }, (_, i) => `${i}.ts`));
  expect(asked[0]?.mode).toBe(mode);
});

test.each([
  ['noise', 'incremental'],
  ['local-commit', 'incremental'],
  ['branch-switch', 'full'],
  ['tree-diverged', 'full'],
] as const)('after a %s a rebuild is %s', async (gitChange, mode) => {
  const { manager, asked, rebuilds } = startRebuilds();
  await load(manager, 'a', 1_000);
  await rebuilds.handleChanges(key(), { files: ['1.ts'], gitChange });
  expect(asked[0]?.mode).toBe(mode);
});

test('changes during a load are rebuilt when it has ended', async () => {
  const { manager, asked, change } = startRebuilds();
  const gate = new Gate();
  const loading = manager.getOrLoad(key(), () => gate.opened.then(() => graph('a', 1_000)), estimate(1_000));
  await settle();
  const changing = change('1.ts');
  await settle();
  expect(asked).toEqual([]);
  gate.open();
  using lease = await loading;
  await changing;
  expect(lease.graph.name).toBe('a');
  expect(entry(manager, 'a').cell?.graph.name).toBe('rebuilt');
});

test('changes of a workspace that is not there are an error', async () => {
  const { change } = startRebuilds();
  expect(await failure(change('1.ts'))).toBeInstanceOf(WorkspaceNotLoadedError);
});

test('S-F3 a rebuild that fails: the workspace has failed, serves what it had, and the next rebuild is full', async () => {
  let fails = true;
  const { manager, asked, change } = startRebuilds(() => {
    if (fails) throw new Error('boom');
    return graph('rebuilt', 2_000);
  });
  const workspace = await load(manager, 'a', 1_000);
  const error = await failure(change('1.ts'));
  expect(error).toMatchObject({ reason: 'boom' });
  expect(workspace.state.current).toBe('failed');
  expect(workspace.lastError).toBe(error);
  expect(workspace.rebuildInFlight).toBe(false);
  expect(await manager.withGraph(key(), ({ name }, { kind }) => [name, kind])).toEqual(['a', 'stale']);

  fails = false;
  await change('2.ts');
  await change('3.ts');
  expect(asked.map(({ mode }) => mode)).toEqual(['incremental', 'full', 'incremental']);
});

test('S-F3 a rebuild whose graph does not fit has failed', async () => {
  const { manager, change } = startRebuilds(() => graph('rebuilt', MIB));
  const workspace = await load(manager, 'a', 1_000);
  expect(await failure(change('1.ts'))).toBeInstanceOf(WorkspaceOversizeError);
  expect(workspace.state.current).toBe('failed');
  expect(workspace.cell?.graph.name).toBe('a');
  expect(manager.memory).toMatchObject({ loaded: 1_000, reserved: 0 });
});

test('S-F3 a rebuild for which there is no room has failed', async () => {
  const { manager, change } = startRebuilds(undefined, { estimateBytes: 2 * MIB });
  const workspace = await load(manager, 'a', 1_000);
  const error = await failure(change('1.ts'));
  expect(error).toBeInstanceOf(MemoryBudgetExceededError);
  expect(workspace.state.current).toBe('failed');
  expect(workspace.lastError).toBe(error);
});

test('a rebuild that fails is followed by what has changed since', async () => {
  const gate = new Gate();
  let builds = 0;
  const { manager, log, change } = startRebuilds(async () => {
    if (builds++ > 0) return graph('rebuilt', 2_000);
    await gate.opened;
    throw new Error('boom');
  });
  const workspace = await load(manager, 'a', 1_000);
  const changing = change('1.ts');
  await settle();
  await change('2.ts');
  gate.open();
  await changing;
  expect(workspace.state.current).toBe('loaded');
  expect(workspace.lastError).toBeUndefined();
  expect(log.lines.map(({ message }) => message)).toEqual([
    'A rebuild failed; what has changed since is rebuilt next',
  ]);
});

test('S-F9 S-F5 a workspace that is evicted during its rebuild stays evicted, and its builder is told', async () => {
  const gate = new Gate();
  let told: AbortSignal | undefined;
  const { manager, asked, change } = startRebuilds(async ({ signal }) => {
    told = signal;
    await gate.opened;
    return graph('rebuilt', 2_000);
  });
  const workspace = await load(manager, 'a', 1_000);
  const changing = failure(change('1.ts'));
  await settle();
  await change('2.ts');
  expect(await manager.unload(key())).toBe(true);
  expect(told?.aborted).toBe(true);
  gate.open();
  expect(await changing).toBeInstanceOf(WorkspaceEvictedError);
  expect(workspace.state.current).toBe('evicted');
  expect(workspace.cell).toBeUndefined();
  expect([workspace.pending, workspace.rebuildInFlight]).toEqual([undefined, false]);
  expect(asked.length).toBe(1);
  expect(manager.memory).toMatchObject({ loaded: 0, reserved: 0 });
});

test('S-F9 the state of a rebuild is set while nobody can evict the workspace', async () => {
  const { manager, change } = startRebuilds();
  const workspace = await load(manager, 'a', 1_000);
  const set = workspace.state.set.bind(workspace.state);
  const readers: number[] = [];
  vi.spyOn(workspace.state, 'set').mockImplementation((state) => {
    readers.push(manager.workspaces.readers);
    set(state);
  });
  await change('1.ts');
  expect(readers).toEqual([1]);
});

test('S-F5 a rebuild that a user cancels leaves the workspace as it was, but for the changes', async () => {
  const { gates, build } = gated(1);
  const { manager, asked, change } = startRebuilds(build);
  const workspace = await load(manager, 'a', 1_000);
  const changing = failure(change('1.ts'));
  await settle();
  expect(await manager.cancelRebuild(key())).toBe(true);
  gates[0]?.open();
  expect(await changing).toMatchObject({ reason: 'rebuild cancelled' });
  expect(workspace.state.current).toBe('loaded');
  expect(workspace.retryCount).toBe(0);
  expect(workspace.cell?.graph.name).toBe('a');
  expect(await manager.cancelRebuild(key())).toBe(false);
  // S-F4: the wish is spent.
  await change('2.ts');
  expect(asked.map(({ mode }) => mode)).toEqual(['incremental', 'full']);
  expect(workspace.cell?.graph.name).toBe('rebuilt 1');
});

test('S-F5 a reset during a rebuild stops it, and the workspace is unloaded', async () => {
  const { gates, build } = gated(1);
  const { manager, change } = startRebuilds(build);
  const workspace = await load(manager, 'a', 1_000);
  const changing = failure(change('1.ts'));
  await settle();
  expect(await failure(manager.reset(key()))).toMatchObject({ rpcCode: -32009 });
  gates[0]?.open();
  expect(await changing).toMatchObject({ reason: 'workspace reset' });
  expect(workspace.state.current).toBe('unloaded');
  expect(manager.memory).toMatchObject({ loaded: 0, reserved: 0 });
  // S-F4: the wish is spent.
  using lease = await manager.getOrLoad(key(), () => graph('again', 1), estimate(1_000));
  expect(lease.graph.name).toBe('again');
});

test('S-F4 a wish to stop that came too late stops no later rebuild', async () => {
  const { manager, change } = startRebuilds();
  const workspace = await load(manager, 'a', 1_000);
  workspace.cancel.request('user');
  await change('1.ts');
  expect(workspace.cell?.graph.name).toBe('rebuilt');
  expect(workspace.cancel.pending).toBeUndefined();
});

test('a rebuild that cannot begin leaves the right to rebuild behind', async () => {
  const { manager, change } = startRebuilds();
  const workspace = await load(manager, 'a', 1_000);
  await manager.close();
  expect(await failure(change('1.ts'))).toBeInstanceOf(GraphBuildFailedError);
  expect(workspace.rebuildInFlight).toBe(false);
});

test('a rebuild may be the first build', async () => {
  const { manager, asked, change } = startRebuilds();
  const workspace = insertInState(manager, 'a', 'unloaded');
  await change('1.ts');
  expect(asked).toEqual([{ mode: 'full', files: ['1.ts'] }]);
  expect(workspace.state.current).toBe('loaded');
});
