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
});
