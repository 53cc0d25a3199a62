import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, runRule, steps } from './run.ts';

function run(text: string, ...functions: readonly object[]): Promise<CheckResult> {
  return check({
    cwd: tempDir({ 'app.ts': text }),
    rules: ['must-call'],
    inlineConfig: { include: ['**/*.ts'], rules: { 'must-call': ['error', { functions }] } },
  });
}

const EMIT = 'export declare function emit(event: string, data?: object): void;\n';

describe('must-call', () => {
  test('tells what the call is to be made with, and what it is made with instead', async () => {
    const result = await run(
      `${EMIT}export function start(id: string): void {
  emit('stop', { id });
}
`,
      { function: 'start', calls: ['emit'], args: { 0: 'start', 1: { sync: true } } },
    );
    expect(messages(result)).toEqual(['notCalled: start does not call emit("start", {"sync":true})']);
    expect(result.report.findings.flatMap(steps)).toEqual(['app.ts:3 calls emit with other arguments']);
  });

  test('tells where a function ends without the call', async () => {
    const result = await run(
      `${EMIT}export function start(id: string): string {
  if (id === '') return 'nothing';
  emit('start');
  return id;
}
`,
      { function: 'start', calls: ['emit'], onEveryPath: true },
    );
    expect(messages(result)).toEqual(['notOnEveryPath: start can come to its end without a call of emit']);
    expect(result.report.findings.flatMap(steps)).toEqual(['app.ts:3 ends here']);
  });

  test('lists a call that may be meant, and reports none', async () => {
    const { report } = await run(
      `export interface Log { emit(event: string): void }
export function start(log: any): void {
  log.emit('start');
}
`,
      { function: 'start', calls: ['Log.emit'] },
    );
    expect([report.findings, report.unresolved.map(({ line, message }) => `${line} ${message}`)]).toEqual([
      [],
      ['3 `emit` of a value of unknown type may be Log.emit'],
    ]);
  });

  test('finds nothing without a function, and reads no file for it', async () => {
    const result = await runRule('must-call', { 'app.ts': EMIT });
    expect([messages(result), result.rules[0]?.sites, result.counts.parsed]).toEqual([[], 0, 0]);
  });
});
