import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, steps } from './run.ts';

const SAVE = `async function save(id: string): Promise<number> { return id.length; }
async function pause(): Promise<void> {}
`;

function run(text: string): Promise<CheckResult> {
  return check({
    cwd: tempDir({ 'app.ts': SAVE + text }),
    rules: ['tracked-promise'],
    inlineConfig: {
      include: ['**/*.ts'],
      rules: { 'tracked-promise': ['error', { scope: 'all' }] },
    },
  });
}

describe('tracked-promise', () => {
  test('a chain that is left alone is one finding, whatever its links start', async () => {
    const result = await run(
      "export function app(): void { pause().then(() => save('a')).catch(() => 0); }\n",
    );
    expect(messages(result)).toEqual(['untracked: starts pause, and leaves its promise to nobody']);
  });

  test('tells which call drops the promise of an async function that is handed over', async () => {
    const { report } = await run(`function tick(work: () => void): void {
  work();
}
export function app(): void {
  tick(async () => { await pause(); });
}
`);
    expect(report.findings).toMatchObject([{ messageId: 'dropped', line: 7 }]);
    expect(report.findings.flatMap(steps)).toEqual(['app.ts:4 is called here']);
  });

  test('names a function that is called in place for what it is, however long it is', async () => {
    const result = await run('export function app(): void { (async function () { await pause(); })(); }\n');
    expect(messages(result)).toEqual([
      'untracked: starts an async function, and leaves its promise to nobody',
    ]);
  });

  describe('without an entry in the config', () => {
    const HELD = `import { Mutex } from 'async-mutex';
const mu = new Mutex();
export async function book(): Promise<void> { await mu.runExclusive(() => { void save('a'); }); }
export function app(): void { void book(); void save('b'); }
`;
    const under = (inlineConfig: object, rules?: readonly string[]): Promise<CheckResult> =>
      check({
        cwd: tempDir({ 'app.ts': SAVE + HELD }),
        inlineConfig: { include: ['**/*.ts'], ...inlineConfig },
        ...(rules && { rules }),
      });
    const ofRule = async (result: Promise<CheckResult>): Promise<readonly string[]> =>
      (await result).report.findings
        .filter(({ ruleId }) => ruleId === 'tracked-promise')
        .map(({ severity, line, message }) => `${severity} ${line} ${message}`);

    test('warns of what is started while a lock is held, and of nothing else', async () => {
      expect(await ofRule(under({}))).toEqual([
        'warn 5 starts save, and leaves its promise to nobody with `void`, while mu is held',
      ]);
    });

    test('with one, or where it is asked for by its name, tells what takes a lock', async () => {
      const taking = ['error 6 starts book, and leaves its promise to nobody with `void`'];
      expect(await ofRule(under({ rules: { 'tracked-promise': 'error' } }))).toEqual(taking);
      expect(await ofRule(under({ rules: { 'tracked-promise': ['error', { allow: [] }] } }))).toEqual(taking);
      expect(await ofRule(under({}, ['tracked-promise']))).toEqual(taking);
    });

    test('opens no file of a program without locks', async () => {
      const { report, counts } = await check({
        cwd: tempDir({ 'app.ts': `${SAVE}export function app(): void { void save('b'); }\n` }),
        inlineConfig: { include: ['**/*.ts'] },
      });
      expect(report.findings).toEqual([]);
      expect(counts).toMatchObject({ parsed: 0, queries: 0 });
    });
  });
});
