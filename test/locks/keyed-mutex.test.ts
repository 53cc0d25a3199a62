import { describe, expect, test } from 'vitest';
import { KeyedMutex } from '../../src/locks/index.ts';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('KeyedMutex', () => {
  test('excludes callers of the same key, in the order of their calls', async () => {
    const lanes = new KeyedMutex();
    const order: string[] = [];
    const visit = (name: string) =>
      lanes.runExclusive('key', async () => {
        order.push(`${name} in`);
        await settle();
        order.push(`${name} out`);
      });
    await Promise.all([visit('a'), visit('b')]);
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out']);
  });

  test('lets callers of different keys run together', async () => {
    const lanes = new KeyedMutex();
    using _a = await lanes.acquire('a');
    using _b = await lanes.acquire('b');
    expect(lanes.size).toBe(2);
  });

  test('takes the place in the queue synchronously', async () => {
    const lanes = new KeyedMutex();
    void lanes.acquire('key');
    expect(lanes.isLocked('key')).toBe(true);
    expect(lanes.tryAcquire('key')).toBeUndefined();
  });

  test('forgets a key when its last holder releases, and not before', async () => {
    const lanes = new KeyedMutex();
    const first = await lanes.acquire('key');
    const second = lanes.acquire('key');
    first();
    expect(lanes.size).toBe(1);
    (await second)();
    expect(lanes.size).toBe(0);
    expect(lanes.isLocked('key')).toBe(false);
  });

  test('keeps the entry of a later holder when an old releaser is called again', async () => {
    const lanes = new KeyedMutex();
    const first = await lanes.acquire('key');
    first();
    const second = await lanes.acquire('key');
    first();
    expect(lanes.isLocked('key')).toBe(true);
    second();
    expect(lanes.size).toBe(0);
  });

  test('forgets a key after a cancelled waiter', async () => {
    const lanes = new KeyedMutex();
    const hold = await lanes.acquire('key');
    const abort = new AbortController();
    const waiting = lanes.acquire('key', { signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toThrow();
    hold();
    expect(lanes.size).toBe(0);
  });

  test('enters no key for a signal that has already aborted', async () => {
    const lanes = new KeyedMutex();
    await expect(lanes.acquire('key', { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(lanes.size).toBe(0);
  });

  test('takes a free key without waiting', () => {
    const lanes = new KeyedMutex<number>();
    const release = lanes.tryAcquire(7);
    expect(lanes.isLocked(7)).toBe(true);
    release?.();
    expect(lanes.size).toBe(0);
  });

  test('releases the key when the callback throws', async () => {
    const lanes = new KeyedMutex();
    await expect(lanes.runExclusive('key', () => Promise.reject(new Error('inside')))).rejects.toThrow(
      'inside',
    );
    expect(lanes.size).toBe(0);
  });
});
