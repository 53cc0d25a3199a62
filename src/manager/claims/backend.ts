import { randomUUID } from 'node:crypto';
import { Mutex } from '../../locks/index.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type Logger, silentLogger } from '../obs/log.ts';
import { silentMetrics } from '../obs/metrics.ts';
import { Claims } from './claims.ts';
import { type ClientId, canonicalClientId, parseClientId } from './client-id.ts';
import type { Presence } from './client-table.ts';
import { runDetached } from './detached.ts';
import { Ending } from './ending.ts';
import {
  ClientNotAttachedError,
  ClientRetiredError,
  PathRequiredError,
  ServerNotIdleError,
  ServerShuttingDownError,
  WorkspaceNotFoundError,
} from './errors.ts';
import { ServerExit } from './exit.ts';
import type { Lane } from './lane.ts';
import { type Closing, OpenWorkspaces } from './open-workspaces.ts';
import { type Create, Opening } from './opening.ts';
import {
  type BackendOptions,
  type CreateArgs,
  type Created,
  type CreateOptions,
  checkedDelay,
  DEFAULT_CREATE_GRACE_MS,
  DEFAULT_DETACH_GRACE_MS,
  DEFAULT_IDLE_SHUTDOWN_DELAY_MS,
} from './options.ts';
import { MemoryPathIndex } from './path-index.ts';
import { resolveWorkspaceKey } from './path-key.ts';
import { reportDifferences } from './report.ts';
import { RetiredClients } from './retired.ts';
import { describeWorkspace, type Workspace, type WorkspaceInfo } from './workspace.ts';

/**
 * Workspaces shared by many clients: one per directory, open as long as a client has a claim on it.
 *
 * A create gives the client a claim for a grace period, in which it is to attach its event stream; an attached
 * client keeps its claim until its last stream ends, and for a shorter grace period in which it may come back. With
 * its last claim the workspace shuts down, and some time after the last workspace the server.
 *
 * Locks: `Backend.mu`, then `Workspace.clientsMu`. What takes long or belongs to others (builders, shutdown
 * hooks, loggers) runs with neither.
 *
 * @typeParam Config - What the builder makes of a workspace.
 */
export class Backend<Config = unknown> {
  /**
   * Guards which workspaces are open and which keys are taken. First in the order.
   *
   * Its sections do suspend, at the path index and at `clientsMu`, and must nevertheless be one step for everyone
   * else: a lookup and the claim that follows from it (else a teardown fits in between, and the client is left
   * with a claim on a workspace that is gone); finding a key free and taking it (else it is built twice); counting
   * no claims and unpublishing.
   *
   * @internal
   */
  readonly mu = new Mutex({ name: 'Backend.mu' });

  /** Looked at by anybody, and changed by whoever holds `mu`: its methods say so. */
  readonly #workspaces: OpenWorkspaces<Config>;
  /**
   * Creates that have neither a claim nor an error yet: they keep the server from exiting under them.
   * @guardedBy mu
   */
  readonly #pending = new Set<Create>();
  /** @guardedBy mu */
  readonly #exit: ServerExit;
  /** @guardedBy mu */
  readonly #retired = new RetiredClients();
  /** @guardedBy mu */
  readonly #graces: { createMs: number };

  readonly #opening: Opening<Config>;
  readonly #ending: Ending<Config>;
  readonly #claims: Claims<Config>;
  readonly #version: string;
  readonly #clock: Clock;
  readonly #logger: Logger;

  /** @throws RangeError if a time is no delay a timer can have. */
  constructor(options: BackendOptions<Config>) {
    const { createGraceMs = DEFAULT_CREATE_GRACE_MS, detachGraceMs = DEFAULT_DETACH_GRACE_MS } = options;
    const { idleShutdownDelayMs = DEFAULT_IDLE_SHUTDOWN_DELAY_MS } = options;
    this.#version = options.version ?? '';
    this.#graces = { createMs: checkedDelay('createGraceMs', createGraceMs) };
    this.#workspaces = new OpenWorkspaces(options.index ?? new MemoryPathIndex());
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#exit = new ServerExit(
      { workspaces: this.#workspaces, pending: this.#pending },
      this.#clock,
      idleShutdownDelayMs === Infinity ? Infinity : checkedDelay('idleShutdownDelayMs', idleShutdownDelayMs),
      (timer) => runDetached(this.#logger, 'Idle shutdown failed', () => this.#ending.lingered(timer)),
    );
    this.#ending = new Ending(this.mu, {
      workspaces: this.#workspaces,
      pending: this.#pending,
      exit: this.#exit,
      shutdownServer: options.shutdownServer,
      clock: this.#clock,
      logger: this.#logger,
    });
    this.#claims = new Claims(this.#ending, this.#logger, checkedDelay('detachGraceMs', detachGraceMs));
    this.#opening = new Opening(this.#claims, this.#ending, {
      mu: this.mu,
      workspaces: this.#workspaces,
      pending: this.#pending,
      exit: this.#exit,
      retired: this.#retired,
      graces: this.#graces,
      build: options.build,
      clock: this.#clock,
      logger: this.#logger,
    });
    const { metrics = silentMetrics } = options;
    metrics.gauge('ws_manager_workspaces', undefined, () => this.#workspaces.list().length);
    metrics.gauge('ws_manager_streams', undefined, () => {
      return this.#workspaces.list().reduce((sum, { clients }) => sum + clients.streams, 0);
    });
  }

  /**
   * Opens the workspace of a directory, or joins it if it is open, and gives the client a claim on it that lasts
   * for the grace period.
   *
   * Parallel creates of one directory share one build and its failure. A create that finds the directory's last
   * workspace still shutting down waits for the end of that first.
   *
   * @throws {@link PathRequiredError}, {@link InvalidClientIdError}, {@link PathResolutionError} for the
   * arguments, looked at in this order.
   * @throws {@link WorkspaceBuildError} if the builder fails.
   * @throws {@link ServerShuttingDownError} after the decision to exit.
   * @throws {@link ClientRetiredError}; {@link ChannelOptInMismatchError} if the directory is open with other channels
   * than the client asks for.
   * @throws The reason of `options.signal`. The others who wait for the same directory are not affected.
   */
  async createWorkspace(args: CreateArgs, options: CreateOptions = {}): Promise<Created<Config>> {
    if (args.path === '') throw new PathRequiredError();
    const clientId = parseClientId(args.clientId);
    const resolvedPath = await resolveWorkspaceKey(args.path);
    const { path, yolo = false, debug = false, dataDir = '', env = [], channels } = args;
    const settings = { yolo, debug, dataDir, env: [...env], channels: channels && [...channels] };
    const request = { id: randomUUID(), path, resolvedPath, ...settings };
    const create: Create = { clientId, request };

    let workspace: Workspace<Config>;
    try {
      workspace = await this.#opening.open(create, options.signal);
    } finally {
      await this.#ending.settle(create);
    }
    const versions = { client: args.version ?? '', server: this.#version };
    if (reportDifferences(this.#logger, workspace, request, versions)) {
      const message = `Client version ${versions.client} differs from server version ${versions.server}`;
      runDetached(this.#logger, 'Workspace warning failed', () => workspace.warn(message));
    }
    return { workspace, info: this.describe(workspace) };
  }

  /** The open workspace with this id. @throws {@link WorkspaceNotFoundError} */
  getWorkspace(id: string): Workspace<Config> {
    const workspace = this.#workspaces.get(id);
    if (!workspace) throw new WorkspaceNotFoundError(id);
    return workspace;
  }

  /** All open workspaces, the oldest first. */
  listWorkspaces(): Workspace<Config>[] {
    return this.#workspaces.list();
  }

  /** The workspace as clients see it. */
  describe(workspace: Workspace<Config>): WorkspaceInfo<Config> {
    return describeWorkspace(workspace, this.#version);
  }

  /**
   * Counts one more event stream of the client. Its claim now lasts as long as its streams.
   *
   * A client that has not created the workspace before may attach too.
   *
   * @throws {@link InvalidClientIdError} {@link ClientRetiredError} {@link WorkspaceNotFoundError}
   */
  async attachClient(workspaceId: string, clientId: string): Promise<void> {
    const client = parseClientId(clientId);
    // Looking up and attaching are one section of `mu`: a teardown comes before both, and is reported, or after
    // both, and finds the claim.
    using _mu = await this.mu.acquire();
    if (this.#retired.has(client)) throw new ClientRetiredError();
    const workspace = this.getWorkspace(workspaceId);
    using _clients = await workspace.clientsMu.acquire();
    workspace.clients.attach(client);
  }

  /**
   * Counts one event stream of the client less. Its last stream leaves it a claim for a grace period, unless it has
   * given that up ({@link Backend.deleteWorkspace}); without one the claim ends, and with the last claim the
   * workspace, whose shutdown this waits for.
   *
   * Made for `finally`: an unknown workspace or client is no error.
   */
  async detachClient(workspaceId: string, clientId: string): Promise<void> {
    const workspace = this.#workspaces.get(workspaceId);
    const client = canonicalClientId(clientId);
    if (!workspace || client === undefined) return;

    await this.#claims.detach(workspace, client);
  }

  /**
   * Gives up the client's claim, if it has not attached: a client that attached keeps its claim until its last
   * stream ends, but not for longer. Idempotent; an unknown workspace or client is no error.
   *
   * @throws {@link InvalidClientIdError}
   */
  async deleteWorkspace(workspaceId: string, clientId: string): Promise<void> {
    const client = parseClientId(clientId);
    const workspace = this.#workspaces.get(workspaceId);
    if (!workspace) return;

    await this.#claims.release(workspace, client);
  }

  /**
   * Takes a client for gone for good: all its claims end, whatever streams it has, and it gets no more. Waits for the
   * shutdowns that follow. Idempotent.
   *
   * @throws {@link InvalidClientIdError}
   */
  async retireClient(clientId: string): Promise<void> {
    const client = parseClientId(clientId);
    let workspaces: Workspace<Config>[];
    {
      using _mu = await this.mu.acquire();
      // From here on nobody can give it a claim, so that these are all the workspaces where it may have one.
      this.#retired.add(client);
      workspaces = this.listWorkspaces();
    }
    await Promise.all(workspaces.map((workspace) => this.#claims.retire(workspace, client)));
  }

  /**
   * Says what the client is looking at.
   *
   * @param sessionId - `undefined`: nothing.
   * @throws {@link InvalidClientIdError} {@link WorkspaceNotFoundError}; {@link ClientNotAttachedError} if it has no
   * stream open.
   */
  async setCurrentSession(
    workspaceId: string,
    clientId: string,
    sessionId: string | undefined,
  ): Promise<void> {
    const client = parseClientId(clientId);
    const workspace = this.getWorkspace(workspaceId);
    using _clients = await workspace.clientsMu.acquire();
    if (!workspace.clients.setCurrentSession(client, sessionId)) throw new ClientNotAttachedError();
  }

  /** The clients that have streams open, and what they are looking at. @throws {@link WorkspaceNotFoundError} */
  async attachedClients(workspaceId: string): Promise<Presence[]> {
    const workspace = this.getWorkspace(workspaceId);
    using _clients = await workspace.clientsMu.acquire();
    return workspace.clients.present();
  }

  /**
   * Starts the end of the server, whoever may still be attached: creates are refused from here on, and the
   * `shutdownServer` hook is called. A server calls {@link Backend.close} from there.
   */
  async shutdown(): Promise<void> {
    let first: boolean;
    {
      using _mu = await this.mu.acquire();
      first = this.#exit.close();
    }
    if (first) this.#ending.callShutdownServer();
  }

  /**
   * Starts the end of the server, without lingering, if it has nothing to do; the one shutdown that clients may ask for.
   *
   * @throws {@link ServerNotIdleError}
   */
  async shutdownIfIdle(): Promise<void> {
    let first: boolean;
    {
      using _mu = await this.mu.acquire();
      if (!this.#exit.isIdle) throw new ServerNotIdleError();
      first = this.#exit.close();
    }
    if (first) this.#ending.callShutdownServer();
  }

  /**
   * Closes every workspace, claimed or not, aborts the builds on their way, and waits until all are gone. Creates
   * are refused from here on. The `shutdownServer` hook is not called, and may call this.
   */
  async close(): Promise<void> {
    const closings: Closing<Config>[] = [];
    let lanes: Lane[];
    {
      using _mu = await this.mu.acquire();
      this.#exit.close();
      for (const workspace of this.listWorkspaces()) {
        {
          using _clients = await workspace.clientsMu.acquire();
          workspace.clients.clear();
        }
        closings.push(await this.#workspaces.unpublish(workspace));
      }
      lanes = this.#workspaces.lanes;
    }
    for (const lane of lanes) lane.abort(new ServerShuttingDownError());
    await Promise.all(closings.map((closing) => this.#ending.shutDown(closing)));
    await Promise.all(lanes.map((lane) => lane.ended));
  }

  /** {@link Backend.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Changes the grace period of the creates to come, in milliseconds.
   *
   * @testOnly
   * @throws RangeError if it is no delay a timer can have.
   */
  async setCreateGrace(ms: number): Promise<void> {
    const grace = checkedDelay('createGraceMs', ms);
    using _mu = await this.mu.acquire();
    this.#graces.createMs = grace;
  }

  /**
   * Gives the client a claim that lasts `graceMs`, or as long as the streams that it has. The grace period is an
   * argument because reading it takes `mu`, which is not this method's business.
   *
   * @internal
   */
  async registerClient(workspace: Workspace<Config>, clientId: ClientId, graceMs: number): Promise<void> {
    await this.#claims.register(workspace, clientId, graceMs);
  }
}
