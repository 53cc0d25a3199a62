import { describe, expect, it } from 'vitest';
import type { SqlParts, SqlStatement } from '../../../src/analysis/sql/index.ts';
import { any, insert, other, parts, read, value } from './model.ts';

/** One character per hole, so that a case shows in the test's name. */
function shown(sql: SqlParts): string {
  return sql.map((part) => (typeof part === 'string' ? part : part === value ? '‹v›' : '‹?›')).join('');
}

function table(cases: readonly [SqlParts, SqlStatement[]][]): [string, SqlParts, SqlStatement[]][] {
  return cases.map(([sql, expected]) => [shown(sql), sql, expected]);
}

describe('holes for values and names', () => {
  it.each(
    table([
      [parts`INSERT INTO w (a, b) VALUES (${any}, ${value})`, [insert('w')]],
      [parts`INSERT INTO w (a, b) VALUES ($${any}, $${any})`, [insert('w')]],
      [parts`INSERT INTO w (a, b) VALUES ('${any}', "${any}")`, [insert('w')]],
      [parts`INSERT INTO w (a) VALUES ('${any} ON CONFLICT DO NOTHING')`, [insert('w')]],
      [parts`INSERT INTO w (a) VALUES (${any}::jsonb, now() - INTERVAL ${any})`, [insert('w')]],
      [parts`INSERT INTO w (a) VALUES (10${any})`, [insert('w')]],
      [parts`INSERT INTO w (a) VALUES (:${any})`, [insert('w')]],
      [parts`INSERT INTO w (${any}) VALUES (${any})`, [insert('w')]],
      [parts`INSERT INTO w (id, ${any}) VALUES (1, ${any})`, [insert('w')]],
      [parts`INSERT INTO w ${any} VALUES (${any})`, [insert('w')]],
      [parts`INSERT INTO w VALUES (1) RETURNING ${any}`, [insert('w')]],
      [parts`INSERT INTO w VALUES (1 /* ${any} */) -- ${any}`, [insert('w')]],
      [parts`INSERT INTO w SET a = ${any}, b = ${value}`, [insert('w')]],
      [parts`INSERT INTO w SET ${any}`, [insert('w')]],
      [parts`${'INSERT INTO '}w${' VALUES (1)'}`, [insert('w')]],
      [
        parts`INSERT INTO w SELECT ${any}, b FROM x WHERE id IN (${any}) AND a = ${any}`,
        [insert('w', 'none', 'select', { tables: ['x'] })],
      ],
      [
        parts`INSERT INTO w SELECT a FROM x WHERE id IN ${any} ORDER BY ${any} LIMIT ${any}`,
        [insert('w', 'none', 'select', { tables: ['x'] })],
      ],
      [parts`INSERT INTO w SELECT a FROM ${any}`, [insert('w', 'none', 'select', { tables: ['unknown'] })]],
      [parts`UPDATE w SET ${any} WHERE a ${any} 3`, [other('update', { table: 'w' })]],
      [parts`SELECT ${any} FROM w ${any} ${any}`, [other('select', { tables: ['w'] })]],
      [parts`SELECT * FROM (${any}) AS x`, [other('select', { tables: ['unknown'] })]],
    ]),
  )('%s', (_, sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('a table whose name is not known', () => {
  const inAnySchema = { name: 'w', schemaUnknown: true } as const;
  it.each(
    table([
      [parts`INSERT INTO ${any} (a) VALUES (1)`, [insert('unknown')]],
      [parts`INSERT INTO ${value} (a) VALUES (1)`, [insert('unknown')]],
      [parts`INSERT INTO ${any}${any} (a) VALUES (1)`, [insert('unknown')]],
      [parts`INSERT INTO "${any}" (a) VALUES (1)`, [insert('unknown')]],
      [parts`INSERT IGNORE INTO \`${any}\` (a) VALUES (?)`, [insert('unknown', 'or-ignore')]],
      [parts`INSERT INTO public.${any} (a) VALUES (1)`, [insert('unknown')]],
      [parts`INSERT INTO ${any}.${any} (a) VALUES (1)`, [insert('unknown')]],
      [
        parts`INSERT INTO Audit_${any} VALUES (1)`,
        [insert('unknown', 'none', 'single', { tableLike: ['audit_', ''] })],
      ],
      [
        parts`INSERT INTO "Ws_${any}_${any}x" VALUES (1)`,
        [insert('unknown', 'none', 'single', { tableLike: ['Ws_', '_', 'x'] })],
      ],
      [parts`INSERT INTO ${any}.w (a) VALUES (1)`, [insert(inAnySchema)]],
      [parts`INSERT INTO "${any}"."w" (a) VALUES (1)`, [insert(inAnySchema)]],
      [parts`INSERT INTO tenant_${any}.w (a) VALUES (1)`, [insert(inAnySchema)]],
      [
        parts`INSERT INTO ${any}.w SELECT 1 WHERE NOT EXISTS (SELECT FROM ${any}.w)`,
        [insert(inAnySchema, 'not-exists', 'single', { tables: [inAnySchema] })],
      ],
      [parts`COPY ${any} FROM STDIN`, [insert('unknown', 'none', 'unknown')]],
      [parts`INSERT INTO ${any} SET ${any}`, [insert('unknown')]],
      [
        parts`INSERT INTO ${any} SET a = ? ON DUPLICATE KEY UPDATE ${any}`,
        [insert('unknown', 'on-duplicate-key')],
      ],
    ]),
  )('%s', (_, sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('rows that are not known', () => {
  it.each(
    table([
      [parts`INSERT INTO w (a) VALUES ${any}`, [insert('w', 'none', 'unknown')]],
      [parts`INSERT INTO w (a) VALUES${any}RETURNING id`, [insert('w', 'none', 'unknown')]],
      [
        parts`INSERT INTO w (a) VALUES ${any} ON CONFLICT DO NOTHING`,
        [insert('w', 'on-conflict', 'unknown')],
      ],
      [parts`INSERT INTO w (a) VALUES (1), ${any}`, [insert('w', 'none', 'multi')]],
      [parts`INSERT INTO w (a) ${any} ON CONFLICT DO NOTHING`, [insert('w', 'on-conflict', 'unknown')]],
      [parts`INSERT INTO w ${value}`, [insert('w', 'none', 'unknown')]],
      [parts`INSERT IGNORE INTO w (a) VALUES ${any}`, [insert('w', 'or-ignore', 'unknown')]],
    ]),
  )('%s', (_, sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('a guard that a hole may hold', () => {
  it.each(
    table([
      [parts`INSERT INTO w VALUES (1) ${value}`, [insert('w', 'unknown')]],
      [parts`INSERT INTO w VALUES (1) ${any}`, [insert('w', 'unknown')]],
      [parts`INSERT INTO w VALUES (1)${any}`, [insert('w', 'unknown')]],
      [parts`INSERT INTO w VALUES (1) ${any}${any}`, [insert('w', 'unknown')]],
      [parts`INSERT INTO w VALUES (1) ${any} RETURNING id`, [insert('w', 'unknown')]],
      [parts`INSERT INTO w VALUES (?, ?), (?, ?) ${any}`, [insert('w', 'unknown', 'multi')]],
      [parts`INSERT INTO w VALUES ${any} ${any}`, [insert('w', 'unknown', 'unknown')]],
      [parts`INSERT INTO w ${any}`, [insert('w', 'unknown', 'unknown')]],
      [parts`INSERT INTO w (a) ${any}`, [insert('w', 'unknown', 'unknown')]],
      [parts`INSERT INTO w ${any} ${any}`, [insert('w', 'unknown', 'unknown')]],
      [parts`INSERT ${any} INTO w VALUES (1)`, [insert('w', 'unknown')]],
      [parts`INSERT OR ${any} INTO w VALUES (1)`, [insert('w', 'unknown')]],
      [parts`${any} INTO w VALUES (1)`, [insert('w', 'unknown')]],
      [parts`${any} VALUES (1)`, [insert('unknown', 'unknown')]],
      [parts`${any} (a, b) VALUES (1, 2) ON CONFLICT DO NOTHING`, [insert('unknown', 'on-conflict')]],
      [parts`INSERT INTO w VALUES (1) ON ${any}`, [insert('w', 'unknown', 'single', { parsed: false })]],
      [parts`INSERT INTO w SELECT a FROM x ${any}`, [insert('w', 'unknown', 'select', { tables: ['x'] })]],
      [
        parts`INSERT INTO w SELECT a FROM x WHERE ${any}`,
        [insert('w', 'unknown', 'select', { tables: ['x'] })],
      ],
      [
        parts`INSERT INTO w SELECT a FROM x WHERE a = ? ${any}`,
        [insert('w', 'unknown', 'select', { tables: ['x'] })],
      ],
      [
        parts`INSERT INTO w SELECT a FROM x WHERE b AND ${any}`,
        [insert('w', 'unknown', 'select', { tables: ['x'] })],
      ],
      [
        parts`INSERT INTO w SELECT a FROM x WHERE ${value}`,
        [insert('w', 'none', 'select', { tables: ['x'] })],
      ],
      [parts`INSERT INTO w (SELECT a FROM x ${any})`, [insert('w', 'unknown', 'select', { tables: ['x'] })]],
      [
        parts`INSERT INTO w SELECT 1 WHERE NOT EXISTS (${any})`,
        [insert('w', 'unknown', 'single', { tables: ['unknown'] })],
      ],
      [
        parts`INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT FROM ${any})`,
        [insert('w', 'unknown', 'single', { tables: ['unknown'] })],
      ],
      [
        parts`INSERT INTO w SELECT 1 WHERE NOT EXISTS (SELECT FROM w WHERE id = ${any}) ${any}`,
        [insert('w', 'not-exists', 'single', { tables: ['w'] })],
      ],
    ]),
  )('%s', (_, sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('a guard that stands beside its holes', () => {
  it.each(
    table([
      [parts`INSERT INTO w VALUES (1) ON CONFLICT ${any}`, [insert('w', 'on-conflict')]],
      [parts`INSERT INTO w VALUES (1) ON CONFLICT (${any}) DO NOTHING`, [insert('w', 'on-conflict')]],
      [parts`INSERT INTO w VALUES (1) ON CONFLICT (id) ${any}`, [insert('w', 'on-conflict')]],
      [parts`INSERT INTO w VALUES (1) ON CONFLICT (id) DO ${any}`, [insert('w', 'on-conflict')]],
      [parts`INSERT INTO w VALUES (1) ON CONFLICT (id) DO UPDATE SET ${any}`, [insert('w', 'on-conflict')]],
      [
        parts`INSERT INTO w VALUES (1) ON CONFLICT ON CONSTRAINT ${any} DO NOTHING`,
        [insert('w', 'on-conflict')],
      ],
      [parts`INSERT INTO w VALUES (?) ON DUPLICATE KEY UPDATE ${any}`, [insert('w', 'on-duplicate-key')]],
      [parts`INSERT INTO w VALUES (${any}) ${any} ON CONFLICT DO NOTHING`, [insert('w', 'on-conflict')]],
    ]),
  )('%s', (_, sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('whole statements in holes', () => {
  it.each(
    table([
      [parts`${any}`, [other('unparsed')]],
      [parts`${any}${any} ; ${any}`, [other('unparsed'), other('unparsed', { offset: 3 })]],
      [parts`${any} INSERT INTO w VALUES (1)`, [insert('w', 'none', 'single', { offset: 1 })]],
      [parts`INSERT INTO w VALUES (1); ${any}`, [insert('w'), other('unparsed', { offset: 26 })]],
      [parts`${any} WHERE id = 1`, [other('unparsed')]],
      [parts`${any} SET a = 1`, [other('unparsed')]],
      [parts`${any} SELECT * FROM w`, [other('select', { tables: ['w'] })]],
      [
        parts`DO $$ BEGIN INSERT INTO ws_${any} VALUES (1) ON CONFLICT DO NOTHING; END $$`,
        [other('other'), insert('unknown', 'on-conflict', 'single', { tableLike: ['ws_', ''] })],
      ],
      [
        parts`DO $$ BEGIN ${any} INSERT INTO w VALUES (1); END $$`,
        [other('other'), insert('w', 'unknown', 'single', { parsed: false })],
      ],
    ]),
  )('%s', (_, sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });

  it('gives offsets in the literal text, in which a hole has no width', () => {
    const sql = parts`SELECT ${any}, ${any}; INSERT INTO w VALUES (${any}); INSERT INTO x VALUES (1)`;
    const literal = sql.filter((part) => typeof part === 'string').join('');
    const starts = [
      literal.indexOf('SELECT'),
      literal.indexOf('INSERT INTO w'),
      literal.indexOf('INSERT INTO x'),
    ];
    expect(read(sql).map((statement) => statement.offset)).toEqual(starts);
  });

  it('keeps private-use characters of the text apart from its holes', () => {
    expect(read("INSERT INTO w VALUES ('\uE000') -- \uE001")).toEqual([insert('w')]);
    expect(read('INSERT INTO "\uE000" VALUES (1)')).toEqual([insert('\uFFFD')]);
  });
});
