import type { WorkspaceStatus } from './status.ts';

/** A workspace of the fleet, as its row says. */
export interface FleetWorkspace {
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly status: WorkspaceStatus;
  readonly runtime: string;
  readonly model: string;
  /** From 1 to 4. */
  readonly tier: number;
  readonly config: Readonly<Record<string, unknown>>;
  /** What its backend calls the instance that was started last; null when there is none. */
  readonly instanceId: string | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What a new row is made of. */
export type NewWorkspace = Pick<
  FleetWorkspace,
  'id' | 'parentId' | 'name' | 'runtime' | 'model' | 'tier' | 'config'
>;

/** The columns of a {@link FleetWorkspace}, of the table `w`. */
export const COLUMNS = `w.id, w.parent_id, w.name, w.status, w.runtime, w.model, w.tier, w.config, w.instance_id,
  w.last_error, w.created_at, w.updated_at`;

/** The workspace of a row. */
export function workspaceOf(columns: WorkspaceColumns): FleetWorkspace {
  return {
    id: columns.id,
    parentId: columns.parent_id,
    name: columns.name,
    status: columns.status,
    runtime: columns.runtime,
    model: columns.model,
    tier: columns.tier,
    config: columns.config,
    instanceId: columns.instance_id,
    lastError: columns.last_error,
    createdAt: columns.created_at,
    updatedAt: columns.updated_at,
  };
}

/** A row with {@link COLUMNS}. */
export type WorkspaceColumns = {
  readonly id: string;
  readonly parent_id: string | null;
  readonly name: string;
  readonly status: WorkspaceStatus;
  readonly runtime: string;
  readonly model: string;
  readonly tier: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly instance_id: string | null;
  readonly last_error: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};
