import { expect, test } from 'vitest';
import { isUnavailable, isUniqueViolation, migrate, migrations, openDb } from '../../../src/manager/index.ts';
import { createDatabase, describeDatabases, describePostgres } from '../servers.ts';

describeDatabases('a database', (open) => {
  test('returns the same values from every implementation', async () => {
    const db = await open();
    const { rows } = await db.query(
      `SELECT 5::int8 AS big, 5 AS small, 1.5::numeric AS exact, $1::timestamptz AS at, $2::bytea AS bytes,
        $3::jsonb AS json, true AS yes, NULL AS nothing`,
      ['2030-01-01T00:00:00Z', new Uint8Array([1, 2]), JSON.stringify({ a: [1] })],
    );
    const [row] = rows;
    expect({ ...row, bytes: Buffer.from(row?.['bytes'] as Uint8Array) }).toEqual({
      big: 5,
      small: 5,
      exact: '1.5',
      at: new Date('2030-01-01T00:00:00Z'),
      bytes: Buffer.from([1, 2]),
      json: { a: [1] },
      yes: true,
      nothing: null,
    });
  });

  test('counts the rows that a statement changed, whether it returns them or not', async () => {
    const db = await open();
    await db.script('CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2), (3)');
    expect((await db.query('UPDATE t SET n = n + 1 WHERE n > $1', [1])).rowCount).toBe(2);
    expect((await db.query('DELETE FROM t WHERE n > 1 RETURNING n')).rowCount).toBe(2);
    expect((await db.query('SELECT n FROM t')).rowCount).toBe(1);
    expect((await db.query('DELETE FROM t WHERE n > 99')).rowCount).toBe(0);
  });

  test('commits a transaction that returns, and rolls back one that throws', async () => {
    const db = await open();
    await db.script('CREATE TABLE t (n integer)');
    expect(await db.tx(async (tx) => (await tx.query('INSERT INTO t VALUES (1)')).rowCount)).toBe(1);
    const failure = new Error('inside');
    const failed = db.tx(async (tx) => {
      await tx.query('INSERT INTO t VALUES (2)');
      throw failure;
    });
    await expect(failed).rejects.toBe(failure);
    expect((await db.query('SELECT n FROM t')).rows).toEqual([{ n: 1 }]);
  });

  test('tells which index a row would be in twice', async () => {
    const db = await open();
    await db.script('CREATE TABLE t (n integer CONSTRAINT t_n_key UNIQUE); INSERT INTO t VALUES (1)');
    const error = await db.query('INSERT INTO t VALUES (1)').catch((caught: unknown) => caught);
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 't_n_key')).toBe(true);
    expect(isUniqueViolation(error, 'other_key')).toBe(false);
    expect(isUniqueViolation(new Error('wrapped', { cause: error }), 't_n_key')).toBe(true);
    expect(isUnavailable(error)).toBe(false);
  });

  test('M-G24 has the schema of every migration, which is applied once', async () => {
    const db = await open();
    expect(await migrate(db)).toEqual([]);
    const { rows } = await db.query('SELECT name FROM schema_migrations ORDER BY name');
    expect(rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
  });

  test('applies migrations in the order of their names, each in full or not at all', async () => {
    const db = await open();
    const first = { name: '9001_first', sql: 'CREATE TABLE first (n integer);\n' };
    const second = {
      name: '9002_second',
      sql: 'ALTER TABLE first ADD m integer;\nINSERT INTO first VALUES (1, 2);\n',
    };
    const broken = { name: '9003_broken', sql: 'DELETE FROM first;\nSELECT * FROM nowhere;\n' };
    expect(await migrate(db, [second, first])).toEqual(['9001_first', '9002_second']);
    await expect(migrate(db, [second, broken])).rejects.toThrow('nowhere');
    expect((await db.query('SELECT * FROM first')).rows).toEqual([{ n: 1, m: 2 }]);
    expect((await db.query("SELECT 1 FROM schema_migrations WHERE name = '9003_broken'")).rowCount).toBe(0);
  });
});

test('M-G24 the migrations are embedded, named in order, and create tables', () => {
  const names = migrations.map(({ name }) => name);
  expect(names).toEqual([...names].sort());
  expect(new Set(names).size).toBe(names.length);
  for (const { sql } of migrations) expect(sql).toContain('CREATE TABLE');
});

test.each([
  // A broken pipe has a code of five letters, as many as an SQLSTATE.
  ['EPIPE', true],
  ['ECONNRESET', true],
  ['57P01', true],
  ['57014', true],
  ['25P03', true],
  ['08006', true],
  ['53300', true],
  ['23505', false],
  ['ENOSPC', false],
])('an error with the code %s says that the database cannot be reached: %s', (code, is) => {
  expect(
    isUnavailable(new Error('failed', { cause: Object.assign(new Error('of the driver'), { code }) })),
  ).toBe(is);
});

describePostgres('a server', () => {
  test('processes that start together apply each migration once', async () => {
    const url = await createDatabase();
    const dbs = await Promise.all([1, 2, 3].map(() => openDb({ url })));
    try {
      const applied = await Promise.all(dbs.map((db) => migrate(db)));
      expect(applied.flat().sort()).toEqual(migrations.map(({ name }) => name));
    } finally {
      await Promise.all(dbs.map((db) => db.close()));
    }
  });

  test('a connection that the server ends is replaced', async () => {
    const url = await createDatabase();
    const db = await openDb({ url, poolSize: 1 });
    const other = await openDb({ url });
    try {
      const pid = (await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
      const failed = db.query('SELECT pg_sleep(60)').catch((error: unknown) => error);
      await other.query('SELECT pg_terminate_backend($1)', [pid]);
      expect(isUnavailable(await failed)).toBe(true);
      expect((await db.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    } finally {
      await Promise.all([db.close(), other.close()]);
    }
  });

  test.each(['runs a statement', 'waits for its caller'])(
    'a connection that the server ends while its transaction %s fails that, and nothing else',
    async (moment) => {
      const url = await createDatabase();
      const db = await openDb({ url, poolSize: 1 });
      const other = await openDb({ url });
      try {
        const error = await db
          .tx(async (tx) => {
            const pid = (await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
            const end = async () => await other.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
            if (moment === 'runs a statement') await Promise.all([tx.query('SELECT pg_sleep(60)'), end()]);
            else await end();
            await tx.query('SELECT 1');
          })
          .catch((caught: unknown) => caught);
        expect(isUnavailable(error)).toBe(true);
        expect((await db.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      } finally {
        await Promise.all([db.close(), other.close()]);
      }
    },
  );

  test('that does not answer is told at the start', async () => {
    const error = await openDb({ url: 'postgres://127.0.0.1:1/none' }).catch((caught: unknown) => caught);
    expect(isUnavailable(error)).toBe(true);
  });
});
