import { expect, test } from 'vitest';
import {
  AgentNotInitializedError,
  BackendError,
  ChannelOptInMismatchError,
  ClientNotAttachedError,
  ClientRetiredError,
  hasErrorCode,
  InvalidClientIdError,
  InvalidPermissionActionError,
  LspClientNotFoundError,
  PathRequiredError,
  PathResolutionError,
  ServerNotIdleError,
  ServerShuttingDownError,
  UnknownCommandError,
  WorkspaceBuildError,
  WorkspaceNotFoundError,
} from '../../../src/manager/index.ts';

test.each([
  [WorkspaceNotFoundError, 'ERR_WORKSPACE_NOT_FOUND', 'workspace not found'],
  [LspClientNotFoundError, 'ERR_LSP_CLIENT_NOT_FOUND', 'LSP client not found'],
  [AgentNotInitializedError, 'ERR_AGENT_NOT_INITIALIZED', 'agent not initialized'],
  [PathRequiredError, 'ERR_PATH_REQUIRED', 'path is required'],
  [InvalidPermissionActionError, 'ERR_INVALID_PERMISSION_ACTION', 'invalid permission action'],
  [UnknownCommandError, 'ERR_UNKNOWN_COMMAND', 'unknown command'],
  [InvalidClientIdError, 'ERR_INVALID_CLIENT_ID', 'invalid client_id'],
  [PathResolutionError, 'ERR_PATH_RESOLUTION', 'failed to resolve workspace path'],
  [WorkspaceBuildError, 'ERR_WORKSPACE_BUILD', 'failed to build workspace'],
  [ServerShuttingDownError, 'ERR_SERVER_SHUTTING_DOWN', 'server is shutting down'],
  [ServerNotIdleError, 'ERR_SERVER_NOT_IDLE', 'server is not idle'],
  [ClientRetiredError, 'ERR_CLIENT_RETIRED', 'client is retired'],
  [ClientNotAttachedError, 'ERR_CLIENT_NOT_ATTACHED', 'client is not attached'],
  [ChannelOptInMismatchError, 'ERR_CHANNEL_OPT_IN_MISMATCH', 'workspace is open with other channels'],
] as const)('%o has a code, a text and a place for details', (Kind, code, text) => {
  const cause = new Error('cause');
  const plain = new Kind();
  const detailed = new Kind('detail', { cause });
  expect(plain).toBeInstanceOf(BackendError);
  expect({ ...plain, name: plain.name, message: plain.message }).toEqual({
    name: Kind.name,
    code,
    message: text,
  });
  expect(detailed.message).toBe(`${text}: detail`);
  expect(detailed.cause).toBe(cause);
});

test('an error keeps its code however deep it is wrapped', () => {
  const inner = new WorkspaceNotFoundError();
  const wrapped = new Error('request failed', { cause: new WorkspaceBuildError('later', { cause: inner }) });
  expect(hasErrorCode(wrapped, 'ERR_WORKSPACE_NOT_FOUND')).toBe(true);
  expect(hasErrorCode(wrapped, 'ERR_WORKSPACE_BUILD')).toBe(true);
  expect(hasErrorCode(wrapped, 'ERR_PATH_REQUIRED')).toBe(false);
});

test('looking for a code copes with anything that can be thrown', () => {
  const circular = new Error('circular');
  circular.cause = circular;
  for (const thrown of [circular, undefined, null, 'text', { code: 'ERR_PATH_REQUIRED' }]) {
    expect(hasErrorCode(thrown, 'ERR_PATH_REQUIRED')).toBe(false);
  }
});
