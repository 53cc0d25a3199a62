import type { Mutex } from '../../locks/index.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import { type BuildRequest, type BuildWorkspace, runBuilder } from './build.ts';
import type { Claims } from './claims.ts';
import type { ClientId } from './client-id.ts';
import type { Ending } from './ending.ts';
import { ChannelOptInMismatchError, ClientRetiredError, ServerShuttingDownError } from './errors.ts';
import type { ServerExit } from './exit.ts';
import { channelsDiffer } from './first-wins.ts';
import type { Lane } from './lane.ts';
import type { OpenWorkspaces } from './open-workspaces.ts';
import type { RetiredClients } from './retired.ts';
import type { Workspace } from './workspace.ts';

/** What {@link Opening} shares with the backend. */
export interface OpeningOptions<Config> {
  readonly mu: Mutex;
  readonly workspaces: OpenWorkspaces<Config>;
  readonly pending: Set<Create>;
  readonly exit: ServerExit;
  readonly retired: RetiredClients;
  readonly build: BuildWorkspace<Config>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long, in milliseconds, a new claim lasts. */
  readonly graces: { readonly createMs: number };
}

/**
 * How workspaces open: one build at a time for each directory, shared by all who want it.
 *
 * Locks: `Backend.mu`, then `Workspace.clientsMu`. A build runs with neither; what it found out before, it looks at
 * again afterwards.
 */
export class Opening<Config> {
  readonly mu: Mutex;
  readonly #workspaces: OpenWorkspaces<Config>;
  readonly #pending: Set<Create>;
  readonly #exit: ServerExit;
  readonly #retired: RetiredClients;
  readonly #build: BuildWorkspace<Config>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #graces: { readonly createMs: number };
  readonly #claims: Claims<Config>;
  readonly #ending: Ending<Config>;

  constructor(claims: Claims<Config>, ending: Ending<Config>, options: OpeningOptions<Config>) {
    this.mu = options.mu;
    this.#workspaces = options.workspaces;
    this.#pending = options.pending;
    this.#exit = options.exit;
    this.#retired = options.retired;
    this.#build = options.build;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#graces = options.graces;
    this.#claims = claims;
    this.#ending = ending;
  }

  /** Joins the workspace of `create`, or builds it, with a claim for its client. See `Backend.createWorkspace`. */
  async open(create: Create, signal: AbortSignal | undefined): Promise<Workspace<Config>> {
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
    await this.#claims.register(workspace, clientId, this.#graces.createMs);
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
      await this.#ending.vacate(create.request.resolvedPath, lane);
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
      await this.#claims.register(fresh, create.clientId, this.#graces.createMs);
      this.#workspaces.open(fresh);
      published = true;
      return fresh;
    } finally {
      if (!published) await fresh.shutdown();
    }
  }
}

/** A create on its way. */
export interface Create {
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
