import path from 'node:path';
import { PGlite, type Transaction, types } from '@electric-sql/pglite';
import type { Db, Queryable, Result, Row } from './db.ts';
import { lockDirectory } from './directory-lock.ts';
import type { StoreOptions } from './open.ts';

const PARSERS = { [types.INT8]: Number };

/**
 * Opens PostgreSQL in this process.
 *
 * @throws {@link DirectoryInUseError} if another manager keeps its data in the directory.
 */
export async function openPglite({ directory }: StoreOptions = {}): Promise<Db> {
  if (directory === undefined) return new Pglite(await PGlite.create({ parsers: PARSERS }), async () => {});
  const unlock = await lockDirectory(directory);
  try {
    return new Pglite(await PGlite.create(path.join(directory, 'pglite'), { parsers: PARSERS }), unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

class Pglite implements Db {
  readonly kind = 'pglite';
  readonly #pglite: PGlite;
  readonly #unlock: () => Promise<void>;
  #closed: Promise<void> | undefined;

  constructor(pglite: PGlite, unlock: () => Promise<void>) {
    this.#pglite = pglite;
    this.#unlock = unlock;
  }

  query<R extends Row = Row>(text: string, params: readonly unknown[] = []): Promise<Result<R>> {
    return send<R>(this.#pglite, text, params);
  }

  tx<T>(body: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.#pglite.transaction((tx) => body({ query: (text, params = []) => send(tx, text, params) }));
  }

  async script(text: string): Promise<void> {
    await this.#pglite.exec(text);
  }

  close(): Promise<void> {
    this.#closed ??= this.#pglite.close().then(this.#unlock);
    return this.#closed;
  }
}

async function send<R extends Row>(
  target: PGlite | Transaction,
  text: string,
  params: readonly unknown[],
): Promise<Result<R>> {
  const { rows, affectedRows = 0 } = await target.query<R>(text, [...params]);
  return { rows, rowCount: rows.length || affectedRows };
}
