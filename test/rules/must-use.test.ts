import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, runRule, steps } from './run.ts';

const TABLE = `export class Table {
  lease(): object { return {}; }
}
`;

function run(files: Readonly<Record<string, string>>, ...functions: string[]): Promise<CheckResult> {
  return check({
    cwd: tempDir({ 'table.ts': TABLE, ...files }),
    rules: ['must-use'],
    inlineConfig: { include: ['**/*.ts'], rules: { 'must-use': ['error', { functions }] } },
  });
}

describe('must-use', () => {
  test('tells by which helpers a result has come', async () => {
    const files = {
      'open.ts': `import type { Table } from './table.ts';
export const open = (table: Table) => table.lease();
`,
      'app.ts': `import { open } from './open.ts';
import { Table } from './table.ts';
const soon = () => open(new Table());
soon();
`,
    };
    const { report } = await run(files, 'Table.lease');
    expect(report.findings.map(({ file, line }) => `${file}:${line}`)).toEqual(['app.ts:4']);
    expect(report.findings.flatMap(steps)).toEqual([
      'open.ts:2 returns the result of Table.lease',
      'app.ts:3 returns the result of Table.lease',
    ]);
  });

  test('tells where a function that is given the callback loses its result', async () => {
    const app = `import { Table } from './table.ts';
const run = (work: () => unknown): void => {
  work();
};
run(() => new Table().lease());
`;
    const { report } = await run({ 'app.ts': app }, 'Table.lease');
    expect(report.findings.map(({ message, line }) => `${line} ${message}`)).toEqual([
      '5 leaves the result of Table.lease to `run`, which does nothing with it',
    ]);
    expect(report.findings.flatMap(steps)).toEqual(['app.ts:3 is lost here']);
  });

  test('counts the calls whose results are used, too', async () => {
    const app = `import { Table } from './table.ts';
export const first = new Table().lease();
export const second = new Table().lease();
`;
    const result = await run({ 'app.ts': app }, 'Table.lease');
    expect([messages(result), result.rules[0]?.sites]).toEqual([[], 2]);
  });

  test('a function that nobody calls is nothing to examine', async () => {
    expect(messages(await run({}, 'Table.lease'))).toEqual([
      'noSites: must-use is configured, and found nothing to examine',
    ]);
  });

  test.each([
    [
      'Table.leas',
      'unknownName: must-use.functions names Table.leas, which does not exist; did you mean Table.lease?',
    ],
    ['open', 'ambiguousName: must-use.functions names open, which may be a.ts#open or b.ts#open'],
    ['Nobody.knows', 'unknownName: must-use.functions names Nobody.knows, which does not exist'],
  ])('a name that stands for no one thing is red: %s', async (name, message) => {
    const open = 'export function open(): object { return {}; }\n';
    const { report } = await run({ 'a.ts': open, 'b.ts': open }, name);
    const texts = report.findings.map(({ messageId, message: text, help }) => {
      const hint = /; did you mean .*/.exec(help)?.[0] ?? '';
      return `${messageId}: ${text}${hint}`;
    });
    expect(texts).toContain(message);
  });

  test('a tag on what is no function is red', async () => {
    const source =
      '/** @mustUse */\nexport interface Grant {}\nexport class A {\n  /** @mustUse */\n  readonly x = 1;\n}\n';
    const { report } = await runRule('must-use', { 'grant.ts': source });
    expect(report.findings.map(({ messageId, line }) => `${messageId}:${line}`)).toEqual([
      'idleTag:1',
      'idleTag:4',
    ]);
  });

  test('lists what is lost behind any, and not what is used there', async () => {
    const app = `export const lose = (table: any): void => table.lease() && undefined;
export function drop(table: any): void {
  table.lease();
}
`;
    const { report } = await run({ 'app.ts': app }, 'Table.lease');
    expect(report.unresolved.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '3 `lease` of a value of unknown type may be Table.lease',
    ]);
  });

  test('reads no file where nothing must be used', async () => {
    const app = "import { Table } from './table.ts';\nnew Table().lease();\n";
    const result = await runRule('must-use', { 'table.ts': TABLE, 'app.ts': app });
    expect([messages(result), result.rules[0]?.sites, result.counts.parsed]).toEqual([[], 0, 0]);
  });
});
