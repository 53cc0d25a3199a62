import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyedMutex, Mutex } from '../../src/locks/index.ts';

/** One task of a schedule; the numbers count turns of the microtask queue. */
const task = fc.record({
  start: fc.nat({ max: 12 }),
  hold: fc.nat({ max: 6 }),
  abortAfter: fc.option(fc.nat({ max: 16 }), { nil: undefined }),
  throws: fc.boolean(),
  key: fc.constantFrom('a', 'b'),
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await undefined;
}

test('any schedule of tasks is mutually exclusive and FIFO, and a cancelled task never enters', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(task, { maxLength: 12 }), async (tasks) => {
      const mu = new Mutex();
      const called: number[] = [];
      const entered: number[] = [];
      const cancelled = new Set<number>();
      let inside = 0;
      let mostInside = 0;

      await Promise.all(
        tasks.map(async ({ start, hold, abortAfter, throws }, id) => {
          const abort = new AbortController();
          if (abortAfter !== undefined) void turns(start + abortAfter).then(() => abort.abort());
          await turns(start);
          called.push(id);
          let ran = false;
          const run = mu.runExclusive(
            async () => {
              ran = true;
              entered.push(id);
              mostInside = Math.max(mostInside, ++inside);
              await turns(hold);
              inside--;
              if (throws) throw new Error('inside');
            },
            { signal: abort.signal },
          );
          await run.catch(() => undefined);
          if (!ran) cancelled.add(id);
        }),
      );

      expect(mostInside).toBeLessThanOrEqual(1);
      expect(entered).toEqual(called.filter((id) => !cancelled.has(id)));
      expect(mu.locked).toBe(false);
    }),
    { numRuns: 300, seed: 20 },
  );
});

test('any schedule over several keys excludes per key, and leaves no key behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(task, { maxLength: 12 }), async (tasks) => {
      const lanes = new KeyedMutex();
      const inside = new Map<string, number>();

      await Promise.all(
        tasks.map(async ({ start, hold, abortAfter, key }) => {
          const abort = new AbortController();
          if (abortAfter !== undefined) void turns(start + abortAfter).then(() => abort.abort());
          await turns(start);
          const run = lanes.runExclusive(
            key,
            async () => {
              inside.set(key, (inside.get(key) ?? 0) + 1);
              expect(inside.get(key)).toBe(1);
              await turns(hold);
              inside.set(key, 0);
            },
            { signal: abort.signal },
          );
          await run.catch((error: unknown) => {
            if (!abort.signal.aborted) throw error;
          });
        }),
      );

      expect(lanes.size).toBe(0);
    }),
    { numRuns: 300, seed: 20 },
  );
});
