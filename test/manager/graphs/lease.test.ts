import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { GraphCell, LeakDetector } from '../../../src/manager/graphs/lease.ts';
import { GraphManager } from '../../../src/manager/index.ts';
import {
  FakeClock,
  graph,
  hold,
  key,
  load,
  RecordingLogger,
  RecordingMetrics,
  settle,
  startGraphs,
} from './support.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Collects garbage, and lets its finalizers run, until `done`. The time-out of the test is the only other end. */
async function collectUntil(done: () => boolean): Promise<void> {
  while (!done()) {
    collectGarbage();
    await setImmediate();
  }
}

test('a lease counts, once, until it is released', () => {
  const cell = new GraphCell(graph('a', 1), '/repos/a');
  const first = cell.lease();
  {
    using _second = cell.lease();
    expect(cell.holders).toBe(2);
  }
  first.release();
  first.release();
  expect(cell.holders).toBe(0);
  expect(first.released).toBe(true);
});

test('a graph cannot be read through a lease that is over', () => {
  const lease = new GraphCell(graph('a', 1), '/repos/a').lease();
  lease.release();
  expect(() => lease.graph).toThrow('a graph is read after its lease was released');
});

test('a lease that is lost is told, and its graph stays in the books', async () => {
  const { manager, log, metrics } = startGraphs();
  const workspace = await load(manager, 'a', 1_000);
  const { cell } = workspace;
  (() => void hold(workspace))();
  await manager.unload(key());
  await collectUntil(() => metrics.counts.length > 0);

  expect(metrics.counts).toEqual(['ws_manager_lease_leaks_total']);
  expect(log.lines).toEqual([
    {
      level: 'warn',
      message: 'A graph lease was lost without a release; the memory of its graph stays accounted for',
      fields: { root: '/repos/a' },
    },
  ]);
  expect(cell?.holders).toBe(1);
  manager.reapOnce();
  expect(manager.memory.retained).toBe(1_000);
});

test('a lease that was released is not told as lost', async () => {
  const logger = new RecordingLogger();
  const metrics = new RecordingMetrics();
  const detector = new LeakDetector(logger, metrics);
  const released = new GraphCell(graph('a', 1), '/repos/released', detector);
  const lost = new GraphCell(graph('a', 1), '/repos/lost', detector);
  (() => {
    released.lease().release();
    lost.lease();
  })();
  // The one that was lost later is told: then the other would have been.
  await collectUntil(() => metrics.counts.length > 0);
  expect(logger.lines.map(({ fields }) => fields)).toEqual([{ root: '/repos/lost' }]);
});

test('S-T31 the reaper lets go of a graph within 25 ms of its last reader', async () => {
  const { manager, clock } = startGraphs();
  const reader = hold(await load(manager, 'a', 1_000));
  await manager.unload(key());
  clock.advance(25);
  await settle();
  expect(manager.memory.retained).toBe(1_000);
  reader.release();
  clock.advance(25);
  await settle();
  expect(manager.memory.retained).toBe(0);
});

test('S-03 the reaper ends with a manager that was forgotten', async () => {
  const clock = new FakeClock();
  (() => void new GraphManager({ sizeOf: () => 1, clock }))();
  await settle();
  expect(clock.running).toEqual([25]);
  // Each round is one of the reaper's; the one that finds nobody is its last.
  while (clock.running.length > 0) {
    collectGarbage();
    clock.advance(25);
    await settle();
  }
  expect(clock.running).toEqual([]);
});

test('S-03 the reaper ends when the manager is closed', async () => {
  const clock = new FakeClock();
  {
    await using _manager = new GraphManager({ sizeOf: () => 1, clock });
    await settle();
    expect(clock.running).toEqual([25]);
  }
  expect(clock.running).toEqual([]);
});
