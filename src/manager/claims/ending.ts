import type { Mutex } from '../../locks/index.ts';
import type { Clock, TimerHandle } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import { runDetached } from './detached.ts';
import type { ServerExit } from './exit.ts';
import type { Lane } from './lane.ts';
import type { Closing, OpenWorkspaces } from './open-workspaces.ts';
import type { Create } from './opening.ts';
import type { Workspace } from './workspace.ts';

/** What {@link Ending} shares with the backend. */
export interface EndingOptions<Config> {
  readonly workspaces: OpenWorkspaces<Config>;
  readonly pending: Set<Create>;
  readonly exit: ServerExit;
  readonly shutdownServer: (() => void | Promise<void>) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * How workspaces end, and the server with the last of them. Locks: `Backend.mu`, then `Workspace.clientsMu`, for the
 * bookkeeping alone; what ends runs with neither.
 */
export class Ending<Config> {
  readonly mu: Mutex;
  readonly #workspaces: OpenWorkspaces<Config>;
  readonly #pending: Set<Create>;
  readonly #exit: ServerExit;
  readonly #shutdownServer: (() => void | Promise<void>) | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(mu: Mutex, options: EndingOptions<Config>) {
    this.mu = mu;
    this.#workspaces = options.workspaces;
    this.#pending = options.pending;
    this.#exit = options.exit;
    this.#shutdownServer = options.shutdownServer;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /**
   * Closes `workspace` if it is open and nobody has a claim on it, and waits for its shutdown.
   *
   * Whoever ended the last claim calls this, but with no lock held, so that by now a client may have come (then
   * there is nothing to do) or come and gone, with a teardown of its own (then one of the two has nothing to do).
   * Both are decided again here, under both locks.
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
    await this.shutDown(closing);
  }

  /** Shuts down what is no longer open, and gives its key back. */
  async shutDown({ workspace, lane, indexError }: Closing<Config>): Promise<void> {
    const fields = { workspace_id: workspace.id, path: workspace.path };
    try {
      if (indexError !== undefined) {
        this.#logger.warn('Workspace not removed from the path index', { ...fields, error: indexError });
      }
      const start = this.#clock.now();
      await workspace.shutdown();
      this.#logger.debug('Workspace closed', { ...fields, shutdown_ms: this.#clock.now() - start });
    } finally {
      await this.vacate(workspace.resolvedPath, lane);
    }
  }

  /** Ends `lane`: whoever waits for the key goes on. */
  async vacate(key: string, lane: Lane): Promise<void> {
    let exit: boolean;
    {
      using _mu = await this.mu.acquire();
      this.#workspaces.giveBack(key, lane);
      exit = this.#decideToExit();
    }
    lane.end();
    if (exit) this.#exitIdle();
  }

  /** Ends the pending state of `create`, which may have been all that kept an idle server from exiting. */
  async settle(create: Create): Promise<void> {
    let exit: boolean;
    {
      using _mu = await this.mu.acquire();
      this.#pending.delete(create);
      exit = this.#decideToExit();
    }
    if (exit) this.#exitIdle();
  }

  /** Goes on after the lingering of an idle server. */
  async lingered(timer: TimerHandle): Promise<void> {
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
    this.callShutdownServer();
  }

  /** Ends the server. The caller has closed it, and that was the first time. */
  callShutdownServer(): void {
    const shutdownServer = this.#shutdownServer;
    // Not awaited: a server waits for its open requests, and one of them may be the one that got us here.
    if (shutdownServer) runDetached(this.#logger, 'Server shutdown failed', shutdownServer);
  }
}
