import { causesOf } from '../causes.ts';
import { isUnavailable } from '../store/errors.ts';

/** What a request that failed is answered with. */
export interface Failure {
  readonly status: number;
  /** The body, always of this shape. */
  readonly body: { readonly message: string; readonly code?: string };
}

/** The status that goes with the code of an error. What is not here is nobody's expected outcome: 500. */
const STATUS: Readonly<Record<string, number>> = {
  ERR_WORKSPACE_NOT_FOUND: 404,
  ERR_PATH_REQUIRED: 400,
  ERR_INVALID_CLIENT_ID: 400,
  ERR_PATH_RESOLUTION: 400,
  ERR_NOT_A_DIRECTORY: 400,
  ERR_UNKNOWN_COMMAND: 400,
  ERR_CLIENT_NOT_ATTACHED: 409,
  ERR_CLIENT_RETIRED: 409,
  ERR_CHANNEL_OPT_IN_MISMATCH: 409,
  ERR_SERVER_NOT_IDLE: 409,
  ERR_SERVER_SHUTTING_DOWN: 503,
  ERR_SESSION_NOT_FOUND: 404,
  ERR_SESSION_EXISTS: 409,
  ERR_SESSION_ENDED: 409,
  ERR_SESSION_IN_USE: 409,
  ERR_SESSION_LOST: 409,
  ERR_SESSION_NOT_OPEN: 409,
  ERR_INVALID_SESSION: 400,
  ERR_FILE_DELETED: 404,
  ERR_FILE_NOT_FOUND: 404,
  ERR_SESSIONS_CLOSED: 503,
  ERR_FLEET_NOT_FOUND: 404,
  ERR_FLEET_STATUS: 409,
  ERR_FLEET_BUSY: 409,
  ERR_FLEET_NAME_TAKEN: 409,
  ERR_FLEET_INVALID: 400,
  ERR_FLEET_LOST_ROW: 409,
  ERR_FLEET_CLOSED: 503,
  ERR_LEDGER_QUERY: 400,
  ERR_LEDGER_NOT_FOUND: 404,
  ERR_LEDGER_TRANSITION: 409,
  ERR_UPLOAD_NOT_FOUND: 404,
  ERR_UPLOAD_TOO_LARGE: 413,
  ERR_UPLOAD_INVALID: 400,
  ERR_DATABASE_TIMEOUT: 503,
};

/** What clients read instead of the error's own words. */
const MESSAGES: Readonly<Record<string, string>> = {
  ERR_INVALID_CLIENT_ID: 'client_id is not a valid UUID',
  ERR_DATABASE_TIMEOUT: 'the database did not answer in time; try again later',
};

/** An answer that a handler decides on. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
  }
}

/** Turns whatever a handler threw into an answer. The words of an unexpected error stay in the log. */
export function failureOf(error: unknown): Failure {
  if (error instanceof HttpError) return { status: error.status, body: { message: error.message } };
  for (const link of causesOf(error)) {
    const code = 'code' in link && typeof link.code === 'string' ? link.code : '';
    const status = STATUS[code];
    if (status !== undefined) return { status, body: { message: MESSAGES[code] ?? link.message, code } };
  }
  if (isUnavailable(error)) {
    return {
      status: 503,
      body: { message: 'the database cannot be reached; try again later', code: 'ERR_DATABASE_UNAVAILABLE' },
    };
  }
  const refused = statusOfFastify(error);
  if (refused === 413) return { status: 413, body: { message: 'the request is too large' } };
  if (refused !== undefined && refused < 500)
    return { status: 400, body: { message: 'failed to decode request' } };
  return { status: 500, body: { message: 'internal error' } };
}

/** The status of an error by which fastify refuses a request before a handler sees it. */
function statusOfFastify(error: unknown): number | undefined {
  if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('FST_'))) return undefined;
  return 'statusCode' in error ? Number(error.statusCode) : undefined;
}
