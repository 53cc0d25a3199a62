import type { Db } from '../store/index.ts';
import { iso, OPEN } from './row-values.ts';

/** What a {@link ManagerLease} needs of its surroundings. */
export interface LeaseOptions {
  readonly db: Db;
  /** This manager. */
  readonly owner: string;
  /** How long, in milliseconds, a manager that is not heard of keeps what it owns. */
  readonly leaseMs: number;
  /** The time of all managers. */
  readonly epoch: () => number;
}

/**
 * Which managers there are, and what becomes of the sessions of those that are gone: a manager that ended without a
 * word leaves rows that say a session is open, and nobody has it.
 */
export class ManagerLease {
  readonly #db: Db;
  readonly #owner: string;
  readonly #leaseMs: number;
  readonly #epoch: () => number;
  #lastBeat: number | undefined;

  constructor(options: LeaseOptions) {
    this.#db = options.db;
    this.#owner = options.owner;
    this.#leaseMs = options.leaseMs;
    this.#epoch = options.epoch;
  }

  /** Managers that were seen after this moment have what they own. */
  get alive(): number {
    return this.#epoch() - this.#leaseMs;
  }

  /**
   * Says that this manager is there.
   *
   * @returns False if that comes so late that others may be as late: the database was away, say. Nobody is to be taken
   * for dead then.
   */
  async beat(): Promise<boolean> {
    const now = this.#epoch();
    await this.#db.query(
      `INSERT INTO session_managers (id, seen_at) VALUES ($1, $2)
       ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at`,
      [this.#owner, iso(now)],
    );
    const inTime = this.#lastBeat === undefined || now - this.#lastBeat < this.#leaseMs;
    this.#lastBeat = now;
    return inTime;
  }

  /** Says that this manager is gone. */
  async end(): Promise<void> {
    await this.#db.query('DELETE FROM session_managers WHERE id = $1', [this.#owner]);
  }

  /**
   * Strands the sessions of managers that are gone, and those that this manager is said to have and has not, since a
   * lease ago: whatever is on its way between the database and here is younger. Nobody else has a PGlite database.
   *
   * @param has - The sessions that this manager has.
   */
  async strandOrphans(has: readonly string[], reason: string): Promise<void> {
    const alive = iso(this.alive);
    await this.#db.query(
      `UPDATE session_workspaces SET stranded_at = $1, stranded_reason = $2, owner_id = NULL, updated_at = $1
       WHERE ${OPEN} AND CASE WHEN owner_id = $3 THEN session_id <> ALL($4) AND updated_at < $5
         ELSE owner_id IS NULL OR $6 OR owner_id NOT IN (SELECT id FROM session_managers WHERE seen_at > $5) END`,
      [iso(this.#epoch()), reason, this.#owner, has, alive, this.#db.kind === 'pglite'],
    );
    await this.#db.query('DELETE FROM session_managers WHERE seen_at <= $1', [alive]);
  }

  /** Those of `has` that are not this manager's any more. */
  async lostAmong(has: readonly string[]): Promise<string[]> {
    const { rows } = await this.#db.query<{ session_id: string }>(
      `SELECT session_id FROM session_workspaces
       WHERE session_id = ANY($1) AND owner_id = $2 AND stranded_at IS NULL`,
      [has, this.#owner],
    );
    const kept = new Set(rows.map(({ session_id }) => session_id));
    return has.filter((id) => !kept.has(id));
  }
}
