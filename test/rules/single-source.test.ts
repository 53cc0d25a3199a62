import { expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, runRule, steps } from './run.ts';

const TIER = `export function defaultTier(isSaas: boolean): number { return isSaas ? 4 : 3; }
`;
const TIERS = { property: 'tier', numbers: [3, 4], only: ['tier.ts#defaultTier'] };

function run(files: Readonly<Record<string, string>>, source: object = TIERS): Promise<CheckResult> {
  return check({
    cwd: tempDir({ 'tier.ts': TIER, ...files }),
    rules: ['single-source'],
    inlineConfig: { include: ['**/*.ts'], rules: { 'single-source': ['error', { sources: [source] }] } },
  });
}

const CONSTANT = `const STANDARD = 3;
export const tierOf = (input: { tier?: number }): number => input.tier ?? STANDARD;
`;

test('tells where the value belongs, and by which constant it came', async () => {
  const { report } = await run({ 'app.ts': CONSTANT });
  expect(report.findings).toMatchObject([
    {
      messageId: 'literalDefault',
      message: 'gives tier the literal 3',
      help: 'take the value from tier.ts#defaultTier',
      line: 2,
    },
  ]);
  expect(report.findings.flatMap(steps)).toEqual(['app.ts:1 has its value here']);
});

test('tells the table that a value is looked up in', async () => {
  const app = `const PORTS = { claude: 1 };
export const portOf = (runtime: 'claude'): number => PORTS[runtime];
`;
  const source = { compare: 'runtime', strings: ['claude'], only: ['model.ts'] };
  const model = 'export const isClaude = (runtime: string): boolean => runtime === "claude";\n';
  const { report } = await run({ 'app.ts': app, 'model.ts': model }, source);
  expect(report.findings).toMatchObject([
    {
      messageId: 'literalComparison',
      message: 'compares runtime with the literal "claude"',
      file: 'app.ts',
      line: 2,
    },
  ]);
  expect(report.findings.flatMap(steps)).toEqual(['app.ts:1 the table is written here']);
});

test.each([
  [{ ...TIERS, property: 'tire' }, 'unknownName: single-source.property names tire, which does not exist'],
  [
    { ...TIERS, only: ['tier.ts#nobody'] },
    'unknownName: single-source.only names tier.ts#nobody, which does not exist',
  ],
  [
    { ...TIERS, only: ['tier.ts#defaultTier', 'app.ts#tierOf'] },
    'staleEntry: single-source.only lists app.ts#tierOf, which decides nothing about tier: it has none of 3, 4',
  ],
])('a source that does not fit the code is red: %j', async (source, message) => {
  const app = 'export const tierOf = (input: { tier?: number }) => input.tier ?? 9;\n';
  expect(messages(await run({ 'app.ts': app }, source))).toContain(message);
});

test.each([
  [{ numbers: [3], only: ['tier.ts'] }, 'a source is about either a `property` or what it is to `compare`'],
  [{ property: 'tier', only: ['tier.ts'] }, 'without `numbers` or `strings` there is nothing to look for'],
])('options that say nothing are refused: %j', async (source, why) => {
  await expect(run({}, source)).rejects.toThrow(
    expect.objectContaining({ why: expect.stringContaining(why) }),
  );
});

test('finds nothing without a source, and reads no file for it', async () => {
  const result = await runRule('single-source', { 'app.ts': CONSTANT });
  expect([messages(result), result.rules[0]?.sites, result.counts.parsed]).toEqual([[], 0, 0]);
});
