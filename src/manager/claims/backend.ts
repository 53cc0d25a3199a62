import { randomUUID } from 'node:crypto';
import { Mutex } from '../../locks/index.ts';
import { type Clock, systemClock, type TimerHandle } from '../clock.ts';
import { type Logger, silentLogger } from '../obs/log.ts';
import { silentMetrics } from '../obs/metrics.ts';
import { type BuildRequest, type BuildWorkspace, runBuilder } from './build.ts';
import { type ClientId, canonicalClientId, parseClientId } from './client-id.ts';
import type { ClientState, Hold, Presence } from './client-table.ts';
import {
  ChannelOptInMismatchError,
  ClientNotAttachedError,
  ClientRetiredError,
  PathRequiredError,
  ServerNotIdleError,
  ServerShuttingDownError,
  WorkspaceNotFoundError,
} from './errors.ts';
import { ServerExit } from './exit.ts';
import { channelsDiffer } from './first-wins.ts';
import type { Lane } from './lane.ts';
import { type Closing, OpenWorkspaces } from './open-workspaces.ts';
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

  /** @guardedBy mu, but for a single look */
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
  #createGraceMs: number;

  readonly #build: BuildWorkspace<Config>;
  readonly #shutdownServer: (() => void | Promise<void>) | undefined;
  readonly #detachGraceMs: number;
  readonly #version: string;
  readonly #clock: Clock;
  readonly #logger: Logger;

  /** @throws RangeError if a time is no delay a timer can have. */
  constructor(options: BackendOptions<Config>) {
    const { createGraceMs = DEFAULT_CREATE_GRACE_MS, detachGraceMs = DEFAULT_DETACH_GRACE_MS } = options;
    const { idleShutdownDelayMs = DEFAULT_IDLE_SHUTDOWN_DELAY_MS } = options;
    this.#build = options.build;
    this.#shutdownServer = options.shutdownServer;
    this.#version = options.version ?? '';
    this.#createGraceMs = checkedDelay('createGraceMs', createGraceMs);
    this.#detachGraceMs = checkedDelay('detachGraceMs', detachGraceMs);
    this.#workspaces = new OpenWorkspaces(options.index ?? new MemoryPathIndex());
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#exit = new ServerExit({
      clock: this.#clock,
      delayMs: checkedDelay('idleShutdownDelayMs', idleShutdownDelayMs),
      isIdle: () => this.#workspaces.isEmpty && this.#pending.size === 0,
      onLingered: (timer) => this.#supervise('Idle shutdown failed', () => this.#endLinger(timer)),
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
      workspace = await this.#joinOrBuild(create, options.signal);
    } finally {
      await this.#settle(create);
    }
    const versions = { client: args.version ?? '', server: this.#version };
    if (reportDifferences(this.#logger, workspace, request, versions)) {
      const message = `Client version ${versions.client} differs from server version ${versions.server}`;
      this.#supervise('Workspace warning failed', () => workspace.warn(message));
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

    let unclaimed: boolean;
    {
      using _clients = await workspace.clientsMu.acquire();
      unclaimed = workspace.clients.detach(client, this.#holdOf(workspace, client, this.#detachGraceMs));
    }
    // Only now: teardown takes `mu` first, and a create that holds `mu` may be waiting for `clientsMu`.
    if (unclaimed) await this.teardown(workspace);
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

    let unclaimed: boolean;
    {
      using _clients = await workspace.clientsMu.acquire();
      unclaimed = workspace.clients.release(client);
    }
    if (unclaimed) await this.teardown(workspace);
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
    await Promise.all(workspaces.map((workspace) => this.#retireFrom(workspace, client)));
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
   * Closes `workspace` if it is open and nobody has a claim on it, and waits for its shutdown.
   *
   * Whoever ended the last claim calls this, but with no lock held, so that by now a client may have come (then
   * there is nothing to do) or come and gone, with a teardown of its own (then one of the two has nothing to do).
   * Both are decided again here, under both locks.
   *
   * @internal
   */
  async teardown(workspace: Workspace<Config>): Promise<void> {
    let closing: Closing<Config>;
    {
      using _mu = await this.mu.acquire();
      if (!this.#workspaces.has(workspace)) return;
      {
        using _clients = await workspace.clientsMu.acquire();
        if (workspace.clients.size > 0) return;
      }
      // Without `clientsMu` from here: a new claim needs `mu`.
      closing = await this.#workspaces.unpublish(workspace);
    }
    await this.#shutDown(closing);
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
    if (first) this.#callShutdownServer();
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
      if (!this.#workspaces.isEmpty || this.#pending.size > 0) throw new ServerNotIdleError();
      first = this.#exit.close();
    }
    if (first) this.#callShutdownServer();
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
    await Promise.all(closings.map((closing) => this.#shutDown(closing)));
    await Promise.all(lanes.map((lane) => lane.vacated));
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
    this.#createGraceMs = grace;
  }

  /**
   * Gives the client a claim that lasts `graceMs`, or as long as the streams that it has. The grace period is an argument because
   * reading it takes `mu`, which is not this method's business.
   *
   * @internal
   */
  async registerClient(workspace: Workspace<Config>, clientId: ClientId, graceMs: number): Promise<void> {
    using _clients = await workspace.clientsMu.acquire();
    workspace.clients.hold(clientId, this.#holdOf(workspace, clientId, graceMs));
  }

  #holdOf(workspace: Workspace<Config>, clientId: ClientId, graceMs: number): Hold {
    return {
      graceMs,
      onExpiry: (claim) => {
        this.#supervise('Hold expiry failed', () => this.#expireHold(workspace, clientId, claim));
      },
    };
  }

  async #expireHold(workspace: Workspace<Config>, clientId: ClientId, claim: ClientState): Promise<void> {
    let unclaimed: boolean;
    {
      using _clients = await workspace.clientsMu.acquire();
      unclaimed = workspace.clients.expire(clientId, claim);
    }
    if (unclaimed) await this.teardown(workspace);
  }

  async #retireFrom(workspace: Workspace<Config>, clientId: ClientId): Promise<void> {
    let unclaimed: boolean;
    {
      using _clients = await workspace.clientsMu.acquire();
      unclaimed = workspace.clients.retire(clientId);
    }
    if (unclaimed) await this.teardown(workspace);
  }

  async #joinOrBuild(create: Create, signal: AbortSignal | undefined): Promise<Workspace<Config>> {
    for (;;) {
      const turn = await this.#takeTurn(create, signal);
      switch (turn.kind) {
        case 'joined':
          return turn.workspace;
        case 'wait':
          await turn.lane.wait(signal);
          break;
        case 'build':
          return await this.#buildAndPublish(create, turn.lane, signal);
      }
    }
  }

  async #takeTurn(create: Create, signal: AbortSignal | undefined): Promise<Turn<Config>> {
    const key = create.request.resolvedPath;
    using _mu = await this.mu.acquire({ signal });
    this.#admit(create);
    this.#pending.add(create);
    this.#exit.stay();

    const workspace = await this.#join(create);
    if (workspace) return { kind: 'joined', workspace };

    const taken = this.#workspaces.laneOf(key);
    if (taken) return { kind: 'wait', lane: taken };
    return { kind: 'build', lane: this.#workspaces.take(key) };
  }

  /**
   * Whether the client of `create` may have a claim: asked before every one, since a build takes long.
   *
   * @requiresLock Backend.mu
   */
  #admit({ clientId }: Create): void {
    if (this.#exit.closing) throw new ServerShuttingDownError();
    if (this.#retired.has(clientId)) throw new ClientRetiredError();
  }

  /**
   * Gives the client of `create` a claim on the workspace that is open at its key, if one is.
   *
   * @requiresLock Backend.mu
   */
  async #join({ clientId, request }: Create): Promise<Workspace<Config> | undefined> {
    const workspace = await this.#workspaces.at(request.resolvedPath);
    if (!workspace) return undefined;
    if (channelsDiffer(workspace.settings, request)) throw new ChannelOptInMismatchError();
    await this.registerClient(workspace, clientId, this.#createGraceMs);
    return workspace;
  }

  async #buildAndPublish(
    create: Create,
    lane: Lane,
    signal: AbortSignal | undefined,
  ): Promise<Workspace<Config>> {
    const cancel = (): void => lane.abort(signal?.reason);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      signal?.throwIfAborted();
      const tools = { signal: lane.signal, clock: this.#clock, logger: this.#logger };
      const workspace = await runBuilder(this.#build, create.request, tools);
      return await this.#publish(create, workspace, lane.signal);
    } catch (error) {
      // A caller who gives up, or may not have what is built, fails alone: the next in the lane builds.
      if (!signal?.aborted && !isOwnFailure(error)) lane.failure = { error };
      throw error;
    } finally {
      signal?.removeEventListener('abort', cancel);
      await this.#vacate(create.request.resolvedPath, lane);
    }
  }

  /** Opens `fresh`, with the claim of its creator, or shuts it down if it has become superfluous. */
  async #publish(create: Create, fresh: Workspace<Config>, signal: AbortSignal): Promise<Workspace<Config>> {
    let published = false;
    try {
      using _mu = await this.mu.acquire();
      this.#admit(create);
      signal.throwIfAborted();
      // The lane keeps other builds away, but the index is not ours alone: while `mu` was free, the embedder may
      // have entered the key as another name of an open workspace.
      const winner = await this.#join(create);
      if (winner) return winner;
      await this.#workspaces.enter(fresh);
      await this.registerClient(fresh, create.clientId, this.#createGraceMs);
      this.#workspaces.open(fresh);
      published = true;
      return fresh;
    } finally {
      if (!published) await fresh.shutdown();
    }
  }

  async #shutDown({ workspace, lane, indexError }: Closing<Config>): Promise<void> {
    const fields = { workspace_id: workspace.id, path: workspace.path };
    try {
      if (indexError !== undefined) {
        this.#logger.warn('Workspace not removed from the path index', { ...fields, error: indexError });
      }
      const start = this.#clock.now();
      await workspace.shutdown();
      this.#logger.debug('Workspace closed', { ...fields, shutdown_ms: this.#clock.now() - start });
    } finally {
      await this.#vacate(workspace.resolvedPath, lane);
    }
  }

  /** Ends `lane`. */
  async #vacate(key: string, lane: Lane): Promise<void> {
    let exit: boolean;
    {
      using _mu = await this.mu.acquire();
      this.#workspaces.giveBack(key, lane);
      exit = this.#decideToExit();
    }
    lane.vacate();
    if (exit) this.#exitIdle();
  }

  /** Ends the pending state of `create`, which may have been all that kept an idle server from exiting. */
  async #settle(create: Create): Promise<void> {
    let exit: boolean;
    {
      using _mu = await this.mu.acquire();
      this.#pending.delete(create);
      exit = this.#decideToExit();
    }
    if (exit) this.#exitIdle();
  }

  async #endLinger(timer: TimerHandle): Promise<void> {
    let exit: boolean;
    {
      using _mu = await this.mu.acquire();
      exit = this.#exit.lingered(timer);
    }
    if (exit) this.#exitIdle();
  }

  /**
   * Whether the server exits now, since it has nothing left to do. If it lingers, it may later.
   *
   * @requiresLock Backend.mu
   */
  #decideToExit(): boolean {
    return this.#shutdownServer !== undefined && this.#exit.reconsider();
  }

  #exitIdle(): void {
    this.#logger.info('Last workspace removed, shutting down server...');
    this.#callShutdownServer();
  }

  #callShutdownServer(): void {
    const shutdownServer = this.#shutdownServer;
    // Not awaited: a server waits for its open requests, and one of them may be the one that got us here.
    if (shutdownServer) this.#supervise('Server shutdown failed', shutdownServer);
  }

  /** Runs a task that nobody waits for. */
  #supervise(failure: string, task: () => void | Promise<void>): void {
    const run = async (): Promise<void> => {
      try {
        await task();
      } catch (error) {
        this.#logger.error(failure, { error });
      }
    };
    void run();
  }
}

/** A create on its way. */
interface Create {
  readonly clientId: ClientId;
  /** What to build if the workspace is not open. */
  readonly request: BuildRequest;
}

/** What a create has to do next. */
type Turn<Config> =
  | { readonly kind: 'joined'; readonly workspace: Workspace<Config> }
  | { readonly kind: 'wait'; readonly lane: Lane }
  | { readonly kind: 'build'; readonly lane: Lane };

/** Whether a failure to publish is that of the client that asked, and says nothing about the workspace. */
function isOwnFailure(error: unknown): boolean {
  return error instanceof ClientRetiredError || error instanceof ChannelOptInMismatchError;
}
