/** The statuses of a workspace, by name: what is written to or compared with a row is one of these. */
export const STATUS = {
  /** An instance is being started. Such a row is claimed, or its claimer is gone and it is to be started again. */
  provisioning: 'provisioning',
  online: 'online',
  /** It should run, and does not. */
  offline: 'offline',
  /** It runs, and its backend calls it unhealthy. */
  degraded: 'degraded',
  /** It could not be started. */
  failed: 'failed',
  /** It is gone for good; the row remains. */
  removed: 'removed',
  paused: 'paused',
  hibernated: 'hibernated',
  hibernating: 'hibernating',
  /** It runs, and its agent has not reported yet. */
  awaiting_agent: 'awaiting_agent',
} as const;

/** Where a workspace of the fleet is. */
export type WorkspaceStatus = (typeof STATUS)[keyof typeof STATUS];

/** Every status. */
export const WORKSPACE_STATUSES: readonly WorkspaceStatus[] = Object.values(STATUS);

/** From these a restart starts. A paused one is resumed instead; one that is provisioning has been left behind. */
export const RESTARTABLE: readonly WorkspaceStatus[] = [
  STATUS.provisioning,
  STATUS.online,
  STATUS.offline,
  STATUS.degraded,
  STATUS.failed,
  STATUS.hibernated,
  STATUS.awaiting_agent,
];

/** What can be paused. */
export const PAUSABLE: readonly WorkspaceStatus[] = [
  STATUS.online,
  STATUS.offline,
  STATUS.degraded,
  STATUS.failed,
  STATUS.hibernated,
  STATUS.awaiting_agent,
];

/** What can be resumed. */
export const RESUMABLE: readonly WorkspaceStatus[] = [STATUS.paused, STATUS.hibernated];

/** An instance of one of these, unless somebody is at work on it, has been left behind. */
export const AT_REST: readonly WorkspaceStatus[] = [
  STATUS.removed,
  STATUS.paused,
  STATUS.hibernated,
  STATUS.failed,
];

/** Those whose instance is looked after: it should be there. */
export const OBSERVED: readonly WorkspaceStatus[] = [STATUS.online, STATUS.offline, STATUS.degraded];
