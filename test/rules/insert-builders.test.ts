import { describe, expect, it } from 'vitest';
import { check } from '../../src/engine/check.ts';
import { tempDir } from '../support/temp-dir.ts';

async function findings(files: Record<string, string>): Promise<readonly string[]> {
  const { report } = await check({
    cwd: tempDir(files),
    inlineConfig: { include: ['src/**/*.ts'], rules: { 'insert-in-loop': 'error' } },
  });
  return report.findings.map(({ file, line, message }) => `${file}:${line} ${message}`);
}

const TYPEORM = {
  'node_modules/typeorm/package.json': '{"name": "typeorm", "version": "1.0.0", "types": "index.d.ts"}',
  'node_modules/typeorm/index.d.ts': `
export interface Repository<E> { insert(rows: object): Promise<void>; orders: E }
export interface EntityManager { insert(entity: unknown, rows: object): Promise<void> }
`,
};

describe('inserts of query builders', () => {
  it('are told by the types of an installed package', async () => {
    const app = `import type { EntityManager, Repository } from 'typeorm';
export class Order { id = 0 }
export class Bucket { insert(row: object): void { console.log(row); } }
export async function importAll(a: EntityManager, b: Repository<Order>, c: Bucket, ids: number[]): Promise<void> {
  for (const id of ids) {
    await a.insert(Order, { id });
    await b.insert({ id });
    c.insert({ id });
  }
}
`;
    expect(await findings({ ...TYPEORM, 'src/app.ts': app })).toEqual([
      'src/app.ts:6 inserts into Order once per iteration of the loop at src/app.ts:5',
      'src/app.ts:7 inserts into Order once per iteration of the loop at src/app.ts:5',
    ]);
  });

  it('are told by the import where the package is not installed', async () => {
    const db = `import { drizzle } from 'drizzle-orm/node-postgres';
import { pgTable } from 'drizzle-orm/pg-core';
export const db = drizzle('postgres://localhost');
export const orders = pgTable('orders', {});
`;
    const app = `import { db, orders } from './db.ts';
declare const bucket: any;
export async function importAll(ids: number[]): Promise<void> {
  for (const id of ids) await db.insert(orders).values({ id });
  for (const id of ids) await bucket.insert(orders).values({ id });
  for (const id of ids) await db.insert(orders).values({ id }).onConflictDoNothing();
}
`;
    expect(await findings({ 'src/db.ts': db, 'src/app.ts': app })).toEqual([
      'src/app.ts:4 inserts into orders once per iteration of the loop at src/app.ts:4',
    ]);
  });
});
