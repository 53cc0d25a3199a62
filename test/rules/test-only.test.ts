import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, runRule, steps } from './run.ts';

const CLAIMS = `export class Claims {
  claim(): void {}
  plant(): void {}
}
`;

function run(files: Readonly<Record<string, string>>, options: object): Promise<CheckResult> {
  return check({
    cwd: tempDir({ 'claims.ts': CLAIMS, ...files }),
    rules: ['test-only'],
    inlineConfig: { include: ['**/*.ts'], rules: { 'test-only': ['error', options] } },
  });
}

describe('test-only', () => {
  test('needs no config for what has the tag', async () => {
    const result = await runRule('test-only', {
      'clock.ts': '/** @testOnly */\nexport const freeze = (): void => {};\n',
      'app.ts': "import { freeze } from './clock.ts';\nfreeze();\n",
      'test/clock.ts': "import { freeze } from '../clock.ts';\nfreeze();\n",
    });
    expect(result.report.findings.map(({ file, line }) => `${file}:${line}`)).toEqual(['app.ts:2']);
  });

  test('tells by what declaration a method of another class is meant', async () => {
    const app = `import { Claims } from './claims.ts';
class Sessions extends Claims {
  override plant(): void {}
}
new Sessions().plant();
`;
    const { report } = await run({ 'app.ts': app }, { functions: ['Claims.plant'] });
    expect(report.findings.map(({ line }) => line)).toEqual([5]);
    expect(report.findings.flatMap(steps)).toEqual(['app.ts:3 overrides or implements Claims.plant']);
  });

  test.each([
    [
      'the unknown',
      'Claims.plan',
      'unknownName: test-only.functions names Claims.plan, which does not exist',
    ],
    [
      'the ambiguous',
      'seed',
      'ambiguousName: test-only.functions names seed, which may be a.ts#seed or b.ts#seed',
    ],
  ])('a name that is %s is red', async (_, name, message) => {
    const seed = 'export function seed(): void {}\n';
    const result = await run({ 'a.ts': seed, 'b.ts': seed }, { functions: [name] });
    expect(messages(result)).toContain(message);
  });

  test('a name is unknown where no file has the word', async () => {
    const result = await run({}, { functions: ['Nobody.knows'] });
    expect(messages(result)).toContain(
      'unknownName: test-only.functions names Nobody.knows, which does not exist',
    );
  });

  test('a tag on nothing that is there when the program runs is red', async () => {
    const source = '/** @testOnly */\nexport interface Clock {}\n// @testOnly\nexport const now = 1;\n';
    const { report } = await runRule('test-only', { 'clock.ts': source });
    expect(report.findings.map(({ messageId, line }) => `${messageId}:${line}`)).toEqual([
      'idleTag:1',
      'idleTag:3',
    ]);
  });

  test('lists what may be the target behind any', async () => {
    const app = 'export const open = (claims: any): void => claims.plant();\n';
    const { report } = await run({ 'app.ts': app }, { functions: ['Claims.plant'] });
    expect(report.unresolved.map(({ message }) => message)).toEqual([
      '`plant` of a value of unknown type may be Claims.plant',
    ]);
  });

  test('finds the tests behind an alias of a path', async () => {
    const tsconfig = JSON.stringify({
      compilerOptions: { module: 'nodenext', paths: { '#test/*': ['./test/*'] } },
      include: ['**/*'],
    });
    const result = await run(
      {
        'tsconfig.json': tsconfig,
        'app.ts':
          "import { row } from '#test/rows.ts';\nimport '@playwright/test';\nexport const first = row;\n",
        'test/rows.ts': 'export const row = 1;\n',
      },
      {},
    );
    expect(messages(result)).toEqual(['importsTest: imports test/rows.ts, which is a test']);
  });

  test('reads no file where nothing speaks of tests', async () => {
    const result = await runRule('test-only', {
      'claims.ts': CLAIMS,
      'app.ts': "import { Claims } from './claims.ts';\nnew Claims().plant();\n",
    });
    expect([messages(result), result.rules[0]?.sites, result.counts.parsed]).toEqual([[], 0, 0]);
  });
});
