import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RwLock } from '../../src/locks/index.ts';

/** Lets every pending promise reaction run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await undefined;
}

describe('RwLock', () => {
  test('carries the name it was given', () => {
    expect(new RwLock({ name: 'Registry.table' }).name).toBe('Registry.table');
    expect(new RwLock().name).toBe('RwLock');
  });

  test('is held from the call on, before its promise is awaited', () => {
    const lock = new RwLock();
    void lock.acquireRead();
    void lock.acquireRead();
    expect([lock.readers, lock.writing]).toEqual([2, false]);
  });

  test('lets readers share, and a writer wait for the last of them', async () => {
    const lock = new RwLock();
    const readers = await Promise.all([lock.acquireRead(), lock.acquireRead()]);
    let writes = false;
    const write = lock.acquireWrite().then((release) => {
      writes = true;
      return release;
    });
    readers[0]?.();
    await settle();
    expect(writes).toBe(false);
    readers[1]?.();
    const release = await write;
    expect([lock.readers, lock.writing]).toEqual([0, true]);
    release();
    expect(lock.writing).toBe(false);
  });

  test('makes a reader wait behind a writer that waits', async () => {
    const lock = new RwLock();
    const order: string[] = [];
    const first = await lock.acquireRead();
    const write = lock.acquireWrite().then((release) => {
      order.push('write');
      release();
    });
    const read = lock.acquireRead().then((release) => {
      order.push('read');
      release();
    });
    await settle();
    expect(order).toEqual([]);
    first();
    await Promise.all([write, read]);
    expect(order).toEqual(['write', 'read']);
  });

  test('admits all readers that wait next to each other at once', async () => {
    const lock = new RwLock();
    const write = await lock.acquireWrite();
    const reads = [lock.acquireRead(), lock.acquireRead()];
    write();
    await Promise.all(reads);
    expect(lock.readers).toBe(2);
  });

  test('lets the readers in when the writer they waited behind gives up', async () => {
    const lock = new RwLock();
    const abort = new AbortController();
    const first = await lock.acquireRead();
    const write = lock.acquireWrite({ signal: abort.signal });
    const read = lock.acquireRead();
    abort.abort(new Error('enough'));
    await expect(write).rejects.toThrow('enough');
    const second = await read;
    expect(lock.readers).toBe(2);
    second();
    first();
    expect(lock.readers).toBe(0);
  });

  test('refuses a signal that has aborted, and ignores one that aborts after the grant', async () => {
    const lock = new RwLock();
    await expect(lock.acquireRead({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    expect(lock.readers).toBe(0);
    const abort = new AbortController();
    using _lock = await lock.acquireWrite({ signal: abort.signal });
    abort.abort();
    expect(lock.writing).toBe(true);
  });

  test('counts a release once', async () => {
    const lock = new RwLock();
    const [first] = await Promise.all([lock.acquireRead(), lock.acquireRead()]);
    first();
    first();
    expect(lock.readers).toBe(1);
  });

  test('in any schedule, writers exclude all others, turns are FIFO, and the end is free', async () => {
    const task = fc.record({
      start: fc.nat({ max: 12 }),
      hold: fc.nat({ max: 6 }),
      writes: fc.boolean(),
      abortAfter: fc.option(fc.nat({ max: 16 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(task, { maxLength: 12 }), async (tasks) => {
        const lock = new RwLock();
        const called: number[] = [];
        const entered: number[] = [];
        let reading = 0;
        let writing = 0;
        await Promise.all(
          tasks.map(async ({ start, hold, writes, abortAfter }, id) => {
            const abort = new AbortController();
            if (abortAfter !== undefined) void turns(start + abortAfter).then(() => abort.abort());
            await turns(start);
            const options = { signal: abort.signal };
            const grant = writes ? lock.acquireWrite(options) : lock.acquireRead(options);
            called.push(id);
            let release: Disposable;
            try {
              release = await grant;
            } catch {
              called.splice(called.indexOf(id), 1);
              return;
            }
            using _lock = release;
            entered.push(id);
            if (writes) writing++;
            else reading++;
            expect(writing === 0 ? 0 : reading + writing).toBe(writing === 0 ? 0 : 1);
            await turns(hold);
            if (writes) writing--;
            else reading--;
          }),
        );
        expect(entered).toEqual(called);
        expect([lock.readers, lock.writing]).toEqual([0, false]);
      }),
      { numRuns: 300, seed: 20 },
    );
  });
});
