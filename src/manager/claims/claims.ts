import type { Logger } from '../obs/log.ts';
import type { ClientId } from './client-id.ts';
import type { ClientState, Hold } from './client-table.ts';
import { runDetached } from './detached.ts';
import type { Ending } from './ending.ts';
import type { Workspace } from './workspace.ts';

/**
 * How claims on a workspace come and go.
 *
 * Locks: `Workspace.clientsMu` alone, and for the moment. Whoever ends the last claim calls the teardown with it given
 * back: that takes `Backend.mu` first, and a create that holds `Backend.mu` may be waiting for `clientsMu`.
 */
export class Claims<Config> {
  readonly #ending: Ending<Config>;
  readonly #logger: Logger;
  readonly #detachGraceMs: number;

  constructor(ending: Ending<Config>, logger: Logger, detachGraceMs: number) {
    this.#ending = ending;
    this.#logger = logger;
    this.#detachGraceMs = detachGraceMs;
  }

  /** Gives the client a claim that lasts `graceMs`, or as long as the streams that it has. */
  async register(workspace: Workspace<Config>, clientId: ClientId, graceMs: number): Promise<void> {
    using _clients = await workspace.clientsMu.acquire();
    workspace.clients.hold(clientId, this.#holdOf(workspace, clientId, graceMs));
  }

  /** Counts one stream less, and waits for the shutdown that may follow. */
  async detach(workspace: Workspace<Config>, clientId: ClientId): Promise<void> {
    const hold = this.#holdOf(workspace, clientId, this.#detachGraceMs);
    let unclaimed: boolean;
    {
      using _clients = await workspace.clientsMu.acquire();
      unclaimed = workspace.clients.detach(clientId, hold);
    }
    if (unclaimed) await this.#ending.teardown(workspace);
  }

  /** Gives up a hold, and waits for the shutdown that may follow. */
  async release(workspace: Workspace<Config>, clientId: ClientId): Promise<void> {
    let unclaimed: boolean;
    {
      using _clients = await workspace.clientsMu.acquire();
      unclaimed = workspace.clients.release(clientId);
    }
    if (unclaimed) await this.#ending.teardown(workspace);
  }

  /** Ends a claim, whatever streams it has, and waits for the shutdown that may follow. */
  async retire(workspace: Workspace<Config>, clientId: ClientId): Promise<void> {
    let unclaimed: boolean;
    {
      using _clients = await workspace.clientsMu.acquire();
      unclaimed = workspace.clients.retire(clientId);
    }
    if (unclaimed) await this.#ending.teardown(workspace);
  }

  #holdOf(workspace: Workspace<Config>, clientId: ClientId, graceMs: number): Hold {
    return {
      graceMs,
      onExpiry: (claim) => {
        runDetached(this.#logger, 'Hold expiry failed', () => this.#expire(workspace, clientId, claim));
      },
    };
  }

  async #expire(workspace: Workspace<Config>, clientId: ClientId, claim: ClientState): Promise<void> {
    let unclaimed: boolean;
    {
      using _clients = await workspace.clientsMu.acquire();
      unclaimed = workspace.clients.expire(clientId, claim);
    }
    if (unclaimed) await this.#ending.teardown(workspace);
  }
}
