import type { Clock, TimerHandle } from '../clock.ts';
import type { ClientId } from './client-id.ts';

/**
 * The claim of one client on one workspace. Either the timer runs (the client has created the workspace and not
 * attached yet) or streams are open; a claim with neither is released, and leaves the table.
 */
export interface ClientState {
  /** Open event streams of this client. */
  streams: number;
  /** Ends the claim of a client that does not attach in time. */
  holdTimer: TimerHandle | undefined;
}

/**
 * The claims on one workspace, one per client. How many there are is the workspace's reference count; it is
 * nowhere stored besides.
 *
 * A plain synchronous state machine: the caller holds `Workspace.clientsMu` around every method. The methods
 * that can end a claim tell whether they ended the last one, which obliges the caller to a teardown, later and
 * without that lock.
 */
export class ClientTable {
  readonly #clients = new Map<ClientId, ClientState>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number of clients with a claim. */
  get size(): number {
    return this.#clients.size;
  }

  /** The claim of `id`, for inspection. */
  get(id: ClientId): Readonly<ClientState> | undefined {
    return this.#clients.get(id);
  }

  /**
   * Gives `id` a claim that lasts `graceMs` unless it attaches; nothing changes if it has a claim already.
   *
   * @param onExpiry - Receives the claim when its time is up, to be passed to {@link ClientTable.expire}.
   */
  hold(id: ClientId, graceMs: number, onExpiry: (claim: ClientState) => void): void {
    if (this.#clients.has(id)) return;
    const claim: ClientState = { streams: 0, holdTimer: undefined };
    claim.holdTimer = this.#clock.setTimeout(() => onExpiry(claim), graceMs);
    this.#clients.set(id, claim);
  }

  /** Counts one more stream of `id`, with or without a hold before it. */
  attach(id: ClientId): void {
    const claim = this.#clients.get(id);
    if (claim) {
      this.#stopHold(claim);
      claim.streams++;
    } else {
      this.#clients.set(id, { streams: 1, holdTimer: undefined });
    }
  }

  /** Counts one stream of `id` less, and ends its claim with the last. True if no claim is left by that. */
  detach(id: ClientId): boolean {
    const claim = this.#clients.get(id);
    if (!claim) return false;
    if (claim.streams > 0) claim.streams--;
    return this.#endIfReleased(id, claim);
  }

  /** Gives up the hold of `id`; open streams keep the claim. True if no claim is left by that. */
  release(id: ClientId): boolean {
    const claim = this.#clients.get(id);
    if (!claim) return false;
    this.#stopHold(claim);
    return this.#endIfReleased(id, claim);
  }

  /**
   * Ends a hold whose timer has fired. True if no claim is left by that.
   *
   * Between the timer and this call the client may have attached, which keeps the claim, or released and come
   * back with a claim of its own: only the very claim the timer was started for may go.
   */
  expire(id: ClientId, claim: ClientState): boolean {
    if (this.#clients.get(id) !== claim) return false;
    claim.holdTimer = undefined;
    return this.#endIfReleased(id, claim);
  }

  /** Ends every claim. */
  clear(): void {
    for (const claim of this.#clients.values()) this.#stopHold(claim);
    this.#clients.clear();
  }

  #stopHold(claim: ClientState): void {
    if (claim.holdTimer) this.#clock.clearTimeout(claim.holdTimer);
    claim.holdTimer = undefined;
  }

  #endIfReleased(id: ClientId, claim: ClientState): boolean {
    if (claim.streams > 0 || claim.holdTimer) return false;
    this.#clients.delete(id);
    return this.#clients.size === 0;
  }
}
