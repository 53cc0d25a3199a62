import type { WorkspaceStatus as FleetStatus } from '../fleet/status.ts';

export type { SessionInfo as SessionJson } from '../sessions/types.ts';
export type { FleetStatus };

/** A workspace that clients share, as the manager answers. */
export interface WorkspaceJson {
  readonly id: string;
  readonly path: string;
  readonly yolo: boolean;
  readonly debug: boolean;
  readonly data_dir: string;
  readonly version: string;
  readonly client_id?: string;
  readonly config: unknown;
  readonly env?: readonly string[];
}

/** What a client asks for when it creates, or joins, a workspace. */
export interface CreateWorkspaceBody {
  readonly path: string;
  readonly yolo?: boolean;
  readonly debug?: boolean;
  readonly data_dir?: string;
  readonly env?: readonly string[];
  readonly version?: string;
}

/** Something that happened in a workspace. */
export interface WorkspaceEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A workspace of the fleet, as the manager answers. */
export interface FleetWorkspaceJson {
  readonly id: string;
  readonly name: string;
  readonly parent_id: string | null;
  readonly status: FleetStatus;
  readonly tier: number;
  readonly runtime: string;
  readonly model: string;
  readonly last_error: string | null;
}

/** A workspace to be, with those below it. */
export interface TreeNode {
  readonly name: string;
  readonly runtime?: string;
  readonly model?: string;
  readonly tier?: number;
  readonly children?: readonly TreeNode[];
}

/** What became of one node of an imported tree. */
export interface ImportResult {
  readonly id: string;
  readonly name: string;
  readonly tier: number;
  /** Set where the node existed before. */
  readonly skipped?: true;
}
