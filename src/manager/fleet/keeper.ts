import type { Logger } from '../obs/log.ts';
import type { Metrics } from '../obs/metrics.ts';
import type { Supervisor } from '../obs/supervise.ts';
import type { FleetClaim, FleetClaims } from './claims.ts';
import type { Dispatchers } from './dispatchers.ts';
import { FleetError } from './errors.ts';
import type { FleetRows } from './rows.ts';
import type { Slots } from './slots.ts';
import { STATUS, type WorkspaceStatus } from './status.ts';
import type { StatusFeed } from './status-feed.ts';

const RECOVER_INTERVAL_MS = 10_000;
const SWEEP_INTERVAL_MS = 60_000;
const RECOVER_BATCH = 100;

/** What a {@link Keeper} works with. */
export interface KeeperOptions {
  readonly rows: FleetRows;
  readonly claims: FleetClaims;
  readonly dispatchers: Dispatchers;
  readonly feed: StatusFeed;
  readonly slots: Slots;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What a look at the instances has led to. */
export interface FleetSweep {
  /** Instances that were left behind, and have been stopped. */
  readonly stopped: number;
  /** Workspaces whose status follows that of their instance. */
  readonly changed: number;
}

/**
 * Brings rows and instances together again, where somebody died in between: a workspace whose start was left behind is
 * started, and an instance whose workspace is at rest is stopped. Any number of managers may do so: each acts on a
 * claim, like everybody else.
 *
 * An instance without a row is none of this fleet's: rows are never deleted.
 */
export class Keeper {
  readonly #options: KeeperOptions;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Recovers now and every 10 s, and sweeps now and every minute. */
  start(supervisor: Supervisor): void {
    supervisor.every('fleet recovery', RECOVER_INTERVAL_MS, async () => {
      await this.recover();
    });
    supervisor.every('fleet sweep', SWEEP_INTERVAL_MS, async () => {
      await this.sweep();
    });
  }

  /** Starts what is being provisioned by nobody. Returns how many were. */
  async recover(): Promise<number> {
    const { rows, dispatchers, slots, logger, metrics } = this.#options;
    let recovered = 0;
    for (const id of await rows.leftBehind(RECOVER_BATCH)) {
      // What is under way here is not left behind, whatever its claim says.
      if (dispatchers.provisionGate.isLocked(id)) continue;
      const claim = await dispatchers.provisionWorkspaceAutoClaiming(
        id,
        () => this.#takeLeftBehind(id),
        slots,
      );
      if (!claim) continue;
      recovered++;
      logger.warn('Workspace was left behind while provisioning, and is started again', { workspace_id: id });
      metrics.count('ws_manager_phantom_busy_resets_total', undefined);
    }
    return recovered;
  }

  /** Compares instances with rows. @throws What the backend or the database throws. */
  async sweep(): Promise<FleetSweep> {
    const { rows, dispatchers } = this.#options;
    // Before the instances: what is started in between is no workspace without an instance.
    const observed = await rows.observed();
    const instances = await dispatchers.listInstances();
    if (!instances) return { stopped: 0, changed: 0 };

    let stopped = 0;
    for (const id of await rows.atRest(instances.map(({ workspaceId }) => workspaceId))) {
      if (await this.#stopLeftBehind(id)) stopped++;
    }
    let changed = 0;
    const health = new Map(instances.map((instance) => [instance.workspaceId, instance.health]));
    for (const workspace of observed) {
      const status = SEEN[health.get(workspace.id) ?? 'gone'];
      if (status === workspace.status || !(await rows.observe(workspace, status))) continue;
      changed++;
      this.#options.feed.publish({ workspaceId: workspace.id, status });
    }
    return { stopped, changed };
  }

  async #takeLeftBehind(id: string): Promise<FleetClaim | undefined> {
    try {
      return await this.#options.claims.take(id, [STATUS.provisioning], 'same');
    } catch (error) {
      // Another manager has come first, or it has been removed.
      if (error instanceof FleetError) return undefined;
      throw error;
    }
  }

  async #stopLeftBehind(id: string): Promise<boolean> {
    const { dispatchers, logger } = this.#options;
    using gate = dispatchers.provisionGate.tryAcquire(id);
    if (!gate || !(await dispatchers.stopAtRestLocked(id))) return false;
    logger.warn('Instance of a workspace at rest stopped', { workspace_id: id });
    return true;
  }
}

const SEEN = {
  healthy: STATUS.online,
  unhealthy: STATUS.degraded,
  gone: STATUS.offline,
} as const satisfies Readonly<Record<string, WorkspaceStatus>>;
