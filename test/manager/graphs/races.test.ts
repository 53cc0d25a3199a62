import { expect, test } from 'vitest';
import { GraphBuildFailedError, RebuildDispatcher } from '../../../src/manager/index.ts';
import { estimate, failure, type Graph, graph, key, settle, startGraphs, turns } from './support.ts';

test('S-T27 load races with unload ×64: what is there is loaded, and nothing is reserved', async () => {
  const { manager } = startGraphs();
  const seen = new Set<string>();
  for (let i = 0; i < 64; i++) {
    const build = async (): Promise<Graph> => {
      await turns(i % 5);
      return graph('a', 10_000);
    };
    const [loaded, unloaded] = await Promise.all([
      turns(Math.floor(i / 8))
        .then(() => manager.getOrLoad(key(), build, estimate(20_000)))
        .then(
          (lease) => lease,
          (error: unknown) => {
            if (!(error instanceof GraphBuildFailedError)) throw error;
            return error.reason;
          },
        ),
      turns((i % 8) * 2).then(() => manager.unload(key())),
    ]);
    const outcome = typeof loaded === 'string' ? loaded : 'loaded';
    seen.add(`${outcome}, ${unloaded ? 'unloaded' : 'nothing to unload'}`);
    if (typeof loaded !== 'string') loaded.release();

    const workspace = manager.table.get(key().id);
    if (workspace) expect(workspace.state.current).toBe('loaded');
    expect(manager.memory.reserved).toBe(0);
    expect(manager.totalCommittedBytes).toBeLessThanOrEqual(manager.memory.limit);
  }
  // Every interleaving there is was met.
  expect([...seen].sort()).toEqual([
    'loaded, nothing to unload',
    'loaded, unloaded',
    'workspace evicted mid-load, unloaded',
  ]);
});

test('S-T27 64 loads and 64 unloads at once', async () => {
  const { manager } = startGraphs();
  const build = async (): Promise<Graph> => {
    await turns(3);
    return graph('a', 10_000);
  };
  await Promise.all(
    Array.from({ length: 64 }, async (_, i) => {
      await turns((i * 7) % 23);
      if (i % 2 === 0) return await manager.unload(key());
      using _lease = await manager
        .getOrLoad(key(), build, estimate(20_000, { waitForLoad: true }))
        .catch(() => undefined);
      return await turns((i * 5) % 11);
    }),
  );
  await settle();
  const workspace = manager.table.get(key().id);
  if (workspace) expect(['loaded', 'failed']).toContain(workspace.state.current);
  expect(manager.memory.reserved).toBe(0);
  manager.reapOnce();
  expect(manager.memory.retained).toBe(0);
});

test('rebuilds race with unloads ×64: the lane is free at the end, and the books balance', async () => {
  for (let i = 0; i < 64; i++) {
    const { manager } = startGraphs();
    const rebuilds = new RebuildDispatcher<Graph>(manager, {
      builder: async () => {
        await turns(i % 5);
        return graph('rebuilt', 20_000);
      },
      estimateBytes: () => 20_000,
    });
    {
      using _lease = await manager.getOrLoad(key(), () => graph('a', 10_000), estimate(20_000));
    }
    const workspace = manager.table.get(key().id);
    await Promise.all([
      failure(
        rebuilds.handleChanges(key(), { files: ['1.ts'] }).then(() => Promise.reject(new Error('done'))),
      ),
      failure(
        rebuilds.handleChanges(key(), { files: ['2.ts'] }).then(() => Promise.reject(new Error('done'))),
      ),
      turns(Math.floor(i / 2)).then(() => manager.unload(key())),
    ]);
    expect(workspace?.state.current).toBe('evicted');
    expect([workspace?.rebuildInFlight, workspace?.pending]).toEqual([false, undefined]);
    expect(manager.memory).toMatchObject({ loaded: 0, reserved: 0 });
  }
});
