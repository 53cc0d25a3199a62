export {
  type BackendCallOptions,
  type Instance,
  type InstanceSpec,
  type ProvisionBackend,
  ProvisionError,
  type ProvisionErrorCode,
} from './backends/backend.ts';
export { ControlPlaneBackend, type ControlPlaneOptions } from './backends/control-plane.ts';
export { ProcessBackend, type ProcessBackendOptions } from './backends/process.ts';
export { DEFAULT_CLAIM_TTL_MS, FleetClaim, type Settlement } from './claims.ts';
export { instanceConfig } from './default-config.ts';
export { defaultModel } from './default-model.ts';
export { type BackendTimeouts, Dispatchers, type FleetBackends, type RestartOptions } from './dispatchers.ts';
export * from './errors.ts';
export { Fleet } from './fleet.ts';
export type { WorkspaceInput } from './input.ts';
export type { FleetSweep } from './keeper.ts';
export {
  DEFAULT_PACING_MS,
  DEFAULT_PROVISION_CONCURRENCY,
  DEFAULT_TIMEOUTS,
  type FleetOptions,
} from './options.ts';
export type { ImportedWorkspace, TreeNode } from './org-import.ts';
export type { TreeOutcome, WorkspaceOutcome } from './outcome.ts';
export type { RestartRequest } from './restarts.ts';
export { STATUS, WORKSPACE_STATUSES, type WorkspaceStatus } from './status.ts';
export type { StatusChange, StatusListener } from './status-feed.ts';
export type { FleetWorkspace } from './workspace-row.ts';
