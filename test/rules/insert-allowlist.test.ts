import { describe, expect, it } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';

const STORE = `export interface Db { query(text: string, values?: unknown[]): Promise<unknown> }
export async function create(db: Db, name: string): Promise<void> {
  await db.query('INSERT INTO workspaces (name) VALUES ($1) ON CONFLICT DO NOTHING', [name]);
}
export async function rename(db: Db, name: string): Promise<void> {
  await db.query('UPDATE workspaces SET name = $1', [name]);
}
`;

function run(options: unknown, store = STORE): Promise<CheckResult> {
  return check({
    cwd: tempDir({ 'src/store.ts': store }),
    inlineConfig: { include: ['src/**/*.ts'], rules: { 'insert-allowlist': ['error', options] } },
    rules: ['insert-allowlist'],
  });
}

function messages({ report }: CheckResult): readonly string[] {
  return report.findings.map(({ ruleId, messageId, message }) => `${ruleId}/${messageId} ${message}`);
}

describe('insert-allowlist', () => {
  it('is satisfied by a list that is the code', async () => {
    const result = await run({ table: 'workspaces', allow: { 'src/store.ts#create': 'on-conflict' } });
    expect([messages(result), result.rules[0]?.sites]).toEqual([[], 1]);
  });

  it('tells what to list', async () => {
    const { report } = await run([{ table: 'workspaces', allow: {} }]);
    expect(report.findings.map(({ line, message, help }) => ({ line, message, help }))).toEqual([
      {
        line: 3,
        message: 'inserts into workspaces, and is not in its list',
        help: 'review it, and list src/store.ts#create with what makes it safe: on-conflict, lookup-then-insert, single-row, or a reason',
      },
    ]);
  });

  it('reports an entry that does not insert, and one that names nothing', async () => {
    const allow = {
      'src/store.ts#create': 'on-conflict',
      'src/store.ts#rename': 'single-row',
      'src/store.ts#creat': 'single-row',
    };
    expect(messages(await run({ table: 'workspaces', allow }))).toEqual([
      'gate-integrity/staleEntry insert-allowlist.allow lists src/store.ts#rename, which does not insert into workspaces',
      'gate-integrity/unknownName insert-allowlist.allow names src/store.ts#creat, which does not exist',
    ]);
  });

  it('reports a table that nothing mentions', async () => {
    expect(messages(await run({ table: 'invoices', allow: {} }))).toContain(
      'gate-integrity/unknownName insert-allowlist.table names invoices, which does not exist',
    );
  });

  it('judges the list where nothing inserts any more', async () => {
    const store = `export const create = (name: string): string => name; // workspaces\n`;
    const allow = { 'src/store.ts#create': 'on-conflict' };
    expect(messages(await run({ table: 'workspaces', allow }, store))).toContain(
      'gate-integrity/staleEntry insert-allowlist.allow lists src/store.ts#create, which does not insert into workspaces',
    );
  });

  it('takes no word for a reason', async () => {
    const allow = { 'src/store.ts#create': 'on_conflict' };
    await expect(run({ table: 'workspaces', allow })).rejects.toMatchObject({
      why: 'allow["src/store.ts#create"]: must be one of on-conflict, lookup-then-insert, single-row, or a reason in words',
    });
  });

  it('lists what may be the table as unresolved', async () => {
    const store = `${STORE}export async function save(db: Db, table: string): Promise<void> {
  await db.query(\`INSERT INTO \${table} DEFAULT VALUES\`);
}
`;
    const result = await run({ table: 'workspaces', allow: { 'src/store.ts#create': 'on-conflict' } }, store);
    expect([
      messages(result),
      result.report.unresolved.map(({ line, message }) => `${line} ${message}`),
    ]).toEqual([[], ['9 an INSERT whose table cannot be read, and may be workspaces']]);
  });
});
