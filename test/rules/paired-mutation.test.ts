import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, runRule } from './run.ts';

const MAPS = `export declare function evict(id: string): void;
export const open = new Map<string, object>();
export const touched = new Map<string, number>();
`;

function run(text: string, pair: object): Promise<CheckResult> {
  return check({
    cwd: tempDir({ 'app.ts': MAPS + text }),
    rules: ['paired-mutation'],
    inlineConfig: { include: ['**/*.ts'], rules: { 'paired-mutation': ['error', { pairs: [pair] }] } },
  });
}

const PAIR = { remove: 'open', also: ['touched', 'evict'] };

describe('paired-mutation', () => {
  test('tells all that is missing', async () => {
    const result = await run('export const drop = (id: string): boolean => open.delete(id);\n', PAIR);
    expect(messages(result)).toEqual([
      'unpaired: removes from open without the removal from touched and a call of evict',
    ]);
  });

  test('tells what comes too early: before the removal, or among the companions', async () => {
    const result = await run(
      `export function first(id: string): void {
  touched.delete(id);
  open.delete(id);
  evict(id);
}
export function second(id: string): void {
  open.delete(id);
  evict(id);
  touched.delete(id);
}
`,
      { ...PAIR, order: true },
    );
    expect(messages(result)).toEqual([
      'outOfOrder: the removal from touched comes before the removal from open, which has to come first',
      'outOfOrder: a call of evict comes before the removal from touched, which has to come first',
    ]);
    expect(result.report.findings.map(({ line }) => line)).toEqual([6, 11]);
  });

  test('counts every removal, and nothing else that is done to the field', async () => {
    const result = await run(
      `export function use(id: string): void {
  open.set(id, open.get(id) ?? {});
  if (open.has(id)) console.log(open.size);
}
export function drop(id: string): void {
  open.delete(id);
  touched.delete(id);
  evict(id);
}
`,
      PAIR,
    );
    expect([messages(result), result.rules[0]?.sites]).toEqual([[], 1]);
  });

  test('finds nothing without a pair, and reads no file for it', async () => {
    const result = await runRule('paired-mutation', { 'app.ts': MAPS });
    expect([messages(result), result.rules[0]?.sites, result.counts.parsed]).toEqual([[], 0, 0]);
  });
});
