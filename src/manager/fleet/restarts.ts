import type { Logger } from '../obs/log.ts';
import type { Supervisor } from '../obs/supervise.ts';
import type { FleetClaims } from './claims.ts';
import type { Dispatchers, RestartOptions } from './dispatchers.ts';
import { RESTARTABLE, STATUS } from './status.ts';

/** What became of the wish for a restart: it runs, or it comes after what is being done to the workspace now. */
export type RestartRequest = 'started' | 'queued';

interface Cycle {
  /** What was asked for since the latest restart began. */
  pending: RestartOptions | undefined;
}

/**
 * Restarts of workspaces, each after the other: what is asked for while one runs leads to one more when it is over,
 * however often it is asked for.
 */
export class Restarts {
  readonly #claims: FleetClaims;
  readonly #dispatchers: Dispatchers;
  readonly #supervisor: Supervisor;
  readonly #logger: Logger;
  readonly #cycles = new Map<string, Cycle>();

  constructor(options: {
    readonly claims: FleetClaims;
    readonly dispatchers: Dispatchers;
    readonly supervisor: Supervisor;
    readonly logger: Logger;
  }) {
    this.#claims = options.claims;
    this.#dispatchers = options.dispatchers;
    this.#supervisor = options.supervisor;
    this.#logger = options.logger;
  }

  /**
   * Asks for a restart, which goes on in the background.
   *
   * @throws If the workspace cannot be claimed for it; when nothing else is being done to it here, that is known before
   * anything is dispatched.
   */
  async request(id: string, options: RestartOptions): Promise<RestartRequest> {
    const running = this.#cycles.get(id);
    if (running) {
      running.pending = { ...running.pending, ...options };
      return 'queued';
    }
    const waits = this.#dispatchers.provisionGate.isLocked(id);
    const claimed = this.#begin(id, options);
    if (!waits) {
      await claimed;
      return 'started';
    }
    claimed.catch((error: unknown) => this.#tell(id, error));
    return 'queued';
  }

  /** Begins a cycle. Resolves when the workspace is claimed for its first restart. */
  #begin(id: string, options: RestartOptions): Promise<void> {
    const cycle: Cycle = { pending: options };
    this.#cycles.set(id, cycle);
    return new Promise((resolve, reject) => {
      // Its first restart is somebody's who waits, unless they know already; of the others the log tells.
      let isTold = false;
      const onClaimed = (): void => {
        isTold = true;
        resolve();
      };
      const onError = (error: unknown): void => {
        if (isTold) this.#tell(id, error);
        else reject(error);
        isTold = true;
      };
      this.#supervisor.spawn('restart', () => this.#runRestartCycle(id, cycle, onClaimed, onError));
    });
  }

  async #runRestartCycle(
    id: string,
    cycle: Cycle,
    onClaimed: () => void,
    onError: (error: unknown) => void,
  ): Promise<void> {
    try {
      while (cycle.pending) {
        const options = cycle.pending;
        cycle.pending = undefined;
        try {
          await this.#restart(id, options, onClaimed);
        } catch (error) {
          onError(error);
        }
      }
    } finally {
      this.#cycles.delete(id);
    }
  }

  async #restart(id: string, options: RestartOptions, onClaimed: () => void): Promise<void> {
    using _gate = await this.#dispatchers.provisionGate.acquire(id);
    const claim = await this.#claims.take(id, RESTARTABLE, STATUS.provisioning);
    onClaimed();
    await this.#dispatchers.restartWorkspaceAutoSyncLocked(claim, options);
  }

  #tell(id: string, error: unknown): void {
    this.#logger.warn('Workspace not restarted', { workspace_id: id, error });
  }
}
