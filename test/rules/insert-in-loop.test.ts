import { describe, expect, it } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';

const DB = 'export interface Db { query(text: string, values?: unknown[]): Promise<unknown> }\n';
const STORE = `import type { Db } from './db.ts';
export async function create(db: Db, name: string): Promise<void> {
  await db.query('INSERT INTO workspaces (name) VALUES ($1)', [name]);
}
`;

function run(files: Record<string, string>, options: object = {}): Promise<CheckResult> {
  return check({
    cwd: tempDir({ 'src/db.ts': DB, ...files }),
    inlineConfig: { include: ['src/**/*.ts'], rules: { 'insert-in-loop': ['error', options] } },
    rules: ['insert-in-loop'],
  });
}

describe('insert-in-loop', () => {
  it('tells the way from the loop to the insert', async () => {
    const { report } = await run({
      'src/store.ts': STORE,
      'src/app.ts': `import type { Db } from './db.ts';
import { create } from './store.ts';
const one = (db: Db, name: string) => create(db, name);
export async function importAll(db: Db, names: string[]): Promise<void> {
  for (const name of names) await one(db, name);
}
`,
    });
    expect(
      report.findings.map(({ file, line, column, endColumn, message, symbol, trace }) => {
        return { file, line, column, endColumn, message, symbol, trace };
      }),
    ).toEqual([
      {
        file: 'src/store.ts',
        line: 3,
        column: 9,
        endColumn: 17,
        message: 'inserts into workspaces once per iteration of the loop at src/app.ts:5',
        symbol: 'create',
        trace: [
          { file: 'src/app.ts', line: 5, column: 3, message: 'the loop' },
          { file: 'src/app.ts', line: 5, column: 35, message: 'calls one' },
          { file: 'src/app.ts', line: 3, column: 39, message: 'calls create' },
          { file: 'src/store.ts', line: 3, column: 9, message: 'inserts into workspaces' },
        ],
      },
    ]);
  });

  it('reports an insert once, for the nearest loop', async () => {
    const { report } = await run({
      'src/store.ts': STORE,
      'src/app.ts': `import type { Db } from './db.ts';
import { create } from './store.ts';
export async function a(db: Db, names: string[]): Promise<void> {
  for (const name of names) for (const part of name.split('/')) await create(db, part);
}
export async function b(db: Db, names: string[]): Promise<void> {
  await Promise.all(names.map((name) => create(db, name)));
}
`,
    });
    expect(report.findings.map(({ message }) => message)).toEqual([
      'inserts into workspaces once per iteration of the loop at src/app.ts:4',
    ]);
  });

  it('reports one INSERT of one loop once, where it is handed to whatever may run it', async () => {
    const { report } = await run({
      'src/app.ts': `import type { Db } from './db.ts';
export async function importAll(a: Db, b: Db, isB: boolean, names: string[]): Promise<void> {
  const send = isB ? (text: string) => b.query(text) : (text: string) => a.query(text);
  for (const name of names) await send('INSERT INTO workspaces (id) VALUES (gen_id())');
}
`,
    });
    expect(report.findings.map(({ line, column, trace }) => ({ line, column, trace }))).toEqual([
      {
        line: 4,
        column: 35,
        trace: [
          { file: 'src/app.ts', line: 4, column: 3, message: 'the loop' },
          { file: 'src/app.ts', line: 4, column: 35, message: 'calls send' },
          { file: 'src/app.ts', line: 3, column: 40, message: 'inserts into workspaces' },
          { file: 'src/app.ts', line: 3, column: 74, message: 'inserts into workspaces' },
        ],
      },
    ]);
  });

  it('judges a function that inserts into any table where the config says that all are protected', async () => {
    const files = {
      'src/db.ts': DB,
      'src/app.ts': `import type { Db } from './db.ts';
export async function save(db: Db, table: string, names: string[]): Promise<void> {
  for (const name of names) await db.query(\`INSERT INTO \${table} (name) VALUES ($1)\`, [name]);
}
`,
    };
    const cwd = tempDir(files);
    const byDefault = await check({ cwd, inlineConfig: { include: ['src/**/*.ts'] } });
    expect(byDefault.report.findings).toEqual([]);
    expect(byDefault.report.unresolved.map(({ message }) => message)).toEqual([
      'SQL whose table cannot be read, once per iteration of the loop at src/app.ts:3',
    ]);
    const { report } = await run(files);
    expect(report.findings.map(({ message }) => message)).toEqual([
      'inserts into a table once per iteration of the loop at src/app.ts:3',
    ]);
  });

  it('counts the protected inserts that it examined, in a loop or not', async () => {
    const { rules } = await run(
      {
        'src/store.ts': `${STORE}export const log = (db: Db) => db.query('INSERT INTO audit (a) VALUES (1)');\n`,
      },
      { tables: ['workspaces'] },
    );
    expect(rules.map(({ sites, findings }) => ({ sites, findings }))).toEqual([{ sites: 1, findings: 0 }]);
  });

  it('lists a guard that cannot be read as unresolved where no table is configured', async () => {
    const { report } = await run({
      'src/store.ts': `import type { Db } from './db.ts';
export async function create(db: Db, names: string[], end: string): Promise<void> {
  for (const name of names) await db.query(\`INSERT INTO workspaces (name) VALUES ($1) \${end}\`, [name]);
}
`,
    });
    expect([report.findings, report.unresolved]).toEqual([
      [],
      [
        {
          file: 'src/store.ts',
          line: 3,
          column: 35,
          message:
            'SQL whose conflict clause cannot be read, once per iteration of the loop at src/store.ts:3',
        },
      ],
    ]);
  });

  it('turns the gate red for a preflight that is declared nowhere', async () => {
    const { report } = await run({ 'src/store.ts': STORE }, { preflight: ['lookup'] });
    expect(report.findings.map(({ ruleId, messageId, message }) => ({ ruleId, messageId, message }))).toEqual(
      [
        {
          ruleId: 'gate-integrity',
          messageId: 'unknownName',
          message: 'insert-in-loop.preflight names lookup, which does not exist',
        },
      ],
    );
  });

  it('turns the gate red for a table that no text speaks of', async () => {
    const { report } = await run({ 'src/store.ts': STORE }, { tables: ['workspaces', 'invoices'] });
    expect(report.findings.map(({ messageId, message }) => ({ messageId, message }))).toEqual([
      { messageId: 'unknownName', message: 'insert-in-loop.tables names invoices, which does not exist' },
    ]);
  });

  it('judges the names of the config where nothing inserts at all', async () => {
    const { report } = await run(
      { 'src/a.ts': 'export const a = 1;\n' },
      { tables: ['t1'], preflight: ['look'] },
    );
    expect(report.findings.map(({ messageId }) => messageId)).toEqual([
      'noSites',
      'unknownName',
      'unknownName',
    ]);
  });

  it('starts no compiler and parses no file for code without inserts', async () => {
    const { counts } = await run({ 'src/a.ts': "export const a = 'select';\n" });
    expect(counts).toEqual({ parsed: 0, queries: 0, oracle: 'none' });
  });
});
