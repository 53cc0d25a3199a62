import { causesOf } from '../causes.ts';
import { CodedError } from '../coded-error.ts';

/** The stable identifier of each kind of {@link BackendError}, for transports and logs. */
export type BackendErrorCode =
  | 'ERR_WORKSPACE_NOT_FOUND'
  | 'ERR_LSP_CLIENT_NOT_FOUND'
  | 'ERR_AGENT_NOT_INITIALIZED'
  | 'ERR_PATH_REQUIRED'
  | 'ERR_INVALID_PERMISSION_ACTION'
  | 'ERR_UNKNOWN_COMMAND'
  | 'ERR_INVALID_CLIENT_ID'
  | 'ERR_PATH_RESOLUTION'
  | 'ERR_WORKSPACE_BUILD'
  | 'ERR_SERVER_SHUTTING_DOWN'
  | 'ERR_SERVER_NOT_IDLE'
  | 'ERR_CLIENT_RETIRED'
  | 'ERR_CLIENT_NOT_ATTACHED'
  | 'ERR_CHANNEL_OPT_IN_MISMATCH';

/**
 * An error that a caller of the backend can cause or has to handle.
 *
 * The message is the fixed text of its kind, followed by `: detail` where there is one. Decide by `code` (or by
 * class), never by message.
 */
export abstract class BackendError extends CodedError<BackendErrorCode> {
  constructor(text: string, detail?: string, options?: ErrorOptions) {
    super(detail === undefined ? text : `${text}: ${detail}`, options);
  }
}

/** No workspace with this id is open. */
export class WorkspaceNotFoundError extends BackendError {
  readonly code = 'ERR_WORKSPACE_NOT_FOUND';
  constructor(detail?: string, options?: ErrorOptions) {
    super('workspace not found', detail, options);
  }
}

/** The workspace runs no language server of this name. */
export class LspClientNotFoundError extends BackendError {
  readonly code = 'ERR_LSP_CLIENT_NOT_FOUND';
  constructor(detail?: string, options?: ErrorOptions) {
    super('LSP client not found', detail, options);
  }
}

/** The workspace has no agent that could do what was asked. */
export class AgentNotInitializedError extends BackendError {
  readonly code = 'ERR_AGENT_NOT_INITIALIZED';
  constructor(detail?: string, options?: ErrorOptions) {
    super('agent not initialized', detail, options);
  }
}

/** A create without a path. */
export class PathRequiredError extends BackendError {
  readonly code = 'ERR_PATH_REQUIRED';
  constructor(detail?: string, options?: ErrorOptions) {
    super('path is required', detail, options);
  }
}

/** A permission request was answered with something that is neither a grant nor a denial. */
export class InvalidPermissionActionError extends BackendError {
  readonly code = 'ERR_INVALID_PERMISSION_ACTION';
  constructor(detail?: string, options?: ErrorOptions) {
    super('invalid permission action', detail, options);
  }
}

/** A control command that the server does not have. */
export class UnknownCommandError extends BackendError {
  readonly code = 'ERR_UNKNOWN_COMMAND';
  constructor(detail?: string, options?: ErrorOptions) {
    super('unknown command', detail, options);
  }
}

/** A client id that is not a UUID. */
export class InvalidClientIdError extends BackendError {
  readonly code = 'ERR_INVALID_CLIENT_ID';
  constructor(detail?: string, options?: ErrorOptions) {
    super('invalid client_id', detail, options);
  }
}

/** A path that could not be made absolute. */
export class PathResolutionError extends BackendError {
  readonly code = 'ERR_PATH_RESOLUTION';
  constructor(detail?: string, options?: ErrorOptions) {
    super('failed to resolve workspace path', detail, options);
  }
}

/** The builder of a workspace failed; `cause` is what it threw. */
export class WorkspaceBuildError extends BackendError {
  readonly code = 'ERR_WORKSPACE_BUILD';
  constructor(detail?: string, options?: ErrorOptions) {
    super('failed to build workspace', detail, options);
  }
}

/** A create that came after the decision to exit. */
export class ServerShuttingDownError extends BackendError {
  readonly code = 'ERR_SERVER_SHUTTING_DOWN';
  constructor(detail?: string, options?: ErrorOptions) {
    super('server is shutting down', detail, options);
  }
}

/** A request to exit if idle, of a server that is not. */
export class ServerNotIdleError extends BackendError {
  readonly code = 'ERR_SERVER_NOT_IDLE';
  constructor(detail?: string, options?: ErrorOptions) {
    super('server is not idle', detail, options);
  }
}

/** A create or attach of a client that was retired. */
export class ClientRetiredError extends BackendError {
  readonly code = 'ERR_CLIENT_RETIRED';
  constructor(detail?: string, options?: ErrorOptions) {
    super('client is retired', detail, options);
  }
}

/** Something that only a client with an open event stream can say. */
export class ClientNotAttachedError extends BackendError {
  readonly code = 'ERR_CLIENT_NOT_ATTACHED';
  constructor(detail?: string, options?: ErrorOptions) {
    super('client is not attached', detail, options);
  }
}

/** A create that asks for other channels than those the open workspace was opened with. */
export class ChannelOptInMismatchError extends BackendError {
  readonly code = 'ERR_CHANNEL_OPT_IN_MISMATCH';
  constructor(detail?: string, options?: ErrorOptions) {
    super('workspace is open with other channels', detail, options);
  }
}

/**
 * Whether `error`, or an error it wraps through `cause`, carries `code`.
 *
 * @example
 * ```ts
 * if (hasErrorCode(error, 'ERR_WORKSPACE_NOT_FOUND')) reply(404);
 * ```
 */
export function hasErrorCode(error: unknown, code: BackendErrorCode): boolean {
  for (const link of causesOf(error)) if (link instanceof BackendError && link.code === code) return true;
  return false;
}
