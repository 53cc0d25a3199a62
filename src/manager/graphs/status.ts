import type { MemoryUse } from './admission.ts';
import type { LoadedWorkspace } from './loaded.ts';
import type { GraphState } from './state.ts';

/** One workspace as `status` tells it. */
export interface WorkspaceStatus {
  readonly indexRoot: string;
  readonly state: GraphState;
  readonly pinned: boolean;
  readonly currentBytes: number;
  /** The most that its graph has taken. */
  readonly highWaterBytes: number;
  /** When the last build succeeded, in milliseconds since the Unix epoch. */
  readonly lastGoodAt: number | undefined;
  /** What the last build failed with, if the last build failed. */
  readonly lastError: string | undefined;
  /** Failures since the last success. */
  readonly retryCount: number;
  /** How long to wait before trying again; 0 after a success. */
  readonly retryAfterSeconds: number;
}

/** The manager at a glance. The parts are read one after the other, and may belong to different moments. */
export interface GraphStatus {
  /** Sorted by root. */
  readonly workspaces: readonly WorkspaceStatus[];
  readonly memory: MemoryUse;
  readonly uptimeSeconds: number;
  readonly version: string;
}

/**
 * Describes one workspace.
 *
 * @atomic
 */
export function describeLoaded<G>(workspace: LoadedWorkspace<G>): WorkspaceStatus {
  return {
    indexRoot: workspace.root,
    state: workspace.state.current,
    pinned: workspace.pinned,
    currentBytes: workspace.memoryBytes,
    highWaterBytes: workspace.memoryHighWater,
    lastGoodAt: workspace.lastGoodAt,
    lastError: workspace.lastError?.message,
    retryCount: workspace.retryCount,
    retryAfterSeconds: workspace.retryAfterSeconds,
  };
}
