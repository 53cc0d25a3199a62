import { mkdir } from 'node:fs/promises';
import { PGlite, type Transaction, types } from '@electric-sql/pglite';
import type { Db, Queryable, Result, Row } from './db.ts';
import type { StoreOptions } from './open.ts';

/** Opens PostgreSQL in this process. @throws If the directory cannot be used. */
export async function openPglite({ directory }: StoreOptions = {}): Promise<Db> {
  if (directory !== undefined) await mkdir(directory, { recursive: true });
  const options = { parsers: { [types.INT8]: Number } };
  return new Pglite(
    await (directory === undefined ? PGlite.create(options) : PGlite.create(directory, options)),
  );
}

class Pglite implements Db {
  readonly kind = 'pglite';
  readonly #pglite: PGlite;
  #closed: Promise<void> | undefined;

  constructor(pglite: PGlite) {
    this.#pglite = pglite;
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
    this.#closed ??= this.#pglite.close();
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
