import { describe, expect, test } from 'vitest';
import { LOCKS_FILE, messages, runRule, steps } from './run.ts';

/** A class with a lock, a field and methods. */
function counter(methods: string): Record<string, string> {
  const source = `import { Mutex } from './locks.ts';
export class Counter {
  readonly mu = new Mutex();
  value = 0;
  other = 0;
  async get(): Promise<number> { return this.mu.runExclusive(async () => this.value); }
  async set(value: number): Promise<void> { await this.mu.runExclusive(async () => { this.value = value; }); }
${methods}
}
`;
  return { 'locks.ts': LOCKS_FILE, 'counter.ts': source };
}

const LOST =
  'staleDecision: writes value by what was read of value under an earlier acquisition of Counter.mu';

describe('check-then-act', () => {
  test('leads from the first acquisition to the reading, and from the second one to the write', async () => {
    const { report } = await runRule(
      'check-then-act',
      counter(`  async add(): Promise<void> {
    const before = await this.get();
    await this.set(before + 1);
  }`),
    );
    expect(report.findings.map((finding) => [finding.messageId, finding.line, steps(finding)])).toEqual([
      [
        'staleDecision',
        10,
        [
          'counter.ts:9 calls Counter.get',
          'counter.ts:6 Counter.mu acquired here',
          'counter.ts:6 runs the callback',
          'counter.ts:6 reads value here',
          'counter.ts:10 calls Counter.set',
          'counter.ts:7 Counter.mu acquired here',
          'counter.ts:7 runs the callback',
          'counter.ts:7 writes value here, by what was read before',
        ],
      ],
    ]);
  });

  test('finds the caller in another file, and says it once for all that is called', async () => {
    const files = {
      ...counter(''),
      'use.ts': `import { Counter } from './counter.ts';
export async function double(counter: Counter): Promise<void> {
  const value = await counter.get();
  await counter.set(value * 2);
}
export async function twice(counter: Counter): Promise<void> {
  await double(counter);
  await double(counter);
}
`,
    };
    const { report } = await runRule('check-then-act', files);
    expect(report.findings.map(({ file, line }) => [file, line])).toEqual([['use.ts', 4]]);
  });

  test('says nothing where two objects are not known to be one', async () => {
    const files = {
      ...counter(''),
      'use.ts': `import { Counter } from './counter.ts';
export async function copy(from: Counter, to: Counter): Promise<void> {
  await to.set(await from.get());
}
`,
    };
    expect(messages(await runRule('check-then-act', files))).toEqual([]);
  });

  test.each([
    [
      'is only told to the outside',
      'const seen = await this.get(); console.log(seen); await this.set(1);',
      [],
    ],
    ['decides whether', 'if ((await this.get()) > 3) await this.set(1);', [LOST]],
    ['decides whether, by leaving', 'if ((await this.get()) > 3) return; await this.set(1);', [LOST]],
    ['decides by a case', 'switch (await this.get()) { case 0: await this.set(1); }', [LOST]],
    ['decides by a default', 'const to = (await this.get()) || 5; await this.set(to);', [LOST]],
    [
      'decides what is over when it is done',
      'if (await this.get()) { this.other = 1; } await this.set(1);',
      [],
    ],
    ['goes through a list', 'const all = [await this.get()]; await this.set(all[0] ?? 0);', [LOST]],
    [
      'is compared with how things are now',
      `const seen = await this.get();
       await this.mu.runExclusive(async () => { if (this.value === seen) this.value = seen + 1; });`,
      [],
    ],
    [
      'is of something else',
      `const seen = await this.mu.runExclusive(async () => this.other);
       await this.set(seen);`,
      [],
    ],
  ])('judges a reading that %s', async (_what, body, expected) => {
    const files = counter(`  async act(): Promise<void> { ${body} }`);
    expect(messages(await runRule('check-then-act', files))).toEqual(expected);
  });

  test('tells once of a stale test, whatever is written by it afterwards', async () => {
    const files = counter(`  async act(): Promise<void> {
    if ((await this.get()) > 0) return;
    await this.set(1);
    await this.set(2);
  }`);
    expect(messages(await runRule('check-then-act', files))).toEqual([LOST]);
  });
});
