import { expect, test } from 'vitest';
import {
  type GraphLease,
  type PublishHook,
  RebuildDispatcher,
  type SpawnHook,
} from '../../../src/manager/index.ts';
import {
  entry,
  estimate,
  Gate,
  type Graph,
  graph,
  key,
  load,
  RecordingHook,
  settle,
  startGraphs,
} from './support.ts';

test('S-T28 the hook is told of a publish once, and not of a graph that was found', async () => {
  const hook = new RecordingHook();
  const { manager } = startGraphs({ hook });
  await load(manager, 'a', 1_000);
  await load(manager, 'a', 1_000);
  expect(hook.published).toEqual([{ root: '/repos/a', graph: graph('a', 1_000) }]);
});

test('S-T29 a hook that replaces another is told of later publishes only', async () => {
  const [first, second] = [new RecordingHook(), new RecordingHook()];
  const { manager } = startGraphs({ hook: first });
  await load(manager, 'a', 1_000);
  await manager.unload(key());
  manager.setHook(second);
  await load(manager, 'a', 1_000);
  expect([first.published.length, second.published.length]).toEqual([1, 1]);
});

test('S-T30 a hook may unload the workspace', async () => {
  const { manager } = startGraphs();
  let unloaded: Promise<boolean> | undefined;
  manager.setHook({
    onPublish() {
      unloaded = manager.unload(key());
    },
  });
  await load(manager, 'a', 1_000).catch(() => {});
  expect(await unloaded).toBe(true);
  expect(await manager.describe(key())).toBeUndefined();
});

test('S-L3 the hook is called with no lock held', async () => {
  const { manager } = startGraphs();
  const held: unknown[] = [];
  manager.setHook({
    onPublish() {
      const { readers, writing } = manager.workspaces;
      const lane = entry(manager, 'a').rebuildLane.locked;
      held.push({ readers, writing, admission: manager.admission.locked, lane });
    },
  });
  const rebuilds = new RebuildDispatcher<Graph>(manager, {
    builder: () => graph('rebuilt', 2_000),
    estimateBytes: () => 2_000,
  });
  await load(manager, 'a', 1_000);
  await rebuilds.handleChanges(key(), { files: ['1.ts'] });
  const none = { readers: 0, writing: false, admission: false, lane: false };
  expect(held).toEqual([none, none]);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('disk full');
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('disk full');
    },
  ],
] as const)('a hook that %s is warned about, and the graph is published', async (_, onPublish) => {
  const { manager, log } = startGraphs({ hook: { onPublish } });
  using lease = await manager.getOrLoad(key(), () => graph('a', 1_000), estimate(1_000));
  await settle();
  expect(lease.graph.name).toBe('a');
  expect(log.lines).toEqual([
    {
      level: 'warn',
      message: 'A publish hook failed',
      fields: { root: '/repos/a', hook: 'onPublish', error: new Error('disk full') },
    },
  ]);
});

/** A hook that saves each graph, as `save` does. */
function savingHook(
  save: (signal: AbortSignal, lease: GraphLease<Graph>) => Promise<void>,
  timeoutMs: number,
): PublishHook<Graph> {
  return {
    onPublish(root, cell, spawn: SpawnHook) {
      const lease = cell.lease();
      spawn(timeoutMs, root, 'save', async (signal) => {
        using _lease = lease;
        await save(signal, lease);
      });
    },
  };
}

test('work of a hook holds the graph as long as it runs', async () => {
  const gate = new Gate();
  const { manager } = startGraphs({ hook: savingHook(() => gate.opened, 100) });
  await load(manager, 'a', 1_000);
  await manager.unload(key());
  manager.reapOnce();
  expect(manager.memory.retained).toBe(1_000);
  gate.open();
  await settle();
  manager.reapOnce();
  expect(manager.memory.retained).toBe(0);
});

test('work of a hook that fails is warned about', async () => {
  const { manager, log } = startGraphs({
    hook: savingHook(() => Promise.reject(new Error('disk full')), 100),
  });
  await load(manager, 'a', 1_000);
  await settle();
  expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual([
    ['warn', { root: '/repos/a', hook: 'save', error: new Error('disk full') }],
  ]);
});

test('work of a hook that takes too long is told to stop, and warned about', async () => {
  const gate = new Gate();
  let told: AbortSignal | undefined;
  const hook = savingHook((signal) => {
    told = signal;
    return gate.opened;
  }, 100);
  const { manager, clock, log } = startGraphs({ hook });
  await load(manager, 'a', 1_000);
  clock.advance(99);
  await settle();
  expect(told?.aborted).toBe(false);
  clock.advance(1);
  await settle();
  expect(told?.aborted).toBe(true);
  expect(log.lines.map(({ fields }) => fields)).toEqual([
    { root: '/repos/a', hook: 'save', error: new Error('not done within 100 ms') },
  ]);
  gate.open();
});

test('closing ends the work of hooks', async () => {
  const { manager, log } = startGraphs({ hook: savingHook(() => new Promise(() => {}), 1_000_000) });
  await load(manager, 'a', 1_000);
  await manager.close();
  expect(log.lines.map(({ message }) => message)).toEqual(['A publish hook failed']);
});
