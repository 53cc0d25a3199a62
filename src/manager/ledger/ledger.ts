import type { Db } from '../store/db.ts';
import { DelegationNotFoundError, InvalidTransitionError } from './errors.ts';
import { preview } from './preview.ts';
import { type DelegationStatus, mayBecome, TERMINAL } from './status.ts';

/** How often a change of status looks again after somebody else was faster. */
const ATTEMPTS = 3;

/** What a delegation is recorded with. */
export interface NewDelegation {
  readonly delegationId: string;
  readonly callerId: string;
  readonly calleeId: string;
  /** Makes a second record of the same work by the same caller a no-op. */
  readonly idempotencyKey?: string | undefined;
  /** What is asked for; its beginning is kept. */
  readonly task?: string | undefined;
}

/** What is known with a change of status; the beginning of each is kept. */
export interface StatusDetails {
  readonly result?: string | undefined;
  readonly error?: string | undefined;
}

/**
 * Who decided a status.
 *
 * - `mine`: this call moved the row, and nobody else did: whoever is told so may act on it, once.
 * - `not_mine`: the row was there already; what it lacked was filled in.
 * - `unarbitrated`: there is no row, or nothing is written: the ledger has no say.
 * - `deferred`: others kept moving the row; ask again.
 */
export type Arbitration = 'mine' | 'not_mine' | 'unarbitrated' | 'deferred';

/** What a {@link Ledger} works with. */
export interface LedgerOptions {
  readonly db: Db;
  /** What writes: `'on'`, or `'off'` for a ledger that sends no statement at all. */
  readonly writes: 'on' | 'off';
}

/**
 * The ledger of delegations: one row each, whose status only goes forward.
 *
 * Every change is a compare-and-swap on the status that was read, so that of several writers, in any process, one
 * wins and the others are told.
 */
export class Ledger {
  readonly #db: Db;
  readonly #on: boolean;

  constructor({ db, writes }: LedgerOptions) {
    this.#db = db;
    this.#on = writes === 'on';
  }

  /** Enters a delegation as queued. Returns whether it is new: neither its id nor its idempotency key were known. */
  async insert(delegation: NewDelegation): Promise<boolean> {
    if (!this.#on) return false;
    const { delegationId, callerId, calleeId, idempotencyKey = null, task } = delegation;
    const { rowCount } = await this.#db.query(
      `INSERT INTO delegations (delegation_id, caller_id, callee_id, idempotency_key, status, task_preview)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
      [delegationId, callerId, calleeId, idempotencyKey, QUEUED, cut(task)],
    );
    return rowCount === 1;
  }

  /**
   * Moves a delegation to `to`.
   *
   * @throws {@link InvalidTransitionError} if it cannot go there from where it is.
   */
  async setStatus(id: string, to: DelegationStatus, details: StatusDetails = {}): Promise<Arbitration> {
    if (!this.#on) return 'unarbitrated';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { rows } = await this.#db.query<{ status: DelegationStatus }>(
        'SELECT status FROM delegations WHERE delegation_id = $1',
        [id],
      );
      const from = rows[0]?.status;
      if (from === undefined) return 'unarbitrated';
      if (from !== to && !mayBecome(from, to)) throw new InvalidTransitionError(id, from, to);
      if (await this.#swap(id, from, to, details)) return from === to ? 'not_mine' : 'mine';
    }
    return 'deferred';
  }

  /** Says that somebody is at work on a delegation. Returns whether it is one that is not over. */
  async heartbeat(id: string): Promise<boolean> {
    if (!this.#on) return false;
    const { rowCount } = await this.#db.query(
      'UPDATE delegations SET last_heartbeat = now() WHERE delegation_id = $1 AND NOT status = ANY($2)',
      [id, TERMINAL],
    );
    return rowCount === 1;
  }

  /**
   * Enters a delegation that has been handed over: queued, then dispatched.
   *
   * @throws {@link DelegationNotFoundError} if the id is taken by a delegation of others.
   */
  async record(delegation: NewDelegation): Promise<Arbitration> {
    const isNew = await this.insert(delegation);
    if (!isNew) await this.#assertNotOfOthers(delegation);
    return await this.setStatus(delegation.delegationId, 'dispatched');
  }

  /**
   * Makes sure that a workspace has a part in a delegation, as its caller or its callee. While nothing is written there
   * is nothing to protect.
   *
   * @throws {@link DelegationNotFoundError}
   */
  async assertParty(id: string, workspaceId: string): Promise<void> {
    if (!this.#on) return;
    const { rowCount } = await this.#db.query(
      'SELECT 1 FROM delegations WHERE delegation_id = $1 AND $2 IN (caller_id, callee_id)',
      [id, workspaceId],
    );
    if (rowCount === 0) throw new DelegationNotFoundError(id);
  }

  /** A delegation that was not entered is known by its id, or by its key, and then its id may be nobody's. */
  async #assertNotOfOthers({ delegationId, callerId }: NewDelegation): Promise<void> {
    if (!this.#on) return;
    const { rowCount } = await this.#db.query(
      'SELECT 1 FROM delegations WHERE delegation_id = $1 AND caller_id <> $2',
      [delegationId, callerId],
    );
    if (rowCount > 0) throw new DelegationNotFoundError(delegationId);
  }

  /** A replay writes what the row lacks, and nothing over what it has. */
  async #swap(
    id: string,
    from: DelegationStatus,
    to: DelegationStatus,
    { result, error }: StatusDetails,
  ): Promise<boolean> {
    const { rowCount } = await this.#db.query(
      `UPDATE delegations
       SET status = $2, updated_at = now(),
         result_preview = CASE WHEN status = $2 THEN COALESCE(result_preview, $3) ELSE $3 END,
         error_detail = CASE WHEN status = $2 THEN COALESCE(error_detail, $4) ELSE $4 END
       WHERE delegation_id = $1 AND status = $5`,
      [id, to, cut(result), cut(error), from],
    );
    return rowCount === 1;
  }
}

const QUEUED: DelegationStatus = 'queued';

function cut(text: string | undefined): string | null {
  return text === undefined ? null : preview(text);
}
