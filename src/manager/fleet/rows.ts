import type { Db, Queryable } from '../store/db.ts';
import { isUuid } from '../uuid.ts';
import { FleetNotFoundError } from './errors.ts';
import { AT_REST, OBSERVED, STATUS, type WorkspaceStatus } from './status.ts';
import {
  COLUMNS,
  type FleetWorkspace,
  type NewWorkspace,
  type WorkspaceColumns,
  workspaceOf,
} from './workspace-row.ts';

/** Nobody is at work on the row, as far as the database can tell. */
const UNCLAIMED = '(w.claim_token IS NULL OR w.claimed_until <= now())';

/** The rows of the fleet: all SQL on them that no claim is needed for. */
export class FleetRows {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** A workspace that has not been removed. @throws {@link FleetNotFoundError} */
  async get(id: string): Promise<FleetWorkspace> {
    const found = await this.find(id);
    if (!found || found.status === STATUS.removed) throw new FleetNotFoundError(id);
    return found;
  }

  /** A row, whatever its status. */
  async find(id: string): Promise<FleetWorkspace | undefined> {
    if (!isUuid(id)) return undefined;
    const { rows } = await this.#db.query<WorkspaceColumns>(
      `SELECT ${COLUMNS} FROM workspaces w WHERE w.id = $1`,
      [id],
    );
    return rows[0] && workspaceOf(rows[0]);
  }

  /** All workspaces that have not been removed, oldest first. */
  async list(): Promise<FleetWorkspace[]> {
    const { rows } = await this.#db.query<WorkspaceColumns>(
      `SELECT ${COLUMNS} FROM workspaces w WHERE w.status <> $1 ORDER BY w.created_at, w.id`,
      [STATUS.removed],
    );
    return rows.map(workspaceOf);
  }

  /** A workspace and all below it, parents first, without those that have been removed. */
  async subtree(id: string): Promise<FleetWorkspace[]> {
    const { rows } = await this.#db.query<WorkspaceColumns>(
      `WITH RECURSIVE tree AS (
         SELECT id, 0 AS depth FROM workspaces WHERE id = $1 AND status <> $2
         UNION ALL
         SELECT child.id, depth + 1 FROM workspaces child JOIN tree ON child.parent_id = tree.id
         WHERE child.status <> $2
       )
       SELECT ${COLUMNS} FROM workspaces w JOIN tree ON tree.id = w.id ORDER BY depth, w.created_at, w.id`,
      [id, STATUS.removed],
    );
    return rows.map(workspaceOf);
  }

  /**
   * Enters a workspace, to be provisioned by the holder of `token`, unless its parent has one of this name. This
   * statement is the only one that makes rows; the unique index behind it is what makes an import idempotent, however
   * many run at once.
   *
   * @returns Whether the row is new.
   * @throws {@link FleetNotFoundError} if the parent does not exist, or has been removed.
   */
  async insertIfAbsent(
    workspace: NewWorkspace,
    token: string,
    ttlMs: number,
  ): Promise<FleetWorkspace | undefined> {
    const { id, parentId, name, runtime, model, tier, config } = workspace;
    return await this.#db.tx(async (tx) => {
      if (parentId !== null) await lockLivingParent(tx, parentId);
      const { rows } = await tx.query<WorkspaceColumns>(
        `INSERT INTO workspaces AS w
           (id, parent_id, name, status, runtime, model, tier, config, claim_token, claimed_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + make_interval(secs => $10))
         ON CONFLICT ((COALESCE(parent_id, '00000000-0000-0000-0000-000000000000'::uuid)), name)
           WHERE status <> 'removed'
           DO NOTHING
         RETURNING ${COLUMNS}`,
        [
          id,
          parentId,
          name,
          STATUS.provisioning,
          runtime,
          model,
          tier,
          JSON.stringify(config),
          token,
          ttlMs / 1000,
        ],
      );
      return rows[0] && workspaceOf(rows[0]);
    });
  }

  /** The child of this name, at the top for no parent, that has not been removed. */
  async lookupExistingChild(name: string, parentId: string | null): Promise<FleetWorkspace | undefined> {
    const { rows } = await this.#db.query<WorkspaceColumns>(
      `SELECT ${COLUMNS} FROM workspaces w
       WHERE w.name = $1 AND w.parent_id IS NOT DISTINCT FROM $2 AND w.status <> 'removed' LIMIT 1`,
      [name, parentId],
    );
    return rows[0] && workspaceOf(rows[0]);
  }

  /** Changes what is given; takes effect with the next start. @throws {@link FleetNotFoundError} */
  async change(
    id: string,
    changes: Partial<Pick<FleetWorkspace, 'name' | 'model' | 'tier' | 'config'>>,
  ): Promise<FleetWorkspace> {
    if (!isUuid(id)) throw new FleetNotFoundError(id);
    const { name = null, model = null, tier = null, config } = changes;
    const { rows } = await this.#db.query<WorkspaceColumns>(
      `UPDATE workspaces w SET name = COALESCE($2, w.name), model = COALESCE($3, w.model),
         tier = COALESCE($4, w.tier), config = COALESCE($5, w.config), updated_at = now()
       WHERE w.id = $1 AND w.status <> $6 RETURNING ${COLUMNS}`,
      [id, name, model, tier, config === undefined ? null : JSON.stringify(config), STATUS.removed],
    );
    if (!rows[0]) throw new FleetNotFoundError(id);
    return workspaceOf(rows[0]);
  }

  /**
   * Removes a workspace and all below it, and takes the claims on them from whoever has them.
   *
   * @returns Those that were removed by this call, parents first; none if the workspace had been removed before.
   */
  async remove(id: string): Promise<FleetWorkspace[]> {
    if (!isUuid(id)) return [];
    return await this.#db.tx(async (tx) => {
      const removed: FleetWorkspace[] = [];
      // Level by level: while a parent lives children come, and none after it is removed. See lockLivingParent.
      for (let level = await removeWhere(tx, 'w.id = $1', id); level.length > 0; ) {
        removed.push(...level);
        const parents = level.map((workspace) => workspace.id);
        level = await removeWhere(tx, 'w.parent_id = ANY($1)', parents);
      }
      return removed;
    });
  }

  /** Notes that the agent of a workspace is alive. @throws {@link FleetNotFoundError} */
  async heartbeat(id: string): Promise<void> {
    const changed = isUuid(id)
      ? await this.#db.query('UPDATE workspaces SET heartbeat_at = now() WHERE id = $1 AND status <> $2', [
          id,
          STATUS.removed,
        ])
      : undefined;
    if (changed?.rowCount !== 1) throw new FleetNotFoundError(id);
  }

  /** Ends all claims, for who knows that nobody can have one. */
  async dropClaims(): Promise<void> {
    await this.#db.query(
      'UPDATE workspaces SET claim_token = NULL, claimed_until = NULL WHERE claim_token IS NOT NULL',
    );
  }

  /** Rows that are being provisioned by nobody, the longest first. */
  async leftBehind(limit: number): Promise<string[]> {
    const { rows } = await this.#db.query<{ id: string }>(
      `SELECT w.id FROM workspaces w WHERE w.status = 'provisioning' AND ${UNCLAIMED}
       ORDER BY w.claimed_until NULLS FIRST, w.id LIMIT $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Of `ids`, those that should have no instance, and that nobody is at work on. */
  async atRest(ids: readonly string[]): Promise<string[]> {
    const { rows } = await this.#db.query<{ id: string }>(
      `SELECT w.id FROM workspaces w WHERE w.id = ANY($1) AND w.status = ANY($2) AND ${UNCLAIMED}`,
      [ids.filter(isUuid), AT_REST],
    );
    return rows.map(({ id }) => id);
  }

  /** Workspaces that should have an instance, and that nobody is at work on. */
  async observed(): Promise<FleetWorkspace[]> {
    const { rows } = await this.#db.query<WorkspaceColumns>(
      `SELECT ${COLUMNS} FROM workspaces w WHERE w.status = ANY($1) AND ${UNCLAIMED}`,
      [OBSERVED],
    );
    return rows.map(workspaceOf);
  }

  /** Writes what was seen of an instance, if it is still that one. Returns whether it was. */
  async observe(seen: FleetWorkspace, status: WorkspaceStatus): Promise<boolean> {
    const { rowCount } = await this.#db.query(
      `UPDATE workspaces w SET status = $2, updated_at = now()
       WHERE w.id = $1 AND w.status = $3 AND w.instance_id IS NOT DISTINCT FROM $4 AND ${UNCLAIMED}`,
      [seen.id, status, seen.status, seen.instanceId],
    );
    return rowCount === 1;
  }

  /** Writes down for good that something happened to a workspace. */
  async audit(workspaceId: string, event: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    // ws-gate: idempotent-by-design -- a trail: what happens twice is to be found twice
    await this.#db.query('INSERT INTO workspaces_audit (workspace_id, event, fields) VALUES ($1, $2, $3)', [
      workspaceId,
      event,
      JSON.stringify(fields),
    ]);
  }
}

/**
 * Keeps the parent from being removed until the child is there. A removal that has come first wins, and one that comes
 * later finds the child.
 */
async function lockLivingParent(tx: Queryable, id: string): Promise<void> {
  const { rowCount } = isUuid(id)
    ? await tx.query('SELECT 1 FROM workspaces WHERE id = $1 AND status <> $2 FOR SHARE', [
        id,
        STATUS.removed,
      ])
    : { rowCount: 0 };
  if (rowCount === 0) throw new FleetNotFoundError(id);
}

async function removeWhere(tx: Queryable, condition: string, param: unknown): Promise<FleetWorkspace[]> {
  const { rows } = await tx.query<WorkspaceColumns>(
    `UPDATE workspaces w SET status = $2, claim_token = NULL, claimed_until = NULL, updated_at = now()
     WHERE ${condition} AND w.status <> $2 RETURNING ${COLUMNS}`,
    [param, STATUS.removed],
  );
  return rows.map(workspaceOf);
}
