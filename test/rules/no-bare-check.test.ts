import { expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, runRule, steps } from './run.ts';

const FLEET = `export interface Fleet { docker?: object; cloud?: object }
export function hasBackend(fleet: Fleet): boolean { return Boolean(fleet.docker ?? fleet.cloud); }
`;

function run(files: Readonly<Record<string, string>>, parts: object = {}): Promise<CheckResult> {
  const one = { fields: ['Fleet.docker', 'Fleet.cloud'], use: 'hasBackend', ...parts };
  return check({
    cwd: tempDir({ 'fleet.ts': FLEET, ...files }),
    rules: ['no-bare-check'],
    inlineConfig: { include: ['**/*.ts'], rules: { 'no-bare-check': ['error', { checks: [one] }] } },
  });
}

const NESTED = `import type { Fleet } from './fleet.ts';
export const kind = (fleet: Fleet): string => {
  if (fleet.cloud) return 'cloud';
  return fleet.docker ? 'docker' : 'none';
};
`;

test('tells what to ask instead, and which field was found missing before', async () => {
  const { report } = await run({ 'app.ts': NESTED });
  expect(report.findings).toMatchObject([
    {
      messageId: 'bareCheck',
      message: 'tests Fleet.docker and Fleet.cloud by hand',
      help: 'ask hasBackend instead',
    },
  ]);
  expect(report.findings.flatMap(steps)).toEqual(['app.ts:3 is known to be missing']);
});

test('counts every test of a field, and only what tests all of them is a finding', async () => {
  const app = `import type { Fleet } from './fleet.ts';
export const isLocal = (fleet: Fleet): boolean => fleet.docker != null;
`;
  const result = await run({ 'app.ts': app });
  expect([messages(result), result.rules[0]?.sites]).toEqual([[], 2]);
});

test.each([
  [{ fields: ['Fleet.dokcer', 'Fleet.cloud'] }, 'Fleet.dokcer'],
  [{ use: 'hasBackends' }, 'hasBackends'],
  [{ allowIn: ['fleet.ts#nobody'] }, 'fleet.ts#nobody'],
])('a name that nothing bears is red: %j', async (parts, name) => {
  const { report } = await run({}, parts);
  const unknown = report.findings.filter(({ messageId }) => messageId === 'unknownName');
  expect(unknown.map(({ message }) => message.split(', ')[0])).toMatchObject([
    expect.stringMatching(new RegExp(`^no-bare-check\\.\\w+ names ${name}$`)),
  ]);
});

test('an exception that excuses nothing is red', async () => {
  const app =
    "import type { Fleet } from './fleet.ts';\nexport const one = (fleet: Fleet) => fleet.docker;\n";
  expect(messages(await run({ 'app.ts': app }, { allowIn: ['app.ts#one'] }))).toEqual([
    'staleEntry: no-bare-check.allowIn lists app.ts#one, which does not test Fleet.docker and Fleet.cloud',
  ]);
});

test('fields of a value of any type are listed, and no finding', async () => {
  const { report } = await run({
    'app.ts': 'export const none = (fleet: any) => !fleet.docker && !fleet.cloud;\n',
  });
  expect(report.findings).toEqual([]);
  expect(report.unresolved).toMatchObject([
    {
      file: 'app.ts',
      message: 'what is tested here is of unknown type, and may be Fleet.docker and Fleet.cloud',
    },
  ]);
});

test('finds nothing without a check, and reads no file for it', async () => {
  const result = await runRule('no-bare-check', { 'fleet.ts': FLEET, 'app.ts': NESTED });
  expect([messages(result), result.rules[0]?.sites, result.counts.parsed]).toEqual([[], 0, 0]);
});
