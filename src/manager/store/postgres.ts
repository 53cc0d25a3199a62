import pg from 'pg';
import { silentLogger } from '../obs/log.ts';
import type { Db, Queryable, Result, Row } from './db.ts';
import { DEFAULT_STATEMENT_TIMEOUT_MS, type StoreOptions } from './open.ts';

const INT8 = 20;
const CONNECT_TIMEOUT_MS = 5_000;
/** So much later than it should have stopped a statement, a server is not waited for any more. */
const ANSWER_MARGIN_MS = 1_000;

/** Opens a pool of connections to a PostgreSQL server. @throws If the server does not answer. */
export async function openPostgres(options: StoreOptions & { url: string }): Promise<Db> {
  const { url, poolSize = 10, logger = silentLogger } = options;
  const { statementTimeoutMs = DEFAULT_STATEMENT_TIMEOUT_MS } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // The server stops what takes too long; a server that says nothing at all is given up by this side.
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_MARGIN_MS,
    types: { getTypeParser: parserOf },
  });
  // A connection that breaks while idle is replaced by the next query; unheard, the event would end the process.
  pool.on('error', (error) => logger.warn('Database connection lost', { error }));
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await pool.end();
    throw error;
  }
  return new Postgres(pool);
}

/** Counts and sizes are numbers here; none gets near 2^53. */
function parserOf(type: number, format?: 'text' | 'binary'): unknown {
  return type === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(type, format);
}

class Postgres implements Db {
  readonly kind = 'postgres';
  readonly #pool: pg.Pool;
  #closed: Promise<void> | undefined;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  query<R extends Row = Row>(text: string, params: readonly unknown[] = []): Promise<Result<R>> {
    return send<R>(this.#pool, text, params);
  }

  async tx<T>(body: (tx: Queryable) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    const onError = (error: Error): void => {
      broken ??= error;
    };
    // A connection that breaks in between two statements says so by this event; unheard, it would end the process.
    client.on('error', onError);
    const query = async <R extends Row>(
      text: string,
      params: readonly unknown[] = [],
    ): Promise<Result<R>> => {
      try {
        return await send<R>(client, text, params);
      } catch (error) {
        // Of a broken connection a statement knows only that there is none.
        throw broken ?? error;
      }
    };
    try {
      await query('BEGIN');
      const result = await body({ query });
      await query('COMMIT');
      return result;
    } catch (error) {
      // Whatever state a connection is in that cannot roll back, nobody else is to get it.
      await query('ROLLBACK').catch(onError);
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async script(text: string): Promise<void> {
    await this.#pool.query(text);
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }
}

async function send<R extends Row>(
  target: pg.Pool | pg.PoolClient,
  text: string,
  params: readonly unknown[],
): Promise<Result<R>> {
  const { rows, rowCount } = await target.query<R>(text, [...params]);
  return { rows, rowCount: rowCount ?? 0 };
}
