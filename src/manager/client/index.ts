/**
 * A client of the workspace manager, for Node.js and browsers.
 *
 * @module
 */

export { AttachedStream, type ClientOptions, ManagerClient, type WatchOptions } from './client.ts';
export { ManagerError, RpcError } from './errors.ts';
export type {
  CreateWorkspaceBody,
  FleetStatus,
  FleetWorkspaceJson,
  ImportResult,
  SessionJson,
  TreeNode,
  WorkspaceEvent,
  WorkspaceJson,
} from './types.ts';
