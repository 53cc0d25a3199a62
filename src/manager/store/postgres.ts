import pg from 'pg';
import { silentLogger } from '../obs/log.ts';
import type { Db, Queryable, Result, Row } from './db.ts';
import { DatabaseTimeoutError, findPgError } from './errors.ts';
import { DEFAULT_STATEMENT_TIMEOUT_MS, type StoreOptions } from './open.ts';

const INT8 = 20;
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
/** The server is first to end what takes too long, and knows best what it was: only one that is silent is not waited for. */
const SILENCE_MS = 1_000;

/** Opens a pool of connections to a PostgreSQL server. @throws If the server does not answer. */
export async function openPostgres(options: StoreOptions & { url: string }): Promise<Db> {
  const { url, poolSize = 10, logger = silentLogger } = options;
  const { connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS, statementTimeoutMs = DEFAULT_STATEMENT_TIMEOUT_MS } =
    options;
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + SILENCE_MS,
    types: { getTypeParser: parserOf },
  });
  // A connection that breaks while idle is replaced by the next query; unheard, the event would end the process.
  pool.on('error', (error) => logger.warn('Database connection lost', { error }));
  const db = new Postgres(pool, { connect: connectTimeoutMs, answer: statementTimeoutMs });
  try {
    await db.query('SELECT 1');
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** Counts and sizes are numbers here; none gets near 2^53. */
function parserOf(type: number, format?: 'text' | 'binary'): unknown {
  return type === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(type, format);
}

/** What a connection says of itself when a statement was not answered in time. */
const SILENT = 'Query read timeout';
const NOT_CONNECTED = new Set([
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
  'timeout expired',
]);
/** `query_canceled`: how the server ends a statement that takes too long. */
const CANCELED = '57014';

class Postgres implements Db {
  readonly kind = 'postgres';
  readonly #pool: pg.Pool;
  readonly #timeouts: Readonly<Record<'connect' | 'answer', number>>;
  #closed: Promise<void> | undefined;

  constructor(pool: pg.Pool, timeouts: Readonly<Record<'connect' | 'answer', number>>) {
    this.#pool = pool;
    this.#timeouts = timeouts;
  }

  async query<R extends Row = Row>(text: string, params: readonly unknown[] = []): Promise<Result<R>> {
    try {
      return await send<R>(this.#pool, text, params);
    } catch (error) {
      throw this.#told(error);
    }
  }

  async tx<T>(body: (tx: Queryable) => Promise<T>): Promise<T> {
    const client = await this.#connect();
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
        // The answer may still come, and would be taken for that of the next statement.
        if (error instanceof Error && error.message === SILENT) onError(error);
        // Of a broken connection a statement knows only that there is none.
        throw this.#told(broken ?? error);
      }
    };
    try {
      await query('BEGIN');
      const result = await body({ query });
      await query('COMMIT');
      return result;
    } catch (error) {
      // Whatever state a connection is in that cannot roll back, nobody else is to get it.
      if (!broken) await query('ROLLBACK').catch(onError);
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async script(text: string): Promise<void> {
    try {
      await this.#pool.query(text);
    } catch (error) {
      throw this.#told(error);
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** An error of the library, as one that says what took too long if something did. */
  #told(error: unknown): unknown {
    if (!(error instanceof Error)) return error;
    const what = waitedFor(error);
    return what ? new DatabaseTimeoutError(what, this.#timeouts[what], { cause: error }) : error;
  }
}

function waitedFor(error: Error): 'connect' | 'answer' | undefined {
  if (NOT_CONNECTED.has(error.message)) return 'connect';
  return error.message === SILENT || findPgError(error)?.code === CANCELED ? 'answer' : undefined;
}

async function send<R extends Row>(
  target: pg.Pool | pg.PoolClient,
  text: string,
  params: readonly unknown[],
): Promise<Result<R>> {
  const { rows, rowCount } = await target.query<R>(text, [...params]);
  return { rows, rowCount: rowCount ?? 0 };
}
