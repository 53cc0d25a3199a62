import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import type { Metrics } from '../obs/metrics.ts';
import type { Supervisor } from '../obs/supervise.ts';
import type { Db } from '../store/db.ts';
import { DEFAULT_STUCK_THRESHOLD_S } from './flags.ts';
import { type DelegationStatus, IN_FLIGHT, sources } from './status.ts';

const SWEEP_INTERVAL_MS = 5 * 60_000;

/** What a {@link DelegationSweeper} works with. */
export interface DelegationSweeperOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** See `stuckThresholdS`. */
  readonly stuckThresholdS?: number | undefined;
}

/** What a sweep changed. */
export interface DelegationSweep {
  readonly failed: number;
  readonly stuck: number;
}

/**
 * Ends delegations that nobody will: those past their deadline have failed, and those whose worker has gone silent are
 * marked stuck.
 *
 * A delegation is alive as long as either its own heartbeat or that of the workspace that works on it is recent. One
 * that has never had a heartbeat, of a worker that sends none, is left to its deadline. Each sweep is two statements
 * with their conditions inside, so that any number of managers may sweep.
 */
export class DelegationSweeper {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #thresholdS: number;
  readonly #since: number;

  constructor(options: DelegationSweeperOptions) {
    this.#db = options.db;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#metrics = options.metrics;
    this.#thresholdS = options.stuckThresholdS ?? DEFAULT_STUCK_THRESHOLD_S;
    this.#since = this.#clock.now();
  }

  /** Sweeps now, and every 5 minutes. */
  start(supervisor: Supervisor): void {
    supervisor.every('delegation sweeper', SWEEP_INTERVAL_MS, async () => {
      await this.sweep();
    });
  }

  /** Sweeps once. @throws What the database throws, after it was counted. */
  async sweep(): Promise<DelegationSweep> {
    try {
      // First, so that what is past its deadline is not called stuck.
      const failed = await this.#failOverdue();
      const stuck = this.#isSettledIn() ? await this.#markStuck() : 0;
      this.#metrics.count('ws_manager_delegations_swept_total', 'failed', failed);
      this.#metrics.count('ws_manager_delegations_swept_total', 'stuck', stuck);
      if (failed + stuck > 0) this.#logger.info('Delegations swept', { failed, stuck });
      return { failed, stuck };
    } catch (error) {
      this.#metrics.count('ws_manager_delegations_swept_total', 'error');
      throw error;
    }
  }

  /** While this manager was down no heartbeat came through it: silence counts from its start. */
  #isSettledIn(): boolean {
    return this.#clock.now() - this.#since >= this.#thresholdS * 1000;
  }

  async #failOverdue(): Promise<number> {
    const { rowCount } = await this.#db.query(
      `UPDATE delegations SET status = $1, error_detail = $2, updated_at = now()
       WHERE status = ANY($3) AND deadline < now()`,
      [FAILED, 'deadline exceeded by sweeper', sources(FAILED)],
    );
    return rowCount;
  }

  async #markStuck(): Promise<number> {
    // GREATEST passes over NULLs, and is NULL, hence no match, when there is nothing else.
    const { rowCount } = await this.#db.query(
      `UPDATE delegations SET status = $1, error_detail = $2, updated_at = now()
       WHERE status = ANY($3) AND GREATEST(
         last_heartbeat,
         (SELECT heartbeat_at FROM workspaces WHERE workspaces.id = delegations.callee_id)
       ) < now() - make_interval(secs => $4)`,
      [STUCK, `no heartbeat for ${this.#thresholdS}s`, IN_FLIGHT, this.#thresholdS],
    );
    return rowCount;
  }
}

const FAILED: DelegationStatus = 'failed';
const STUCK: DelegationStatus = 'stuck';
