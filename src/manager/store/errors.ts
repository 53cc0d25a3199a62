import { causesOf } from '../causes.ts';
import { CodedError } from '../coded-error.ts';

/** What PostgreSQL reports with an error. */
export interface PgError extends Error {
  /** The SQLSTATE, for example `23505`. */
  readonly code: string;
  readonly constraint?: string | undefined;
}

/** The database took longer than it may, to connect or to answer. What it was asked to do may have been done. */
export class DatabaseTimeoutError extends CodedError<'ERR_DATABASE_TIMEOUT'> {
  readonly code = 'ERR_DATABASE_TIMEOUT';
  readonly timeoutMs: number;

  constructor(what: 'connect' | 'answer', timeoutMs: number, options?: ErrorOptions) {
    super(`the database did not ${what} within ${timeoutMs} ms; it may be overloaded, or hang`, options);
    this.timeoutMs = timeoutMs;
  }
}

/** Every SQLSTATE has a digit; `EPIPE` and its like, which are of the same length, have none. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** `error`, or an error it wraps, if it is one that PostgreSQL reported. */
export function findPgError(error: unknown): PgError | undefined {
  for (const link of causesOf(error)) {
    if ('code' in link && typeof link.code === 'string' && SQLSTATE.test(link.code)) return link as PgError;
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
 * connection, a connection that broke, no answer in time, a server that is starting or shutting down.
 */
export function isUnavailable(error: unknown): boolean {
  for (const link of causesOf(error)) {
    if (link instanceof DatabaseTimeoutError) return true;
  }
  const code = findPgError(error)?.code;
  if (code !== undefined) {
    return (
      code.startsWith('08') || code.startsWith('57') || code === TOO_MANY || code === IDLE_IN_TRANSACTION
    );
  }
  for (const link of causesOf(error)) {
    if ('code' in link && typeof link.code === 'string' && UNREACHABLE.has(link.code)) return true;
    if (link.message.startsWith('Connection terminated')) return true;
  }
  return false;
}

const TOO_MANY = '53300';
const IDLE_IN_TRANSACTION = '25P03';

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);
