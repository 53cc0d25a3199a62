export type { MemoryUse } from './admission.ts';
export type { GraphBuild, GraphBuilder } from './builder.ts';
export * from './errors.ts';
export { estimateFromFiles, estimateGraphBytes, type GraphSizes } from './estimate.ts';
export { type HookTask, noOpHook, type PublishHook, type SpawnHook } from './hook.ts';
export { type RootMode, type WorkspaceKey, type WorkspaceKeyParts, workspaceKey } from './key.ts';
export type { GraphCell, GraphLease } from './lease.ts';
export type { LoadOptions } from './load.ts';
export { GraphManager } from './manager.ts';
export {
  GRAPH_DEFAULTS,
  GRAPH_SURROUNDINGS_DEFAULTS,
  type GraphConfig,
  type GraphManagerOptions,
} from './options.ts';
export type { ChangeSet, GitChange } from './pending.ts';
export { RebuildDispatcher, type RebuildDispatcherOptions } from './rebuild.ts';
export type { ReadGraph, ReadOptions, Served } from './serve.ts';
export { ageHours, backoffSeconds, type Freshness } from './staleness.ts';
export { GRAPH_STATES, type GraphState, isServing, stateCode } from './state.ts';
export type { GraphStatus, WorkspaceStatus } from './status.ts';
export { type WorkerBuilderOptions, workerBuilder } from './worker-builder.ts';
export { type Checkpoint, runWorkerBuild } from './worker-side.ts';
