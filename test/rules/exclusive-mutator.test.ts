import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, runRule, steps } from './run.ts';

const BOOKS = `export class Books {
  readonly kept = new Map<string, number>();
  reap(): void { this.kept.delete('a'); }
}
`;

function run(files: Readonly<Record<string, string>>, parts: object = {}): Promise<CheckResult> {
  const field = { field: 'Books.kept', methods: ['delete'], only: ['Books.reap'], ...parts };
  return check({
    cwd: tempDir({ 'books.ts': BOOKS, ...files }),
    rules: ['exclusive-mutator'],
    inlineConfig: { include: ['**/*.ts'], rules: { 'exclusive-mutator': ['error', { fields: [field] }] } },
  });
}

const IMPORT = "import type { Books } from './books.ts';\n";

describe('exclusive-mutator', () => {
  test('tells the way through helpers of other files to the change', async () => {
    const { report } = await run({
      'drop.ts': 'export function drop(map: Map<string, number>): void {\n  map.delete("a");\n}\n',
      'pass.ts':
        "import { drop } from './drop.ts';\nexport function pass(map: Map<string, number>): void {\n  drop(map);\n}\n",
      'app.ts': `${IMPORT}import { pass } from './pass.ts';\nexport const close = (books: Books): void => pass(books.kept);\n`,
    });
    expect(report.findings).toMatchObject([
      { messageId: 'mutatedElsewhere', file: 'app.ts', line: 3, help: expect.stringContaining('Books.reap') },
    ]);
    expect(report.findings.flatMap(steps)).toEqual(['pass.ts:3 hands it on', 'drop.ts:2 is changed here']);
  });

  test('counts the changes of owners as sites, and reports none of them', async () => {
    const result = await run({});
    expect([messages(result), result.rules[0]?.sites]).toEqual([[], 1]);
  });

  test('one call that changes a field in two ways is one finding', async () => {
    const app = `${IMPORT}function drop(map: Map<string, number>): void { map.delete('a'); map.delete('b'); }
export const close = (books: Books): void => drop(books.kept);
`;
    expect(messages(await run({ 'app.ts': app }))).toEqual([
      'mutatedElsewhere: changes Books.kept with delete, which only Books.reap may do',
    ]);
  });

  test.each([
    [
      { field: 'Books.keept' },
      ['exclusive-mutator is configured', 'exclusive-mutator.field names Books.keept'],
    ],
    [{ only: ['Books.reap', 'Books.raep'] }, ['exclusive-mutator.only names Books.raep']],
    [{ only: ['Books.reap', 'boooks.ts'] }, ['exclusive-mutator.only names boooks.ts']],
  ])('a name that nothing bears is red: %j', async (parts, starts) => {
    const { report } = await run({}, parts);
    expect(report.findings.map(({ message }) => message.split(', ')[0])).toEqual(starts);
  });

  test('an owner that changes nothing is red', async () => {
    const app = `${IMPORT}export const close = (books: Books): boolean => books.kept.has('a');\n`;
    expect(messages(await run({ 'app.ts': app }, { only: ['Books.reap', 'close'] }))).toEqual([
      'staleEntry: exclusive-mutator.only lists close, which does not change Books.kept',
    ]);
  });

  test('what is of unknown type is listed, and no finding', async () => {
    const { report } = await run({
      'app.ts': 'export const close = (books: any): void => books.kept.delete("a");\n',
    });
    expect(report.findings).toEqual([]);
    expect(report.unresolved).toMatchObject([
      { file: 'app.ts', message: 'what is changed here is of unknown type, and may be Books.kept' },
    ]);
  });

  test('finds nothing without a field', async () => {
    const { report } = await runRule('exclusive-mutator', { 'books.ts': BOOKS });
    expect(report.findings).toEqual([]);
  });
});
