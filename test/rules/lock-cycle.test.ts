import { describe, expect, test } from 'vitest';
import { LOCKS_FILE, messages, runRule, steps } from './run.ts';

/** Locks that are nested in these pairs, the outer one first. */
function nesting(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const names = [...new Set(pairs.flat())].map((name) => `export const ${name} = new Mutex();`);
  const functions = pairs.map(
    ([outer, inner], at) =>
      `export async function f${at}(): Promise<void> { await ${outer}.runExclusive(() => g${at}()); }
async function g${at}(): Promise<void> { await ${inner}.runExclusive(async () => {}); }`,
  );
  const text = ["import { Mutex } from './locks.ts';", ...names, ...functions, ''].join('\n');
  return { 'locks.ts': LOCKS_FILE, 'app.ts': text };
}

describe('lock-cycle', () => {
  test('tells every edge of the cycle, one after another, with the calls on the way', async () => {
    const { report } = await runRule(
      'lock-cycle',
      nesting([
        ['stock', 'cart'],
        ['cart', 'stock'],
      ]),
    );
    expect(report.findings.map(({ message, line, help }) => [message, line, help])).toEqual([
      [
        'cart and stock are acquired in a cycle: stock → cart → stock',
        5,
        'choose one order for cart and stock, declare it in locks.order, and acquire in that order everywhere',
      ],
    ]);
    expect(report.findings.map(steps)).toEqual([
      [
        'app.ts:4 stock acquired here',
        'app.ts:4 runs the callback',
        'app.ts:4 calls g0',
        'app.ts:5 cart acquired here',
        'app.ts:6 cart acquired here',
        'app.ts:6 runs the callback',
        'app.ts:6 calls g1',
        'app.ts:7 stock acquired here',
      ],
    ]);
  });

  test('tells a cycle once, however many ways there are round it', async () => {
    const result = await runRule(
      'lock-cycle',
      nesting([
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'a'],
        ['b', 'c'],
        ['a', 'b'],
      ]),
    );
    expect(messages(result)).toEqual(['cycle: a, b and c are acquired in a cycle: a → b → c → a']);
  });

  test('leaves an inversion of declared locks to lock-order', async () => {
    const files = nesting([
      ['a', 'b'],
      ['b', 'a'],
    ]);
    const results = [
      await runRule('lock-cycle', files, { order: ['a', 'b'] }),
      await runRule('lock-order', files, { order: ['a', 'b'] }),
    ];
    expect(results.map(messages)).toEqual([
      [],
      ['contradictsOrder: acquires a while holding b; the declared order is a → b'],
    ]);
  });

  test('counts no edge between shares of a lock whose readers pass a waiting writer', async () => {
    const text = `import { Mutex, RwLock } from './locks.ts';
const mu = new Mutex(), rw = new RwLock();
export async function read(): Promise<void> {
  await rw.withReadLock(() => mu.runExclusive(async () => {}));
}
export async function write(): Promise<void> {
  await mu.runExclusive(() => rw.withReadLock(async () => {}));
}
`;
    const files = { 'locks.ts': LOCKS_FILE, 'app.ts': text };
    const primitive = { type: 'RwLock', scoped: ['withWriteLock'], scopedShared: ['withReadLock'] } as const;
    const results = [
      await runRule('lock-cycle', files, { primitives: [{ ...primitive, readers: 'recursive' }] }),
      await runRule('lock-cycle', files, { primitives: [{ ...primitive, readers: 'fair' }] }),
    ];
    expect(results.map(messages)).toEqual([[], ['cycle: mu and rw are acquired in a cycle: rw → mu → rw']]);
  });
});
