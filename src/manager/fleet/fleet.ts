import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../clock.ts';
import { type Logger, silentLogger } from '../obs/log.ts';
import { silentMetrics } from '../obs/metrics.ts';
import { silentProvisionLog } from '../obs/provlog.ts';
import { Supervisor } from '../obs/supervise.ts';
import type { Db } from '../store/db.ts';
import { isUniqueViolation } from '../store/errors.ts';
import { DEFAULT_CLAIM_TTL_MS, type FleetClaim, FleetClaims } from './claims.ts';
import { knownTier } from './default-tier.ts';
import { detached } from './detached.ts';
import { Dispatchers, type RestartOptions } from './dispatchers.ts';
import { FleetClosedError, FleetNameTakenError, FleetNotFoundError, FleetStatusError } from './errors.ts';
import { checkStorable, completed, validName, type WorkspaceInput } from './input.ts';
import { Keeper } from './keeper.ts';
import {
  DEFAULT_PACING_MS,
  DEFAULT_PROVISION_CONCURRENCY,
  DEFAULT_TIMEOUTS,
  type FleetOptions,
} from './options.ts';
import { type ImportedWorkspace, OrgImport, type TreeNode } from './org-import.ts';
import { outcomeOf, type TreeOutcome, treeOutcome } from './outcome.ts';
import { type RestartRequest, Restarts } from './restarts.ts';
import { FleetRows } from './rows.ts';
import { Slots } from './slots.ts';
import { PAUSABLE, RESUMABLE, STATUS, type WorkspaceStatus } from './status.ts';
import { StatusFeed, type StatusListener } from './status-feed.ts';
import type { FleetWorkspace, NewWorkspace } from './workspace-row.ts';

const PAUSE_BOUND_MS = 60_000;
const RESUME_BOUND_MS = 30_000;
const REMOVE_BOUND_MS = 60_000;
const NAMES_TRIED = 20;
const NAME_INDEX = 'workspaces_parent_name_key';

/**
 * A fleet of workspaces, each with a row in the database and an instance on a backend. Any number of managers may work
 * on one database.
 *
 * Nothing here takes the signal of a request: what has been asked for is done, whether the one who asked waits or not.
 *
 * Locks: `Dispatchers.provisionGate` of the workspace. Managers exclude each other by claims in the row, which nobody
 * waits for.
 */
export class Fleet implements AsyncDisposable {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #supervisor: Supervisor;
  readonly #feed: StatusFeed;
  readonly #rows: FleetRows;
  readonly #claims: FleetClaims;
  readonly #dispatchers: Dispatchers;
  readonly #restarts: Restarts;
  readonly #import: OrgImport;
  readonly #keeper: Keeper;

  constructor(options: FleetOptions) {
    const {
      db,
      backends = {},
      claimTtlMs: ttlMs = DEFAULT_CLAIM_TTL_MS,
      provisionConcurrency = DEFAULT_PROVISION_CONCURRENCY,
      pacingMs = DEFAULT_PACING_MS,
      clock = systemClock,
      logger = silentLogger,
      metrics = silentMetrics,
      provisionLog = silentProvisionLog,
    } = options;
    const supervisor = new Supervisor({ clock, logger, metrics });
    const rows = new FleetRows(db);
    const feed = new StatusFeed(logger);
    const slots = new Slots(provisionConcurrency);
    const claims = new FleetClaims({ db, rows, feed, supervisor, clock, logger, ttlMs });
    const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    const shared = { rows, claims, supervisor, clock, logger, metrics, provisionLog, feed, slots };
    const dispatchers = new Dispatchers({ ...shared, backends, timeouts });
    this.#db = db;
    this.#clock = clock;
    this.#logger = logger;
    this.#supervisor = supervisor;
    this.#feed = feed;
    this.#rows = rows;
    this.#claims = claims;
    this.#dispatchers = dispatchers;
    this.#restarts = new Restarts({ ...shared, dispatchers });
    this.#import = new OrgImport({ ...shared, dispatchers, pacingMs });
    this.#keeper = new Keeper({ ...shared, dispatchers });
  }

  /** What starts and stops instances. */
  get dispatchers(): Dispatchers {
    return this.#dispatchers;
  }

  /** Brings rows and instances together: after a crash, and from then on. */
  async start(): Promise<void> {
    // A database in this process has no other manager: who had a claim is dead.
    if (this.#db.kind === 'pglite') await this.#rows.dropClaims();
    this.#keeper.start(this.#supervisor);
  }

  /** Starts again what was left behind while it was started. Part of what {@link Fleet.start} keeps doing. */
  recover(): ReturnType<Keeper['recover']> {
    return this.#keeper.recover();
  }

  /** Stops instances that were left behind, and looks at the others. Part of what {@link Fleet.start} keeps doing. */
  sweep(): ReturnType<Keeper['sweep']> {
    return this.#keeper.sweep();
  }

  /** Tells of every status that this manager writes. */
  subscribe(listener: StatusListener): Disposable {
    return this.#feed.subscribe(listener);
  }

  /** A workspace that has not been removed. @throws `FleetNotFoundError` */
  get(id: string): Promise<FleetWorkspace> {
    return this.#rows.get(id);
  }

  /** All workspaces that have not been removed, oldest first. */
  list(): Promise<FleetWorkspace[]> {
    return this.#rows.list();
  }

  /** Notes that the agent of a workspace is alive. @throws `FleetNotFoundError` */
  heartbeat(id: string): Promise<void> {
    return this.#rows.heartbeat(id);
  }

  /**
   * Enters a workspace and starts it in the background. If its parent has one of this name, it is called `name (2)`,
   * or by the next number that is free, up to 20.
   *
   * @throws `FleetInvalidError`, `FleetNameTakenError`, or `FleetNotFoundError` for the parent.
   */
  async create(
    input: WorkspaceInput & { readonly parentId?: string | null | undefined },
  ): Promise<FleetWorkspace> {
    this.#checkOpen();
    const { parentId = null } = input;
    const workspace = { id: randomUUID(), parentId, ...completed(input, this.#dispatchers.defaultTier()) };
    const claim = await this.#dispatchers.provisionWorkspaceAutoClaiming(workspace.id, () =>
      this.#enter(workspace),
    );
    if (!claim) throw new FleetNameTakenError(workspace.name);
    return claim.workspace;
  }

  /** Changes what is given; instances learn of it with their next start. @throws as {@link Fleet.create} does. */
  async update(
    id: string,
    changes: Partial<Pick<WorkspaceInput, 'name' | 'model' | 'tier' | 'config'>>,
  ): Promise<FleetWorkspace> {
    const { name, model, tier, config } = changes;
    checkStorable({ model, config });
    try {
      return await this.#rows.change(id, {
        ...(name === undefined ? {} : { name: validName(name) }),
        ...(model ? { model } : {}),
        ...(tier === undefined ? {} : { tier: knownTier(tier) }),
        ...(config === undefined ? {} : { config }),
      });
    } catch (error) {
      if (!isUniqueViolation(error, NAME_INDEX)) throw error;
      throw new FleetNameTakenError(name ?? '', { cause: error });
    }
  }

  /** Imports trees of workspaces, see {@link OrgImport}. */
  importTrees(roots: readonly TreeNode[], parentId: string | null = null): Promise<ImportedWorkspace[]> {
    this.#checkOpen();
    return new Promise((resolve, reject) => {
      this.#supervisor.spawn('import', () => this.#import.importTrees(roots, parentId).then(resolve, reject));
    });
  }

  /**
   * Restarts a workspace in the background.
   *
   * @throws `FleetNotFoundError`, `FleetStatusError` or `FleetBusyError`.
   */
  async restart(id: string, options: RestartOptions = {}): Promise<RestartRequest> {
    this.#checkOpen();
    await this.#rows.get(id);
    return await this.#restarts.request(id, options);
  }

  /**
   * Stops a workspace and those below it until they are resumed. One that could not be stopped keeps its status.
   *
   * @throws `FleetNotFoundError` or `FleetStatusError`, for the workspace itself.
   */
  async pause(id: string): Promise<TreeOutcome> {
    const tree = await this.#treeOf(id, PAUSABLE);
    return treeOutcome(
      await Promise.all(
        tree.map((workspace) =>
          outcomeOf(workspace, () =>
            detached(this.#background, 'pause', PAUSE_BOUND_MS, (signal) =>
              this.#pause(workspace.id, signal),
            ),
          ),
        ),
      ),
    );
  }

  /** Starts a workspace that is paused, and those below it that are. @throws as {@link Fleet.pause} does. */
  async resume(id: string): Promise<TreeOutcome> {
    const tree = await this.#treeOf(id, RESUMABLE);
    return treeOutcome(
      await Promise.all(
        tree.map((workspace) =>
          outcomeOf(workspace, () =>
            detached(this.#background, 'resume', RESUME_BOUND_MS, () => this.#resume(workspace.id)),
          ),
        ),
      ),
    );
  }

  /**
   * Removes a workspace and those below it, and stops their instances. Removed they are in any case; what could not be
   * stopped is written down, and left to the sweeper.
   *
   * @throws `FleetNotFoundError`
   */
  async remove(id: string): Promise<TreeOutcome> {
    this.#checkOpen();
    const removed = await this.#rows.remove(id);
    if (removed.length === 0) throw new FleetNotFoundError(id);
    for (const workspace of removed) {
      this.#claims.revoke(workspace.id);
      this.#feed.publish({ workspaceId: workspace.id, status: workspace.status });
    }
    return treeOutcome(
      await Promise.all(
        removed.map((workspace) =>
          outcomeOf(workspace, () =>
            detached(this.#background, 'remove', REMOVE_BOUND_MS, () => this.#terminate(workspace.id)),
          ),
        ),
      ),
    );
  }

  /** Ends the background work and waits for it. Instances keep running. Idempotent. */
  async close(): Promise<void> {
    await this.#supervisor.close();
  }

  /** {@link Fleet.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #background(): { supervisor: Supervisor; clock: Clock } {
    return { supervisor: this.#supervisor, clock: this.#clock };
  }

  #checkOpen(): void {
    if (this.#supervisor.signal.aborted) throw new FleetClosedError();
  }

  async #treeOf(id: string, allowed: readonly WorkspaceStatus[]): Promise<FleetWorkspace[]> {
    this.#checkOpen();
    const { status } = await this.#rows.get(id);
    if (!allowed.includes(status)) throw new FleetStatusError(id, status, allowed);
    return await this.#rows.subtree(id);
  }

  /** Under the first name that is free. */
  async #enter(workspace: NewWorkspace): Promise<FleetClaim | undefined> {
    for (let n = 1; n <= NAMES_TRIED; n++) {
      const name = n === 1 ? workspace.name : `${workspace.name} (${n})`;
      const claim = await this.#claims.insert({ ...workspace, name });
      if (claim) return claim;
    }
    return undefined;
  }

  /** The claim says paused from the start: of one that is interrupted, the sweeper stops the instance. */
  async #pause(id: string, signal: AbortSignal): Promise<void> {
    using _gate = await this.#dispatchers.provisionGate.acquire(id, { signal });
    using claim = await this.#claims.take(id, PAUSABLE, STATUS.paused);
    try {
      await this.#dispatchers.stopWorkspaceAuto(id);
    } catch (error) {
      await claim.settle({
        status: claim.previousStatus,
        lastError: error instanceof Error ? error.message : String(error),
      });
      throw error;
    }
    if (!(await claim.settle({ status: STATUS.paused, instanceId: null }))) throw new FleetNotFoundError(id);
  }

  async #resume(id: string): Promise<void> {
    const claim = await this.#claims.take(id, RESUMABLE, STATUS.provisioning);
    if (!this.#dispatchers.provisionWorkspaceAuto(claim))
      throw new Error('there is no backend to start it on');
  }

  async #terminate(id: string): Promise<void> {
    using _gate = await this.#dispatchers.provisionGate.acquire(id);
    try {
      await this.#dispatchers.stopWorkspaceAutoWithRetry(id);
    } catch (error) {
      this.#logger.error('LEAK-SUSPECT: instance of a removed workspace not stopped', {
        workspace_id: id,
        error,
      });
      await this.#rows.audit(id, 'workspace.delete.terminate_retry_exhausted', {
        error: error instanceof Error ? error.message : String(error),
      });
      throw error;
    }
  }
}
