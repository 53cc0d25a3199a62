import { describe, expect, it } from 'vitest';
import type { InsertGuard } from '../../../src/analysis/sql/index.ts';
import { read } from './model.ts';

function guardOf(sql: string): InsertGuard | undefined {
  const inserts = read(sql).filter((statement) => statement.kind === 'insert');
  return inserts.length === 1 ? inserts[0]?.guard : undefined;
}

describe('conflict clauses', () => {
  it.each<[InsertGuard, string]>([
    ['on-conflict', 'INSERT INTO w VALUES (1) ON CONFLICT DO NOTHING'],
    ['on-conflict', 'INSERT INTO w VALUES (1) ON CONFLICT (id) DO NOTHING RETURNING id'],
    ['on-conflict', 'INSERT INTO w VALUES (1) ON CONFLICT ON CONSTRAINT w_key DO NOTHING'],
    ['on-conflict', 'INSERT INTO w VALUES (1) ON CONFLICT (id) DO UPDATE SET n = w.n + 1'],
    ['on-conflict', 'INSERT INTO w VALUES (1) ON CONFLICT (id) WHERE live DO UPDATE SET n = 1 WHERE w.n < 3'],
    ['on-conflict', 'INSERT INTO w SELECT * FROM s ON CONFLICT DO NOTHING'],
    ['on-conflict', 'INSERT INTO w VALUES (1)\n  ON -- the key\n  CONFLICT /* of (id) */ DO NOTHING'],
    ['on-conflict', 'INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM w) ON CONFLICT DO NOTHING'],
    ['none', 'INSERT INTO w VALUES (1)'],
    ['none', 'INSERT INTO w VALUES (1) -- ON CONFLICT DO NOTHING'],
    ['none', 'INSERT INTO w VALUES (1) /* ON CONFLICT DO NOTHING */'],
    ['none', "INSERT INTO w VALUES ('ON CONFLICT DO NOTHING')"],
    ['none', 'INSERT INTO w VALUES ($$ ON CONFLICT DO NOTHING $$)'],
    ['none', 'INSERT INTO w ("ON CONFLICT DO NOTHING") VALUES (1)'],
    ['none', "INSERT INTO w VALUES (1); SELECT 'ON CONFLICT DO NOTHING'"],
    ['none', 'INSERT INTO w VALUES (1); SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM w)'],
  ])('%s: %s', (guard, sql) => {
    expect(guardOf(sql)).toBe(guard);
  });
});

describe('a look at the target table before the insert', () => {
  it.each<[InsertGuard, string]>([
    ['not-exists', 'INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM w WHERE id = 1)'],
    ['not-exists', 'INSERT INTO w SELECT 1 WHERE NOT (EXISTS (SELECT 1 FROM w WHERE id = 1))'],
    [
      'not-exists',
      'INSERT INTO w SELECT 1 FROM s WHERE s.live AND NOT EXISTS (SELECT FROM w WHERE w.id = s.id)',
    ],
    ['not-exists', 'INSERT INTO w SELECT 1 WHERE a AND (b AND NOT EXISTS (SELECT FROM w))'],
    ['not-exists', 'INSERT INTO public.w SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM w)'],
    ['not-exists', 'INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM public.w)'],
    ['not-exists', 'INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM x JOIN w ON w.id = x.id)'],
    ['not-exists', 'INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM (SELECT * FROM w) AS v)'],
    ['not-exists', 'INSERT INTO w SELECT id FROM s WHERE id NOT IN (SELECT id FROM w)'],
    ['not-exists', 'INSERT INTO w SELECT id FROM s WHERE id <> ALL (SELECT id FROM w)'],
    ['not-exists', 'INSERT INTO w SELECT s.id FROM s LEFT JOIN w ON w.id = s.id WHERE w.id IS NULL'],
    [
      'not-exists',
      'INSERT INTO w SELECT s.id FROM s LEFT JOIN w AS old ON old.id = s.id WHERE old.id IS NULL',
    ],
    ['not-exists', 'INSERT INTO w SELECT s.id FROM w RIGHT JOIN s ON w.id = s.id WHERE w.id IS NULL'],
    ['not-exists', 'INSERT INTO w SELECT * FROM (SELECT 1 WHERE NOT EXISTS (SELECT FROM w)) AS v'],
    [
      'not-exists',
      'WITH old AS (SELECT id FROM w WHERE k = 1) INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT FROM old)',
    ],
    [
      'not-exists',
      'WITH moved AS (UPDATE w SET n = 1 RETURNING *) INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT FROM moved)',
    ],
    ['not-exists', 'WITH new AS (SELECT 1 WHERE NOT EXISTS (SELECT FROM w)) INSERT INTO w SELECT * FROM new'],
    [
      'not-exists',
      'INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT FROM w) UNION ALL SELECT 2 WHERE NOT EXISTS (SELECT FROM w)',
    ],
    ['none', 'INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM other)'],
    ['none', 'INSERT INTO a.w SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM b.w)'],
    ['none', 'INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM "W")'],
    ['none', 'INSERT INTO w SELECT 1 WHERE EXISTS (SELECT 1 FROM w)'],
    ['none', 'INSERT INTO w SELECT 1 WHERE a OR NOT EXISTS (SELECT 1 FROM w)'],
    ['none', 'INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT FROM w) UNION ALL SELECT 2'],
    ['none', 'INSERT INTO w SELECT id FROM s WHERE id IN (SELECT id FROM w)'],
    ['none', 'INSERT INTO w SELECT id FROM s WHERE id NOT IN (SELECT id FROM s)'],
    ['none', 'INSERT INTO w SELECT s.id FROM s LEFT JOIN w ON w.id = s.id WHERE s.id IS NULL'],
    ['none', 'INSERT INTO w SELECT s.id FROM s JOIN w ON w.id = s.id WHERE w.id IS NULL'],
    ['none', 'INSERT INTO w SELECT NOT EXISTS (SELECT 1 FROM w)'],
    ['none', 'INSERT INTO w VALUES (1) RETURNING NOT EXISTS (SELECT 1 FROM w)'],
    ['none', 'WITH w AS (SELECT 1) INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT FROM w)'],
    [
      'none',
      'WITH gone AS (DELETE FROM w RETURNING *) INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT FROM gone)',
    ],
  ])('%s: %s', (guard, sql) => {
    expect(guardOf(sql)).toBe(guard);
  });
});

describe('MERGE', () => {
  it.each<[InsertGuard | undefined, string]>([
    ['merge', 'MERGE INTO w USING s ON w.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (1)'],
    [
      'merge',
      'MERGE INTO w USING s ON w.id = s.id WHEN MATCHED THEN UPDATE SET n = 1 WHEN NOT MATCHED THEN INSERT VALUES (1)',
    ],
    ['none', 'MERGE INTO w USING s ON false WHEN NOT MATCHED THEN INSERT VALUES (1)'],
    [undefined, 'MERGE INTO w USING s ON w.id = s.id WHEN MATCHED THEN UPDATE SET n = 1'],
    [undefined, 'MERGE INTO w USING s ON w.id = s.id WHEN NOT MATCHED THEN DO NOTHING'],
  ])('%s: %s', (guard, sql) => {
    expect(guardOf(sql)).toBe(guard);
  });

  it('reads its source and counts as rows of a query', () => {
    expect(read('MERGE INTO w USING s ON w.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (1)')).toEqual([
      {
        kind: 'insert',
        table: { name: 'w' },
        guard: 'merge',
        rows: 'select',
        offset: 0,
        tables: [{ name: 's' }],
        parsed: true,
      },
    ]);
  });
});
