import { randomUUID } from 'node:crypto';
import { Mutex } from '../../locks/index.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type Logger, silentLogger } from '../obs/log.ts';
import { type BuildRequest, type BuildWorkspace, runBuilder } from './build.ts';
import { type ClientId, canonicalClientId, parseClientId } from './client-id.ts';
import type { ClientState } from './client-table.ts';
import { PathRequiredError, ServerShuttingDownError, WorkspaceNotFoundError } from './errors.ts';
import { settingsMismatch } from './first-wins.ts';
import { Lane } from './lane.ts';
import {
  type BackendOptions,
  type CreateArgs,
  type Created,
  type CreateOptions,
  checkedGrace,
  DEFAULT_CREATE_GRACE_MS,
} from './options.ts';
import { MemoryPathIndex, type PathIndex } from './path-index.ts';
import { resolveWorkspaceKey } from './path-key.ts';
import { describeWorkspace, type Workspace, type WorkspaceInfo } from './workspace.ts';

/**
 * Workspaces shared by many clients: one per directory, open as long as a client has a claim on it.
 *
 * A create gives the client a claim for a grace period, in which it is to attach its event stream; an attached
 * client keeps its claim until its last stream ends. With its last claim the workspace shuts down, and with the
 * last workspace the server.
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

  // By id. Written only while `mu` is held and only with a complete workspace that has its first claim, so that a
  // single look without the lock is safe; whoever acts on what it finds must look again under the lock.
  readonly #workspaces = new Map<string, Workspace<Config>>();

  /** @guardedBy mu */
  readonly #index: PathIndex;
  /**
   * The taken keys, see {@link Lane}.
   * @guardedBy mu
   */
  readonly #lanes = new Map<string, Lane>();
  /**
   * Creates that have neither a claim nor an error yet: they keep the server from exiting under them.
   * @guardedBy mu
   */
  readonly #pending = new Set<Create>();
  /**
   * Set once, by the decision to exit.
   * @guardedBy mu
   */
  #closing = false;
  /** @guardedBy mu */
  #createGraceMs: number;

  readonly #build: BuildWorkspace<Config>;
  readonly #shutdownServer: (() => void | Promise<void>) | undefined;
  readonly #version: string;
  readonly #clock: Clock;
  readonly #logger: Logger;

  /** @throws RangeError if `createGraceMs` is no delay a timer can have. */
  constructor(options: BackendOptions<Config>) {
    this.#build = options.build;
    this.#shutdownServer = options.shutdownServer;
    this.#version = options.version ?? '';
    this.#createGraceMs = checkedGrace(options.createGraceMs ?? DEFAULT_CREATE_GRACE_MS);
    this.#index = options.index ?? new MemoryPathIndex();
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
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
   * @throws The reason of `options.signal`. The others who wait for the same directory are not affected.
   */
  async createWorkspace(args: CreateArgs, options: CreateOptions = {}): Promise<Created<Config>> {
    if (args.path === '') throw new PathRequiredError();
    const clientId = parseClientId(args.clientId);
    const resolvedPath = await resolveWorkspaceKey(args.path);
    const { path, yolo = false, debug = false, dataDir = '', env = [] } = args;
    const request = { id: randomUUID(), path, resolvedPath, yolo, debug, dataDir, env: [...env] };
    const create: Create = { clientId, request };

    let workspace: Workspace<Config>;
    try {
      workspace = await this.#joinOrBuild(create, options.signal);
    } finally {
      await this.#settle(create);
    }
    this.#reportDifferences(workspace, create, args.version ?? '');
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
    return [...this.#workspaces.values()];
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
   * @throws {@link InvalidClientIdError} {@link WorkspaceNotFoundError}
   */
  async attachClient(workspaceId: string, clientId: string): Promise<void> {
    const client = parseClientId(clientId);
    // Looking up and attaching are one section of `mu`: a teardown comes before both, and is reported, or after
    // both, and finds the claim.
    using _mu = await this.mu.acquire();
    const workspace = this.getWorkspace(workspaceId);
    using _clients = await workspace.clientsMu.acquire();
    workspace.clients.attach(client);
  }

  /**
   * Counts one event stream of the client less. With its last stream the client's claim ends, and with the last
   * claim the workspace, whose shutdown this waits for.
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
      unclaimed = workspace.clients.detach(client);
    }
    // Only now: teardown takes `mu` first, and a create that holds `mu` may be waiting for `clientsMu`.
    if (unclaimed) await this.teardown(workspace);
  }

  /**
   * Gives up the client's claim, if it has not attached: a client that attached keeps its claim until its last
   * stream ends. Idempotent; an unknown workspace or client is no error.
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
      if (this.#workspaces.get(workspace.id) !== workspace) return;
      {
        using _clients = await workspace.clientsMu.acquire();
        if (workspace.clients.size > 0) return;
      }
      // Without `clientsMu` from here: a new claim needs `mu`.
      closing = await this.#unpublish(workspace);
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
      first = !this.#closing;
      this.#closing = true;
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
      this.#closing = true;
      for (const workspace of this.listWorkspaces()) {
        {
          using _clients = await workspace.clientsMu.acquire();
          workspace.clients.clear();
        }
        closings.push(await this.#unpublish(workspace));
      }
      lanes = [...this.#lanes.values()];
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
    const grace = checkedGrace(ms);
    using _mu = await this.mu.acquire();
    this.#createGraceMs = grace;
  }

  /**
   * Gives the client a claim that lasts `graceMs`, unless it has one. The grace period is an argument because
   * reading it takes `mu`, which is not this method's business.
   *
   * @internal
   */
  async registerClient(workspace: Workspace<Config>, clientId: ClientId, graceMs: number): Promise<void> {
    using _clients = await workspace.clientsMu.acquire();
    workspace.clients.hold(clientId, graceMs, (claim) => {
      this.#supervise('Hold expiry failed', () => this.#expireHold(workspace, clientId, claim));
    });
  }

  async #expireHold(workspace: Workspace<Config>, clientId: ClientId, claim: ClientState): Promise<void> {
    let unclaimed: boolean;
    {
      using _clients = await workspace.clientsMu.acquire();
      unclaimed = workspace.clients.expire(clientId, claim);
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
    if (this.#closing) throw new ServerShuttingDownError();
    this.#pending.add(create);

    const workspace = await this.#join(create);
    if (workspace) return { kind: 'joined', workspace };

    const taken = this.#lanes.get(key);
    if (taken) return { kind: 'wait', lane: taken };

    const lane = new Lane();
    this.#lanes.set(key, lane);
    return { kind: 'build', lane };
  }

  /**
   * Gives the client of `create` a claim on the workspace that is open at its key, if one is.
   *
   * @requiresLock Backend.mu
   */
  async #join({ clientId, request }: Create): Promise<Workspace<Config> | undefined> {
    const id = await this.#index.get(request.resolvedPath);
    if (id === undefined) return undefined;
    const workspace = this.#workspaces.get(id);
    if (!workspace) {
      await this.#index.delete(request.resolvedPath);
      return undefined;
    }
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
      // The caller who gives up fails alone: the next in the lane builds.
      if (!signal?.aborted) lane.failure = { error };
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
      if (this.#closing) throw new ServerShuttingDownError();
      signal.throwIfAborted();
      // The lane keeps other builds away, but the index is not ours alone: while `mu` was free, the embedder may
      // have entered the key as another name of an open workspace.
      const winner = await this.#join(create);
      if (winner) return winner;
      await this.#index.set(fresh.resolvedPath, fresh.id);
      await this.registerClient(fresh, create.clientId, this.#createGraceMs);
      this.#workspaces.set(fresh.id, fresh);
      published = true;
      return fresh;
    } finally {
      if (!published) await fresh.shutdown();
    }
  }

  /**
   * Makes `workspace` impossible to find, and its key taken until it has shut down.
   *
   * @requiresLock Backend.mu
   */
  async #unpublish(workspace: Workspace<Config>): Promise<Closing<Config>> {
    const { id, resolvedPath } = workspace;
    const lane = new Lane();
    this.#workspaces.delete(id);
    this.#lanes.set(resolvedPath, lane);
    try {
      if ((await this.#index.get(resolvedPath)) === id) await this.#index.delete(resolvedPath);
      return { workspace, lane };
    } catch (indexError) {
      // No reason to leave the workspace running: an entry that leads nowhere is dropped by the next create.
      return { workspace, lane, indexError };
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
      // A workspace that closed right after its publication has put a lane of its own in the place of this one.
      if (this.#lanes.get(key) === lane) this.#lanes.delete(key);
      exit = this.#decideToExit();
    }
    lane.vacate();
    if (exit) this.#exit();
  }

  /** Ends the pending state of `create`, which may have been all that kept an idle server from exiting. */
  async #settle(create: Create): Promise<void> {
    let exit: boolean;
    {
      using _mu = await this.mu.acquire();
      this.#pending.delete(create);
      exit = this.#decideToExit();
    }
    if (exit) this.#exit();
  }

  /**
   * Whether the server has nothing left to do. The decision closes the backend in the same section, so that no
   * create can come in between the decision and the exit, and none can be decided twice.
   *
   * @requiresLock Backend.mu
   */
  #decideToExit(): boolean {
    const idle = this.#workspaces.size === 0 && this.#lanes.size === 0 && this.#pending.size === 0;
    if (!idle || this.#closing || !this.#shutdownServer) return false;
    this.#closing = true;
    return true;
  }

  #exit(): void {
    this.#logger.info('Last workspace removed, shutting down server...');
    this.#callShutdownServer();
  }

  #callShutdownServer(): void {
    const shutdownServer = this.#shutdownServer;
    // Not awaited: a server waits for its open requests, and one of them may be the one that got us here.
    if (shutdownServer) this.#supervise('Server shutdown failed', shutdownServer);
  }

  /** Logs in what respect a client does not get what it asked for. */
  #reportDifferences(workspace: Workspace<Config>, { request }: Create, clientVersion: string): void {
    const fields = { workspace_id: workspace.id, path: workspace.path };
    const mismatch = settingsMismatch(workspace.settings, request);
    if (mismatch) {
      this.#logger.debug('Workspace flag mismatch on duplicate create; first wins', {
        ...fields,
        ...mismatch,
      });
    }
    if (clientVersion !== '' && clientVersion !== this.#version) {
      const versions = { client_version: clientVersion, server_version: this.#version };
      this.#logger.warn('Client and server versions differ', { ...fields, ...versions });
      const message = `Client version ${clientVersion} differs from server version ${this.#version}`;
      this.#supervise('Workspace warning failed', () => workspace.warn(message));
    }
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

/** A workspace that is no longer open, and has yet to shut down. */
interface Closing<Config> {
  readonly workspace: Workspace<Config>;
  readonly lane: Lane;
  /** Why the workspace is still in the path index, if it is. */
  readonly indexError?: unknown;
}
