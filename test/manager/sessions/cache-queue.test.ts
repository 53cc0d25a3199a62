import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WorkspaceCache } from '../../../src/manager/index.ts';
import { CacheQueue } from '../../../src/manager/sessions/cache-queue.ts';
import {
  FakeClock,
  Gate,
  MemoryCache,
  RecordingLogger,
  RecordingMetrics,
  session,
  settle,
  turns,
} from './support.ts';

function startQueue() {
  const [cache, clock, log, metrics] = [
    new MemoryCache(),
    new FakeClock(),
    new RecordingLogger(),
    new RecordingMetrics(),
  ];
  return { queue: new CacheQueue(cache, clock, log, metrics), cache, clock, log, metrics };
}

const touch = (id: string) => (cache: WorkspaceCache) => cache.touch(id);

test('D-X1 operations of one session end in the order of their coming, those of others beside them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat({ max: 6 })), { maxLength: 20 }),
      async (operations) => {
        const { queue } = startQueue();
        const done: [string, number][] = [];
        operations.forEach(([id, length], i) => {
          queue.enqueue(id, '', async () => {
            await turns(length);
            done.push([id, i]);
            if (length === 3) throw new Error('fails');
          });
        });
        await settle();
        for (const id of ['a', 'b']) {
          const asked = operations.flatMap(([of], i) => (of === id ? [i] : []));
          expect(done.filter(([of]) => of === id).map(([, i]) => i)).toEqual(asked);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('an operation that fails is told and counted, and the next one runs', async () => {
  const { queue, cache, log, metrics } = startQueue();
  let fails = true;
  cache.before = async () => {
    if (fails) throw new Error('away');
  };
  queue.enqueue(session(1), 'L2 cache touch failed', touch(session(1)));
  queue.enqueue(session(1), '', async (inner) => {
    fails = false;
    await inner.touch(session(1));
  });
  await settle();
  expect(cache.log).toEqual([`touch ${session(1)}`]);
  expect(log.lines.map(({ level, message, fields }) => [level, message, fields['session_id']])).toEqual([
    ['warn', 'L2 cache touch failed', session(1)],
  ]);
  expect(metrics.counts).toEqual(new Map([['ws_manager_cache_errors_total', 1]]));
});

test('a cache that does not keep up is emptied of the session, and memory stays bounded', async () => {
  const { queue, cache } = startQueue();
  const gate = new Gate();
  cache.before = () => gate.opened;
  for (let i = 0; i < 1000; i++) queue.enqueue(session(1), '', touch(session(1)));
  queue.enqueue(session(1), '', (inner) => inner.cacheFile(session(1), 'last.ts', null));
  gate.open();
  await settle();
  // Every 64th operation empties the queue, lastly the 961st; 39 touches and the last operation follow.
  expect(cache.log.length).toBe(41);
  expect(cache.log[0]).toBe(`evict ${session(1)}`);
  expect(cache.log.at(-1)).toBe(`no-file last.ts ${session(1)}`);
});

test('a read fails into a miss, and misses while the session has something on its way', async () => {
  const { queue, cache, log } = startQueue();
  const read = () => queue.read(session(1), (inner) => inner.getWorkspace(session(1)));
  cache.before = async () => {
    throw new Error('away');
  };
  expect(await read()).toBeNull();
  expect(log.lines.map(({ message }) => message)).toEqual(['L2 cache read failed']);
  const gate = new Gate();
  cache.before = () => gate.opened;
  queue.evict(session(1));
  expect(await read()).toBeNull();
  gate.open();
  await settle();
  expect(cache.log).toEqual([`evict ${session(1)}`]);
});

test('a drain ends with the last operation, and without it when its time is over', async () => {
  const { queue, cache, clock } = startQueue();
  const gate = new Gate();
  let drained = 0;
  cache.before = () => gate.opened;
  queue.evict(session(1));
  const drain = () => void queue.drain(2_000).then(() => drained++);
  drain();
  await settle();
  expect(drained).toBe(0);
  clock.advance(2_000);
  await settle();
  expect(drained).toBe(1);
  drain();
  gate.open();
  await settle();
  expect(drained).toBe(2);
  expect(clock.running).toEqual([]);
});
