import { describe, expect, test } from 'vitest';
import { Mutex } from '../../src/locks/index.ts';

/** Lets every pending promise reaction run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('Mutex', () => {
  test('carries the name it was given', () => {
    expect(new Mutex({ name: 'Registry.mu' }).name).toBe('Registry.mu');
    expect(new Mutex().name).toBe('Mutex');
  });

  test('is locked from the call of acquire on, before its promise is awaited', () => {
    const mu = new Mutex();
    void mu.acquire();
    expect(mu.locked).toBe(true);
  });

  test('is free again after the release', async () => {
    const mu = new Mutex();
    const release = await mu.acquire();
    release();
    expect(mu.locked).toBe(false);
  });

  test('serves waiters in the order of their calls, whatever order they are awaited in', async () => {
    const mu = new Mutex();
    const order: number[] = [];
    const hold = await mu.acquire();
    const queue = [1, 2, 3].map((n) => ({ n, turn: mu.acquire() }));
    const done = queue.toReversed().map(async ({ n, turn }) => {
      using _mu = await turn;
      order.push(n);
    });
    hold();
    await Promise.all(done);
    expect(order).toEqual([1, 2, 3]);
  });

  test('stays locked across a hand-over, so that a newcomer cannot overtake', async () => {
    const mu = new Mutex();
    const first = await mu.acquire();
    const second = mu.acquire();
    first();
    expect(mu.locked).toBe(true);
    expect(mu.tryAcquire()).toBeUndefined();
    (await second)();
    expect(mu.locked).toBe(false);
  });

  test('makes a second acquisition by the holder wait', async () => {
    const mu = new Mutex();
    const outer = await mu.acquire();
    let entered = false;
    const inner = mu.acquire().then((release) => {
      entered = true;
      release();
    });
    await settle();
    expect(entered).toBe(false);
    outer();
    await inner;
    expect(entered).toBe(true);
  });

  test('ignores every release after the first', async () => {
    const mu = new Mutex();
    const first = await mu.acquire();
    first();
    const second = await mu.acquire();
    first();
    first[Symbol.dispose]();
    expect(mu.locked).toBe(true);
    second();
  });

  test('takes a free lock without waiting, and refuses a held one', () => {
    const mu = new Mutex();
    const release = mu.tryAcquire();
    expect(release).toBeTypeOf('function');
    expect(mu.tryAcquire()).toBeUndefined();
    release?.();
    expect(mu.tryAcquire()).toBeTypeOf('function');
  });
});

describe('Mutex with `using`', () => {
  test('releases at the end of the block', async () => {
    const mu = new Mutex();
    {
      using _mu = await mu.acquire();
      expect(mu.locked).toBe(true);
    }
    expect(mu.locked).toBe(false);
  });

  test('releases on return, throw and continue', async () => {
    const mu = new Mutex();
    const returns = async () => {
      using _mu = await mu.acquire();
      return mu.locked;
    };
    expect(await returns()).toBe(true);
    expect(mu.locked).toBe(false);

    const throws = async () => {
      using _mu = await mu.acquire();
      throw new Error('inside');
    };
    await expect(throws()).rejects.toThrow('inside');
    expect(mu.locked).toBe(false);

    for (const _ of [1, 2]) {
      using _mu = await mu.acquire();
      if (mu.locked) continue;
      expect.unreachable();
    }
    expect(mu.locked).toBe(false);
  });

  test('releases several locks in reverse order', async () => {
    const outer = new Mutex();
    const inner = new Mutex();
    const order: string[] = [];
    let waiters: Promise<void>[];
    {
      using _outer = await outer.acquire();
      using _inner = await inner.acquire();
      waiters = [
        outer.acquire().then(() => void order.push('outer')),
        inner.acquire().then(() => void order.push('inner')),
      ];
    }
    await Promise.all(waiters);
    expect(order).toEqual(['inner', 'outer']);
  });

  test('may be released early inside the block', async () => {
    const mu = new Mutex();
    {
      using held = await mu.acquire();
      held();
      expect(mu.locked).toBe(false);
      void mu.acquire();
    }
    expect(mu.locked).toBe(true);
  });
});

describe('Mutex.runExclusive', () => {
  test('returns what the callback returns', async () => {
    expect(await new Mutex().runExclusive(() => 'plain')).toBe('plain');
    expect(await new Mutex().runExclusive(async () => 'promised')).toBe('promised');
  });

  test('holds the lock until the promise of the callback settles', async () => {
    const mu = new Mutex();
    let finish = () => {};
    const running = mu.runExclusive(() => new Promise<void>((resolve) => (finish = resolve)));
    await settle();
    expect(mu.locked).toBe(true);
    finish();
    await running;
    expect(mu.locked).toBe(false);
  });

  test('releases when the callback throws or rejects', async () => {
    const mu = new Mutex();
    await expect(
      mu.runExclusive(() => {
        throw new Error('thrown');
      }),
    ).rejects.toThrow('thrown');
    await expect(mu.runExclusive(() => Promise.reject(new Error('rejected')))).rejects.toThrow('rejected');
    expect(mu.locked).toBe(false);
  });

  test('takes its place in the queue synchronously', async () => {
    const mu = new Mutex();
    const order: string[] = [];
    const hold = await mu.acquire();
    const exclusive = mu.runExclusive(() => order.push('exclusive'));
    const acquired = mu.acquire().then((release) => {
      order.push('acquired');
      release();
    });
    hold();
    await Promise.all([exclusive, acquired]);
    expect(order).toEqual(['exclusive', 'acquired']);
  });
});

describe('Mutex with an AbortSignal', () => {
  test('rejects with the reason, without taking a free lock, when the signal has already aborted', async () => {
    const mu = new Mutex();
    const reason = new Error('too late');
    await expect(mu.acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(mu.locked).toBe(false);
  });

  test('rejects a waiter with the reason when the signal aborts', async () => {
    const mu = new Mutex();
    const hold = await mu.acquire();
    const abort = new AbortController();
    const waiting = mu.acquire({ signal: abort.signal });
    const reason = new Error('changed my mind');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    hold();
    expect(mu.locked).toBe(false);
  });

  test('passes over a cancelled waiter and keeps the order of the others', async () => {
    const mu = new Mutex();
    const order: string[] = [];
    const hold = await mu.acquire();
    const abort = new AbortController();
    const join = (name: string, signal?: AbortSignal) =>
      mu.runExclusive(() => order.push(name), { signal }).catch(() => order.push(`${name} cancelled`));
    const all = [join('a'), join('b', abort.signal), join('c')];
    abort.abort();
    await settle();
    hold();
    await Promise.all(all);
    expect(order).toEqual(['b cancelled', 'a', 'c']);
  });

  test('does not run the callback of a cancelled runExclusive', async () => {
    const mu = new Mutex();
    const hold = await mu.acquire();
    const abort = new AbortController();
    let ran = false;
    const waiting = mu.runExclusive(() => (ran = true), { signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toThrow();
    hold();
    await settle();
    expect(ran).toBe(false);
    expect(mu.locked).toBe(false);
  });

  test('keeps a lock that was granted before the signal aborted', async () => {
    const mu = new Mutex();
    const hold = await mu.acquire();
    const abort = new AbortController();
    const waiting = mu.acquire({ signal: abort.signal });
    hold();
    abort.abort();
    const release = await waiting;
    expect(mu.locked).toBe(true);
    release();
  });

  test('leaves no listener on the signal, whether granted or cancelled', async () => {
    const mu = new Mutex();
    const abort = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = abort.signal;
    abort.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(abort.signal, args);
    };
    abort.signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(abort.signal, args);
    };
    const hold = await mu.acquire({ signal: abort.signal });
    const waiting = mu.acquire({ signal: abort.signal });
    expect(listeners).toBe(1);
    hold();
    (await waiting)();
    expect(listeners).toBe(0);
  });
});
