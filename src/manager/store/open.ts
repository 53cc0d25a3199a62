import type { Logger } from '../obs/log.ts';
import type { Db } from './db.ts';

/** Longer than any statement of the manager takes, and than it waits for another manager's transaction. */
export const DEFAULT_STATEMENT_TIMEOUT_MS = 30_000;

/** Where the data is kept. */
export interface StoreOptions {
  /** A PostgreSQL connection URI. Without one, the data is kept by PGlite, in this process. */
  readonly url?: string | undefined;
  /** PGlite's directory. Without one, its data lives in memory. */
  readonly directory?: string | undefined;
  /** The most connections to PostgreSQL at a time. Default 10. */
  readonly poolSize?: number | undefined;
  /** How long, in milliseconds, a connection to PostgreSQL may take, or the wait for a free one. Default 5 000. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long, in milliseconds, PostgreSQL may take for a statement, the wait for locks included. Default 30 000. It
   * ends a statement, and a transaction that is left alone, after that; a server that is silent loses the connection
   * a second later.
   */
  readonly statementTimeoutMs?: number | undefined;
  readonly logger?: Logger | undefined;
}

/**
 * Opens the database, without touching its schema: see `migrate`. The library that it takes is loaded only now.
 *
 * @throws If the library is not installed, or the database does not answer.
 */
export async function openDb(options: StoreOptions = {}): Promise<Db> {
  if (options.url !== undefined) {
    const { openPostgres } = await import('./postgres.ts');
    return await openPostgres({ ...options, url: options.url });
  }
  const { openPglite } = await import('./pglite.ts');
  return await openPglite(options);
}
