import { causesOf } from '../causes.ts';

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

/** What PostgreSQL reports with an error. */
export interface PgError extends Error {
  /** The SQLSTATE, for example `23505`. */
  readonly code: string;
  /** For example `ERROR` or `FATAL`: what tells it from an error of the system, whose `EPIPE` reads like an SQLSTATE. */
  readonly severity: string;
  readonly constraint?: string | undefined;
}

/** Every SQLSTATE has a digit; `EPIPE` and its like, which are of the same length, have none. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** Whether `error`, or an error it wraps, is one that PostgreSQL reported. */
function findPgError(error: unknown): PgError | undefined {
  for (const link of causesOf(error)) {
    if ('code' in link && typeof link.code === 'string' && 'severity' in link) return link as PgError;
  }
  return undefined;
}

/** Whether `error` says that a row would exist twice, in the index `constraint` if one is given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const found = findPgError(error);
  return found?.code === '23505' && (constraint === undefined || found.constraint === constraint);
}

/**
 * Whether `error` means that the database cannot be reached now, which is nobody's mistake and may pass: no
 * connection, a connection that broke, a server that is starting or shutting down, or that does not answer in time.
 */
export function isUnavailable(error: unknown): boolean {
  const code = findPgError(error)?.code;
  if (code !== undefined) return code.startsWith('08') || code.startsWith('57') || code === '53300';
  for (const link of causesOf(error)) {
    if ('code' in link && typeof link.code === 'string' && UNREACHABLE.has(link.code)) return true;
    if (
      /^(?:Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout)/.test(
        link.message,
      )
    ) {
      return true;
    }
  }
  return false;
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);
