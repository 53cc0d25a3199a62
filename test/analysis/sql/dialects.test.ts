import { describe, expect, it } from 'vitest';
import type { SqlStatement } from '../../../src/analysis/sql/index.ts';
import { insert, other, read } from './model.ts';

const backslash = String.raw;

describe('placeholders', () => {
  it.each([
    'INSERT INTO w (a, b) VALUES (?, ?)',
    'INSERT INTO w (a, b) VALUES (?1, ?2)',
    'INSERT INTO w (a, b) VALUES (:a, :b)',
    'INSERT INTO w (a, b) VALUES (:1, :2)',
    'INSERT INTO w (a, b) VALUES (@a, @b)',
    'INSERT INTO w (a, b) VALUES ($a, $b)',
    'INSERT INTO w (a, b) VALUES (%s, %s)',
    'INSERT INTO w (a, b) VALUES (%(a)s, %(b)s)',
    'INSERT INTO w (a, b) VALUES (%L, %L)',
    `INSERT INTO w (a, b) VALUES ($\{a}, $\{b.c})`,
    'INSERT INTO w (a, b) VALUES ($(a), $<b:json>)',
    'INSERT INTO w ($1:name) VALUES ($1:csv)',
    'INSERT INTO w (a, b) VALUES (?::jsonb, now() - INTERVAL ?)',
    'INSERT INTO w (a, b) VALUES ($1::jsonb, ?)',
    'INSERT INTO w (a, b) VALUES (?||?, ?-1)',
  ])('%s', (sql) => {
    expect(read(sql)).toEqual([insert('w')]);
  });

  it.each<[string, SqlStatement[]]>([
    ['INSERT INTO w (a) VALUES ?', [insert('w', 'none', 'unknown')]],
    ['INSERT INTO w (a) VALUES %L', [insert('w', 'none', 'unknown')]],
    ['INSERT INTO w SET ?', [insert('w')]],
    ['INSERT INTO ?? (a) VALUES (?)', [insert('unknown')]],
    ['INSERT INTO %I (a) VALUES (%L)', [insert('unknown')]],
    [`INSERT INTO $\{table:name} (a) VALUES ($\{a})`, [insert('unknown')]],
    ['SELECT * FROM w WHERE id = :id AND tags[1] = ? LIMIT ?', [other('select', { tables: ['w'] })]],
    ['SELECT * FROM w WHERE id IN (:...ids)', [other('select', { tables: ['w'] })]],
    [
      "INSERT INTO w SELECT d FROM x WHERE d ? 'k' AND d ?| $1 AND d @> '{}' AND d #>> '{a}' <> ''",
      [insert('w', 'none', 'select', { tables: ['x'] })],
    ],
    [
      backslash`INSERT INTO w SELECT d FROM x WHERE d \? 'k' AND id = ?`,
      [insert('w', 'none', 'select', { tables: ['x'] })],
    ],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('MySQL', () => {
  it.each<[string, SqlStatement[]]>([
    ['INSERT INTO `Works paces` (`a`) VALUES (?)', [insert('Works paces')]],
    ['INSERT INTO `db`.`w` (`a``b`) VALUES (?)', [insert('db.w')]],
    ['INSERT INTO w (a) VALUES ("it\'s", "")', [insert('w')]],
    ['INSERT IGNORE INTO w (a) VALUES (?)', [insert('w', 'or-ignore')]],
    ['INSERT\n  IGNORE -- twice is fine\n  INTO w (a) VALUES (?)', [insert('w', 'or-ignore')]],
    ['INSERT LOW_PRIORITY IGNORE w VALUES (1)', [insert('w', 'or-ignore')]],
    ['INSERT w VALUES (1)', [insert('w')]],
    ['INSERT HIGH_PRIORITY INTO w VALUES (1)', [insert('w')]],
    ['REPLACE INTO w (a) VALUES (?), (?)', [insert('w', 'or-replace', 'multi')]],
    ['REPLACE DELAYED w VALUES (?)', [insert('w', 'or-replace')]],
    [
      'INSERT INTO w SET a = 1, b = (SELECT max(b) FROM x)',
      [insert('w', 'none', 'single', { tables: ['x'] })],
    ],
    ['INSERT INTO w SET a = ? ON DUPLICATE KEY UPDATE a = VALUES(a)', [insert('w', 'on-duplicate-key')]],
    ['INSERT INTO w (a) VALUES (?) ON DUPLICATE KEY UPDATE n = n + 1', [insert('w', 'on-duplicate-key')]],
    [
      'INSERT INTO w (a) VALUES (?), (?) ON\n DUPLICATE KEY\n UPDATE a = 1',
      [insert('w', 'on-duplicate-key', 'multi')],
    ],
    [
      'INSERT INTO w VALUES ROW(1), ROW(2) AS new ON DUPLICATE KEY UPDATE a = new.a',
      [insert('w', 'on-duplicate-key', 'multi')],
    ],
    [
      'INSERT INTO w (a) VALUES (1) AS new(x) ON DUPLICATE KEY UPDATE a = x',
      [insert('w', 'on-duplicate-key')],
    ],
    [
      'INSERT INTO w SELECT a FROM x JOIN y ON x.id = y.id ON DUPLICATE KEY UPDATE a = 1',
      [insert('w', 'on-duplicate-key', 'select', { tables: ['x', 'y'] })],
    ],
    ['INSERT INTO w () VALUES ()', [insert('w')]],
    ['INSERT INTO w (a) VALUE (1)', [insert('w')]],
    ['INSERT INTO w PARTITION (p0, p1) (a) VALUES (1)', [insert('w')]],
    ['INSERT INTO w (a) VALUES (1) # ON DUPLICATE KEY UPDATE a = 1', [insert('w')]],
    ["INSERT INTO w (a) # don't\nVALUES (1)", [insert('w')]],
    ["INSERT INTO w (a) VALUES ('a' 'b')", [insert('w')]],
    [backslash`INSERT INTO w (a) VALUES ('it\'s; ON DUPLICATE KEY') # x`, [insert('w')]],
    [
      backslash`SELECT 'it\'s; INSERT INTO x VALUES (1)'; INSERT INTO w VALUES ('\\')`,
      [other('select'), insert('w', 'none', 'single', { offset: 42 })],
    ],
    [
      'INSERT INTO w (a) SELECT * FROM (SELECT ? AS a) AS v WHERE NOT EXISTS (SELECT 1 FROM `w` WHERE a = ?) LIMIT 1',
      [insert('w', 'not-exists', 'select', { tables: ['w'] })],
    ],
    [
      'INSERT INTO w (a) SELECT ? FROM DUAL WHERE NOT EXISTS (SELECT * FROM w WHERE a = ?)',
      [insert('w', 'not-exists', 'select', { tables: ['dual', 'w'] })],
    ],
    ["INSERT INTO w VALUES (replace(?, 'a', 'b'), insert('abc', 1, 2, 'x'))", [insert('w')]],
    ['UPDATE `w` SET a = ?', [other('update', { table: 'w' })]],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('SQLite', () => {
  it.each<[string, SqlStatement[]]>([
    ['INSERT OR IGNORE INTO w VALUES (?)', [insert('w', 'or-ignore')]],
    ['INSERT OR REPLACE INTO w VALUES (?)', [insert('w', 'or-replace')]],
    ['insert or\n/* the newer row wins */\nreplace into w values (?)', [insert('w', 'or-replace')]],
    ['INSERT OR ABORT INTO w VALUES (?)', [insert('w')]],
    ['INSERT OR FAIL INTO w VALUES (?)', [insert('w')]],
    ['INSERT OR ROLLBACK INTO w VALUES (?)', [insert('w')]],
    ['INSERT OR ABORT INTO w VALUES (1) ON CONFLICT DO NOTHING', [insert('w', 'on-conflict')]],
    ['REPLACE INTO main.w VALUES (?)', [insert('main.w', 'or-replace')]],
    ['INSERT INTO [my table] ([a b]) VALUES (?)', [insert('my table')]],
    ['INSERT INTO [Main].[W] VALUES (:a)', [insert({ schema: 'Main', name: 'W' })]],
    ['INSERT INTO w VALUES (1) ON CONFLICT (id) DO UPDATE SET n = excluded.n', [insert('w', 'on-conflict')]],
    [
      'INSERT INTO w VALUES (1) ON CONFLICT (a) DO NOTHING ON CONFLICT (b) DO UPDATE SET n = 1 RETURNING id',
      [insert('w', 'on-conflict')],
    ],
    [
      'WITH x AS (SELECT ? AS a) INSERT OR IGNORE INTO w SELECT a FROM x',
      [insert('w', 'or-ignore', 'select', { offset: 26 })],
    ],
    ['UPSERT INTO w VALUES (1)', [insert('w', 'or-replace')]],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('statements that no grammar accepts', () => {
  const unparsed = { parsed: false };
  it.each<[string, SqlStatement[]]>([
    ['INSERT INTO w SELECT SQL_NO_CACHE a FROM x LIMIT 1, 2', [insert('w', 'none', 'select', unparsed)]],
    ['INSERT INTO w VALUES (1 DIV 2), (2)', [insert('w', 'none', 'multi', unparsed)]],
    [
      'INSERT INTO w VALUES (1 DIV 2) ON DUPLICATE KEY UPDATE a = 1',
      [insert('w', 'on-duplicate-key', 'single', unparsed)],
    ],
    ['INSERT IGNORE INTO `w` VALUES (1 DIV 2)', [insert('w', 'or-ignore', 'single', unparsed)]],
    ['INSERT OR REPLACE INTO [w x] VALUES (1 DIV 2)', [insert('w x', 'or-replace', 'single', unparsed)]],
    ['REPLACE INTO app.w VALUES (1 DIV 2)', [insert('app.w', 'or-replace', 'single', unparsed)]],
    [
      'INSERT INTO w VALUES (1 DIV 2) ON CONFLICT DO NOTHING',
      [insert('w', 'on-conflict', 'single', unparsed)],
    ],
    [
      'INSERT INTO w VALUES (1 DIV 2, (SELECT 1 ON CONFLICT DO NOTHING))',
      [insert('w', 'none', 'single', unparsed)],
    ],
    [
      'INSERT INTO w SELECT 1 DIV 2 WHERE NOT EXISTS (SELECT 1 FROM w)',
      [insert('w', 'not-exists', 'select', unparsed)],
    ],
    [
      'INSERT INTO w SELECT 1 DIV 2 WHERE NOT EXISTS (SELECT 1 FROM x)',
      [insert('w', 'none', 'select', unparsed)],
    ],
    [
      'INSERT INTO w SELECT 1 DIV 2 WHERE a OR NOT EXISTS (SELECT 1 FROM w)',
      [insert('w', 'none', 'select', unparsed)],
    ],
    [
      'WITH x AS (INSERT INTO a VALUES (1 DIV 2)) INSERT INTO b SELECT 1 ON CONFLICT DO NOTHING',
      [
        insert('a', 'none', 'single', { ...unparsed, offset: 11 }),
        insert('b', 'on-conflict', 'select', { ...unparsed, offset: 43 }),
      ],
    ],
    [
      'MERGE w AS t USING s ON (1 DIV 2) WHEN NOT MATCHED THEN INSERT (a) VALUES (1);',
      [insert('w', 'merge', 'select', unparsed)],
    ],
    ["LOAD DATA INFILE 'x' IGNORE INTO TABLE w", [insert('w', 'or-ignore', 'unknown', unparsed)]],
    ["LOAD DATA LOCAL INFILE 'x' INTO TABLE db.w", [insert('db.w', 'none', 'unknown', unparsed)]],
    ['SELECT SQL_CALC_FOUND_ROWS a FROM w LIMIT 5, 10', [other('select', unparsed)]],
    ['PRAGMA journal_mode = WAL', [other('other', unparsed)]],
    ['CREATE TABLE `w` (`id` int AUTO_INCREMENT) ENGINE=InnoDB', [other('other', unparsed)]],
    ['EXPLAIN FORMAT=JSON INSERT INTO w VALUES (1)', [other('other', unparsed)]],
    ['please insert into the cart', [other('unparsed')]],
    ['INSERT', [other('unparsed')]],
    ['INSERT INTO', [other('unparsed')]],
    ['INSERT INTO VALUES (1)', [other('unparsed')]],
    ["INSERT INTO w VALUES ('never closed", [insert('w', 'none', 'single', unparsed)]],
    ['INSERT INTO w VALUES (1 /* never closed', [insert('w', 'none', 'single', unparsed)]],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });

  it('reads expressions that nest deeper than the grammar can', () => {
    const sql = `INSERT INTO w SELECT ${'a || '.repeat(20_000)}1`;
    expect(read(sql)).toEqual([insert('w', 'none', 'select', unparsed)]);
    expect(read('INSERT INTO w VALUES (1)')).toEqual([insert('w')]);
  });

  // Quadratic reading takes minutes here and fails by the timeout.
  it.each<[string, SqlStatement[]]>([
    ['insert into t values (('.repeat(5_000), [insert('t', 'none', 'single', unparsed)]],
    ['insert into '.repeat(20_000), [insert('insert', 'none', 'unknown', unparsed)]],
    ['['.repeat(20_000), [other('unparsed')]],
  ])('reads long runs of unclosed text in linear time: %.24s…', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('T-SQL', () => {
  const asked = { parsed: false } as const;
  it.each<[string, SqlStatement[]]>([
    [
      'IF NOT EXISTS (SELECT 1 FROM w WHERE a = @a) INSERT INTO w (a) VALUES (@a)',
      [insert('w', 'not-exists', 'single', { ...asked, offset: 45 })],
    ],
    [
      'IF NOT EXISTS (SELECT 1 FROM dbo.w WHERE a = @a) AND @b > 0 BEGIN INSERT INTO dbo.w (a) VALUES (@a); END',
      [
        insert('dbo.w', 'not-exists', 'single', { ...asked, offset: 66 }),
        // PostgreSQL ends a transaction with this word.
        other('other', { offset: 101 }),
      ],
    ],
    [
      'IF EXISTS (SELECT 1 FROM w WHERE a = @a) UPDATE w SET b = 1 ELSE INSERT INTO w (a) VALUES (@a)',
      [insert('w', 'not-exists', 'single', { ...asked, offset: 65 })],
    ],
    // Of another table, of the wrong way round, of either of two conditions, or of none at all.
    [
      'IF NOT EXISTS (SELECT 1 FROM x) INSERT INTO w VALUES (1)',
      [insert('w', 'none', 'single', { ...asked, offset: 32 })],
    ],
    [
      'IF EXISTS (SELECT 1 FROM w) INSERT INTO w VALUES (1)',
      [insert('w', 'none', 'single', { ...asked, offset: 28 })],
    ],
    [
      'IF NOT EXISTS (SELECT 1 FROM w) UPDATE x SET a = 1 ELSE INSERT INTO w VALUES (1)',
      [insert('w', 'none', 'single', { ...asked, offset: 56 })],
    ],
    [
      'IF NOT EXISTS (SELECT 1 FROM w) OR @force = 1 INSERT INTO w VALUES (1)',
      [insert('w', 'none', 'single', { ...asked, offset: 46 })],
    ],
    ['IF @a = 1 INSERT INTO w VALUES (1)', [insert('w', 'none', 'single', { ...asked, offset: 10 })]],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});
