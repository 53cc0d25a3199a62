export { noOpCache, type WorkspaceCache } from './cache.ts';
export * from './errors.ts';
export type { ChangesetEnded, Collected, OnStranded } from './gc.ts';
export { SessionManager } from './manager.ts';
export { openRedisCache, type RedisCacheOptions, type SharedCache } from './open-redis-cache.ts';
export {
  type CreateSession,
  DEFAULT_ABANDON_AFTER_MS,
  DEFAULT_IDLE_TTL_MS,
  DEFAULT_LEASE_MS,
  DEFAULT_MAX_TTL_MS,
  type SessionManagerOptions,
} from './options.ts';
export type { ChangeType, OverlayFile } from './overlay.ts';
export { TOUCH_DEBOUNCE_MS } from './registry.ts';
export {
  type BaseGraph,
  type GraphChange,
  type GraphDelta,
  type GraphSymbol,
  SessionGraph,
} from './session-graph.ts';
export type { SessionInfo, SessionMode, SessionRecord, SessionSnapshot, SessionState } from './types.ts';
export type { ReadBase, SessionFile, SessionWorkspace, WriteOptions } from './workspace.ts';
