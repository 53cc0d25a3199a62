import { CodedError } from '../coded-error.ts';

/** The stable identifier of each kind of {@link SessionError}, for transports and logs. */
export type SessionErrorCode =
  | 'ERR_SESSION_NOT_FOUND'
  | 'ERR_SESSION_EXISTS'
  | 'ERR_SESSION_ENDED'
  | 'ERR_SESSION_IN_USE'
  | 'ERR_SESSION_LOST'
  | 'ERR_SESSION_NOT_OPEN'
  | 'ERR_INVALID_SESSION'
  | 'ERR_FILE_DELETED'
  | 'ERR_FILE_NOT_FOUND'
  | 'ERR_SESSIONS_CLOSED';

/** An error that a user of the session manager can cause or has to handle. Decide by `code` or by class. */
export abstract class SessionError extends CodedError<SessionErrorCode> {}

/** There is no session with this id, neither here nor in the database. */
export class SessionNotFoundError extends SessionError {
  readonly code = 'ERR_SESSION_NOT_FOUND';
  constructor(id: string) {
    super(`session ${id} not found`);
  }
}

/** A create with the id of a session that exists, or has existed. */
export class SessionExistsError extends SessionError {
  readonly code = 'ERR_SESSION_EXISTS';
  constructor(id: string, options?: ErrorOptions) {
    super(`session ${id} exists already: create one under another id, or resume this one`, options);
  }
}

/** The session is merged, expired or abandoned, which is final. */
export class SessionEndedError extends SessionError {
  readonly code = 'ERR_SESSION_ENDED';
  constructor(id: string, state: string) {
    super(`session ${id} is ${state}: create a new one`);
  }
}

/** A resume of a session that is not stranded: some manager, or this one, has it open. */
export class SessionInUseError extends SessionError {
  readonly code = 'ERR_SESSION_IN_USE';
  constructor(id: string) {
    super(`session ${id} is open: only a stranded session can be resumed`);
  }
}

/** The workspace is no longer the session's: it was collected, or resumed elsewhere, or its session has ended. */
export class SessionLostError extends SessionError {
  readonly code = 'ERR_SESSION_LOST';
  constructor(id: string) {
    super(`session ${id} is not open here any more: resume it to go on`);
  }
}

/** Something that only the manager can do which has the session open, and this one has not. */
export class SessionNotOpenError extends SessionError {
  readonly code = 'ERR_SESSION_NOT_OPEN';
  constructor(id: string) {
    super(`session ${id} is not open on this manager: resume it here, or ask the one that has it`);
  }
}

/** An argument that no session can have. */
export class InvalidSessionError extends SessionError {
  readonly code = 'ERR_INVALID_SESSION';
}

/** A read of a file that the session has deleted. */
export class FileDeletedError extends SessionError {
  readonly code = 'ERR_FILE_DELETED';
  constructor(path: string) {
    super(`file '${path}' has been deleted in this session`);
  }
}

/** A read of a file that neither the session nor its base has. */
export class FileNotFoundError extends SessionError {
  readonly code = 'ERR_FILE_NOT_FOUND';
  constructor(path: string) {
    super(`file '${path}' is neither in this session nor in its base commit`);
  }
}

/** The manager is closed, or closing. */
export class SessionsClosedError extends SessionError {
  readonly code = 'ERR_SESSIONS_CLOSED';
  constructor() {
    super('the session manager is closed: use another one');
  }
}
