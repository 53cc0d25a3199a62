import { randomUUID } from 'node:crypto';
import type { Clock, TimerHandle } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import type { Supervisor } from '../obs/supervise.ts';
import type { Db } from '../store/db.ts';
import { isUuid } from '../uuid.ts';
import { FleetBusyError, FleetNotFoundError, FleetStatusError } from './errors.ts';
import type { FleetRows } from './rows.ts';
import { STATUS, type WorkspaceStatus } from './status.ts';
import type { StatusFeed } from './status-feed.ts';
import {
  COLUMNS,
  type FleetWorkspace,
  type NewWorkspace,
  type WorkspaceColumns,
  workspaceOf,
} from './workspace-row.ts';

/** How long, in milliseconds, a claim lasts that nobody renews: how long a workspace waits after a crash. */
export const DEFAULT_CLAIM_TTL_MS = 30_000;

/** What {@link FleetClaims} work with. */
export interface FleetClaimsOptions {
  readonly db: Db;
  readonly rows: FleetRows;
  readonly feed: StatusFeed;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly logger: Logger;
  /** See {@link DEFAULT_CLAIM_TTL_MS}. */
  readonly ttlMs: number;
}

/** What a claim ends with. What is not given stays as it is in the row. */
export interface Settlement {
  readonly status: WorkspaceStatus;
  readonly instanceId?: string | null | undefined;
  readonly lastError?: string | null | undefined;
}

/**
 * The right to start or stop the instance of a workspace, of which there is one per row among all managers of a
 * database. It is renewed until it is settled; one whose holder has died is over after its time.
 */
export class FleetClaim implements Disposable {
  readonly workspace: FleetWorkspace;
  /** What the status was before the claim. */
  readonly previousStatus: WorkspaceStatus;
  readonly #options: FleetClaimsOptions;
  readonly #token: string;
  readonly #lost = new AbortController();
  readonly #onEnd: () => void;
  #timer: TimerHandle | undefined;
  #validUntil: number;
  #over = false;

  /** @internal */
  constructor(
    options: FleetClaimsOptions,
    taken: { workspace: FleetWorkspace; previousStatus: WorkspaceStatus; token: string; at: number },
    onEnd: () => void,
  ) {
    this.workspace = taken.workspace;
    this.previousStatus = taken.previousStatus;
    this.#options = options;
    this.#token = taken.token;
    this.#onEnd = onEnd;
    this.#validUntil = taken.at + options.ttlMs;
    this.#renewLater();
  }

  /** Aborts when the claim is lost: the workspace was removed, or the claim could not be renewed in time. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Writes how it ended and gives the claim back. Returns whether it was still there: else nothing is written. */
  async settle({ status, instanceId, lastError }: Settlement): Promise<boolean> {
    const { db, feed } = this.#options;
    const { id } = this.workspace;
    try {
      const { rowCount } = await db.query(
        `UPDATE workspaces SET status = $3, claim_token = NULL, claimed_until = NULL, updated_at = now(),
           instance_id = CASE WHEN $4 THEN $5 ELSE instance_id END,
           last_error = CASE WHEN $6 THEN $7 ELSE last_error END
         WHERE id = $1 AND claim_token = $2`,
        [
          id,
          this.#token,
          status,
          instanceId !== undefined,
          instanceId ?? null,
          lastError !== undefined,
          lastError ?? null,
        ],
      );
      if (rowCount === 1 && status !== this.workspace.status) feed.publish({ workspaceId: id, status });
      return rowCount === 1;
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** Gives the claim back and leaves the rest to whoever takes it next. Returns whether it was still there. */
  async yield(): Promise<boolean> {
    try {
      const { rowCount } = await this.#options.db.query(
        'UPDATE workspaces SET claim_token = NULL, claimed_until = NULL WHERE id = $1 AND claim_token = $2',
        [this.workspace.id, this.#token],
      );
      return rowCount === 1;
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** Gives the claim up as lost. */
  revoke(): void {
    this.#end();
    this.#lost.abort(new FleetNotFoundError(this.workspace.id));
  }

  /** Stops renewing the claim. Unless settled, it stays in the row until its time is over. */
  [Symbol.dispose](): void {
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer);
    this.#onEnd();
  }

  #renewLater(): void {
    const { clock, supervisor, ttlMs } = this.#options;
    this.#timer = clock.setTimeout(() => supervisor.spawn('renew claim', () => this.#renew()), ttlMs / 3);
  }

  async #renew(): Promise<void> {
    const { db, clock, logger, ttlMs } = this.#options;
    if (this.#over) return;
    // From before the statement: the row says later, never earlier.
    const at = clock.now();
    try {
      const { rowCount } = await db.query(
        `UPDATE workspaces SET claimed_until = now() + make_interval(secs => $3)
         WHERE id = $1 AND claim_token = $2`,
        [this.workspace.id, this.#token, ttlMs / 1000],
      );
      if (this.#over) return;
      if (rowCount === 0) return this.revoke();
      this.#validUntil = at + ttlMs;
    } catch (error) {
      if (this.#over) return;
      logger.warn('Claim not renewed', { workspace_id: this.workspace.id, error });
      // Somebody else may have it by now.
      if (clock.now() >= this.#validUntil) return this.revoke();
    }
    this.#renewLater();
  }
}

/** Takes claims. */
export class FleetClaims {
  readonly #options: FleetClaimsOptions;
  /** By workspace: those of this manager, so that a removal here is felt at once. */
  readonly #held = new Map<string, FleetClaim>();

  constructor(options: FleetClaimsOptions) {
    this.#options = options;
  }

  /**
   * Claims a workspace that is in one of the statuses `from`, and gives it the status `to`; `'same'` leaves it.
   *
   * @throws {@link FleetNotFoundError}, {@link FleetStatusError} or {@link FleetBusyError}; then nothing is changed.
   */
  async take(
    id: string,
    from: readonly WorkspaceStatus[],
    to: WorkspaceStatus | 'same',
  ): Promise<FleetClaim> {
    const { feed, ttlMs, clock, db } = this.#options;
    if (!isUuid(id)) throw new FleetNotFoundError(id);
    const token = randomUUID();
    const at = clock.now();
    const { rows } = await db.query<WorkspaceColumns & { previous_status: WorkspaceStatus }>(
      `UPDATE workspaces w
       SET status = COALESCE($4, w.status), updated_at = now(),
         claim_token = $2, claimed_until = now() + make_interval(secs => $5)
       FROM (SELECT id, status FROM workspaces WHERE id = $1 FOR UPDATE) old
       WHERE w.id = old.id AND w.status = ANY($3) AND (w.claim_token IS NULL OR w.claimed_until <= now())
       RETURNING ${COLUMNS}, old.status AS previous_status`,
      [id, token, from, to === 'same' ? null : to, ttlMs / 1000],
    );
    const [row] = rows;
    if (!row) throw await this.#refusal(id, from);
    const workspace = workspaceOf(row);
    if (workspace.status !== row.previous_status) feed.publish({ workspaceId: id, status: workspace.status });
    return this.#hold({ workspace, previousStatus: row.previous_status, token, at });
  }

  /** Enters a workspace together with its claim, unless its parent has one of this name: see `insertIfAbsent`. */
  async insert(workspace: NewWorkspace): Promise<FleetClaim | undefined> {
    const { rows, feed, ttlMs, clock } = this.#options;
    const token = randomUUID();
    const at = clock.now();
    const inserted = await rows.insertIfAbsent(workspace, token, ttlMs);
    if (!inserted) return undefined;
    feed.publish({ workspaceId: inserted.id, status: inserted.status });
    return this.#hold({ workspace: inserted, previousStatus: STATUS.provisioning, token, at });
  }

  /** Gives up this manager's claim on a workspace, which is no longer in its row. */
  revoke(id: string): void {
    this.#held.get(id)?.revoke();
  }

  /** Whether this manager holds the claim on a workspace. */
  holds(id: string): boolean {
    return this.#held.has(id);
  }

  #hold(taken: ConstructorParameters<typeof FleetClaim>[1]): FleetClaim {
    const { id } = taken.workspace;
    const claim: FleetClaim = new FleetClaim(this.#options, taken, () => {
      if (this.#held.get(id) === claim) this.#held.delete(id);
    });
    this.#held.set(id, claim);
    return claim;
  }

  async #refusal(id: string, from: readonly WorkspaceStatus[]): Promise<Error> {
    const found = await this.#options.rows.find(id);
    if (!found) return new FleetNotFoundError(id);
    if (from.includes(found.status)) return new FleetBusyError(id);
    if (found.status === STATUS.removed) return new FleetNotFoundError(id);
    return new FleetStatusError(id, found.status, from);
  }
}
