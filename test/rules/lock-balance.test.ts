import path from 'node:path';
import type { Mutex } from 'async-mutex';
import { describe, expect, test } from 'vitest';
import { LOCKS_FILE, runRule, steps } from './run.ts';

const fixtures = path.join(import.meta.dirname, '../../fixtures/lock-balance');

/** A fixture's store, and its lock. */
async function load(
  name: string,
): Promise<{ store: Record<string, (...args: unknown[]) => unknown>; mu: Mutex }> {
  const { Store } = await import(path.join(fixtures, `${name}.ts`));
  const store = new Store();
  return { store, mu: Reflect.get(store, 'mu') as Mutex };
}

const fails = (): Promise<never> => Promise.reject(new Error('down'));

/** How to call the method of a fixture so that it takes the path that leaks. */
const LEAKS: Readonly<Record<string, readonly [string, ...unknown[]]>> = {
  'early-return': ['rename', 'a', 'b'],
  'await-that-throws': ['load', fails],
  'call-between-acquire-and-try': ['save', 'a', 'no JSON'],
  'by-name-early-throw': ['rename', 'a', 'b'],
  'lost-releaser': ['rename', 'a', 'b'],
  'catch-without-release': ['load', fails],
  'handle-that-is-never-returned': ['open', fails],
  'then-without-finally': ['run', fails],
  'lock-and-unlock-by-helpers': ['run', fails],
  'helper-that-returns-the-releaser': ['size', false],
  'await-before-the-release-in-finally': ['run', () => Promise.resolve(), fails],
  'optional-acquisition': ['run', true, fails],
};

describe('the fixtures of lock-balance, executed', () => {
  test.each(Object.entries(LEAKS))(
    '%s: the lock stays locked, and its twin gives it back',
    async (name, call) => {
      const after = async (kind: string): Promise<boolean> => {
        const { store, mu } = await load(`${name}.${kind}`);
        const [method, ...args] = call;
        await Promise.allSettled([store[method]?.(...args)]);
        return mu.isLocked();
      };
      expect([await after('bad'), await after('good')]).toEqual([true, false]);
    },
  );

  test('a second release lets two waiters in, and one release lets one in', async () => {
    const entered = async (kind: string): Promise<number> => {
      const { store, mu } = await load(`released-before-return-and-in-finally.${kind}`);
      const gate = await mu.acquire();
      const renamed = store['rename']?.('a', 'b');
      let count = 0;
      const waiting = [mu.acquire(), mu.acquire()].map((grant) => grant.then(() => (count += 1)));
      gate();
      await renamed;
      await waiting[0];
      await new Promise((resolve) => setImmediate(resolve));
      return count;
    };
    expect([await entered('bad'), await entered('good')]).toEqual([2, 1]);
  });

  test('work that is returned without await goes on when the lock is free', async () => {
    const isLockedMeanwhile = async (kind: string): Promise<boolean> => {
      const { store, mu } = await load(`returned-without-await.${kind}`);
      let isLocked: boolean | undefined;
      await store['load']?.(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        isLocked = mu.isLocked();
        return '';
      });
      return isLocked === true;
    };
    expect([await isLockedMeanwhile('bad'), await isLockedMeanwhile('good')]).toEqual([false, true]);
  });
});

describe('lock-balance', () => {
  test('tells where the lock is acquired, and where the way leaves the function', async () => {
    const source = `import { Mutex } from './locks.ts';
export class Desk {
  readonly mu = new Mutex();
  async stamp(write: () => Promise<void>): Promise<void> {
    const release = await this.mu.acquire();
    await write();
    release();
  }
}
`;
    const { report } = await runRule('lock-balance', { 'locks.ts': LOCKS_FILE, 'desk.ts': source });
    expect(report.findings.map((finding) => [finding.message, steps(finding)])).toEqual([
      [
        'Desk.mu is not released on every path: may throw here, with the lock held',
        ['desk.ts:5 acquired here', 'desk.ts:6 may throw here, with the lock held'],
      ],
    ]);
  });

  test('takes a release for harmless that the config says is', async () => {
    const source = `export class Latch {
  async enter(): Promise<void> {}
  leave(): void {}
}
export class Desk {
  readonly latch = new Latch();
  async stamp(): Promise<void> {
    await this.latch.enter();
    this.latch.leave();
    this.latch.leave();
  }
}
`;
    const found = async (releasedTwice: 'frees' | 'harmless') => {
      const primitive = { type: 'Latch', acquire: ['enter'], release: ['leave'], grants: 'void' as const };
      const primitives = [{ ...primitive, releasedTwice }];
      const { report } = await runRule('lock-balance', { 'desk.ts': source }, { primitives });
      return report.findings.map(({ messageId, line }) => [messageId, line]);
    };
    expect([await found('frees'), await found('harmless')]).toEqual([[['doubleRelease', 10]], []]);
  });
});
