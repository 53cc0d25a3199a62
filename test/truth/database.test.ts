import { Pool, type PoolClient } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { createDatabase, describePostgres } from '../manager/servers.ts';

/** The database gives up a wait for a lock: whoever would have hung is told so instead. */
const LOCK_NOT_AVAILABLE = '55P03';

async function openPool(max: number): Promise<Pool> {
  const options = '-c lock_timeout=100ms';
  const pool = new Pool({
    connectionString: await createDatabase(),
    max,
    options,
    connectionTimeoutMillis: 300,
  });
  const clients = new Set<PoolClient>();
  pool.on('acquire', (client) => clients.add(client));
  pool.on('release', (_error, client) => clients.delete(client));
  onTestFinished(async () => {
    for (const client of clients) client.release(true);
    await pool.end();
  });
  return pool;
}

async function answer(client: Pool | PoolClient, sql: string): Promise<unknown> {
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  return rows[0]?.[0];
}

/** How a query ends: with the code of its error, if it does not come to an end. */
async function end(query: Promise<unknown>): Promise<unknown> {
  return await query.then(
    () => 'granted',
    (error: { code?: string }) => error.code,
  );
}

describePostgres('what the lock analysis takes for granted of PostgreSQL', () => {
  it('a session may take its lock again, and gives it back as often', async () => {
    const pool = await openPool(2);
    const [own, other] = [await pool.connect(), await pool.connect()];
    await own.query('select pg_advisory_lock(1)');
    expect(await end(own.query('select pg_advisory_lock(1)'))).toBe('granted');
    await own.query('select pg_advisory_unlock(1)');
    expect(await end(other.query('select pg_advisory_lock(1)'))).toBe(LOCK_NOT_AVAILABLE);
    await own.query('select pg_advisory_unlock(1)');
    expect(await end(other.query('select pg_advisory_lock(1)'))).toBe('granted');
  });

  it('another session waits for it, and cannot give it back', async () => {
    const pool = await openPool(2);
    const [own, other] = [await pool.connect(), await pool.connect()];
    await own.query('select pg_advisory_lock_shared(1)');
    expect(await end(other.query('select pg_advisory_lock_shared(1)'))).toBe('granted');
    expect(await end(other.query('select pg_advisory_lock(1)'))).toBe(LOCK_NOT_AVAILABLE);
    await other.query('select pg_advisory_unlock_shared(1)');
    expect(await answer(other, 'select pg_advisory_unlock_shared(1)')).toBe(false);
  });

  it('a lock goes back to the pool with its connection, unless that is closed', async () => {
    const pool = await openPool(1);
    const first = await pool.connect();
    await first.query('select pg_advisory_lock(1)');
    first.release();
    const held = "select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()";
    const second = await pool.connect();
    expect(await answer(second, held)).toBe(1);
    second.release(true);
    expect(await answer(pool, held)).toBe(0);
  });

  it('a transaction keeps its locks to its end, whatever is given back before', async () => {
    const pool = await openPool(2);
    const [own, other] = [await pool.connect(), await pool.connect()];
    await own.query('begin');
    await own.query('select pg_advisory_xact_lock(1)');
    expect(await answer(own, 'select pg_advisory_unlock(1)')).toBe(false);
    expect(await end(other.query('select pg_advisory_lock(1)'))).toBe(LOCK_NOT_AVAILABLE);
    await own.query('rollback');
    expect(await end(other.query('select pg_advisory_lock(1)'))).toBe('granted');
  });

  it('outside of a transaction they last as long as their statement', async () => {
    const pool = await openPool(2);
    await pool.query('create table orders (id int primary key)');
    await pool.query('insert into orders values (1)');
    const [own, other] = [await pool.connect(), await pool.connect()];
    await own.query('select pg_advisory_xact_lock(1)');
    await own.query('select * from orders for update');
    expect(await end(other.query('select pg_advisory_lock(1)'))).toBe('granted');
    expect(await end(other.query('select * from orders for update nowait'))).toBe('granted');
  });

  it('as many holders and waiters as there are connections leave none for the holder', async () => {
    const pool = await openPool(2);
    const [holder, waiter] = [await pool.connect(), await pool.connect()];
    await waiter.query('set lock_timeout = 0');
    await holder.query('begin');
    await holder.query('select pg_advisory_xact_lock(1)');
    const waiting = waiter.query('select pg_advisory_xact_lock(1)');
    await expect(pool.query('select 1')).rejects.toThrow('timeout exceeded when trying to connect');
    await holder.query('commit');
    await waiting;
  });
});
