/** A row as the database returns it, column names as keys. */
export type Row = Readonly<Record<string, unknown>>;

/** The outcome of one statement. */
export interface Result<R extends Row = Row> {
  readonly rows: R[];
  /** How many rows an INSERT, UPDATE or DELETE changed, how many a SELECT returned. */
  readonly rowCount: number;
}

/** Something that statements can be sent to: the database, or one of its transactions. */
export interface Queryable {
  /**
   * Runs one statement, with `$1`, `$2`, … standing for `params`.
   *
   * Values come back the same from every implementation: `int8` as a number, `timestamptz` as a `Date`, `bytea` as a
   * `Uint8Array`, `json` parsed, `numeric` as a string.
   *
   * @typeParam R - The shape of a row; the caller vouches for it.
   */
  query<R extends Row = Row>(text: string, params?: readonly unknown[]): Promise<Result<R>>;
}

/** The database of the manager: PostgreSQL, or PGlite in this process. */
export interface Db extends Queryable {
  /** Which of the two. PGlite has a single connection: what runs there never runs beside anything else. */
  readonly kind: 'postgres' | 'pglite';

  /**
   * Runs `body` in a transaction, which is committed when the returned promise fulfils, and rolled back when `body`
   * throws. Inside, statements go to `tx` and nowhere else: sent to the database itself, they would wait, on PGlite
   * for ever, for a connection that the transaction holds.
   *
   * @returns What `body` returns.
   * @throws What `body` throws, or what the commit fails with.
   */
  tx<T>(body: (tx: Queryable) => Promise<T>): Promise<T>;

  /** Runs a script of several statements, without parameters. */
  script(text: string): Promise<void>;

  /** Waits for what is running, and closes every connection. Idempotent. */
  close(): Promise<void>;
}
