export { Backend } from './backend.ts';
export type { BuildContext, BuildRequest, BuildWorkspace, BuiltWorkspace } from './build.ts';
export type { Cleanup } from './cleanups.ts';
export { type ClientId, parseClientId } from './client-id.ts';
export type { Presence } from './client-table.ts';
export * from './errors.ts';
export {
  type BackendOptions,
  type CreateArgs,
  type Created,
  type CreateOptions,
  DEFAULT_CREATE_GRACE_MS,
  DEFAULT_DETACH_GRACE_MS,
  DEFAULT_IDLE_SHUTDOWN_DELAY_MS,
} from './options.ts';
export { MemoryPathIndex, type PathIndex } from './path-index.ts';
export { resolveWorkspaceKey } from './path-key.ts';
export type { Workspace, WorkspaceInfo, WorkspaceSettings } from './workspace.ts';
