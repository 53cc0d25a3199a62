import type { Clock, TimerHandle } from '../clock.ts';
import type { ClientId } from './client-id.ts';

/**
 * The claim of one client on one workspace. Either the timer runs (the client has yet to attach, or to come back), or
 * streams are open; a claim with neither is over, and leaves the table.
 */
export interface ClientState {
  /** Open event streams of this client. */
  streams: number;
  /** Ends the claim of a client that does not attach in time. */
  holdTimer: TimerHandle | undefined;
  /** Whether the client has said, with streams open, that it is done: its last stream ends the claim at once. */
  released: boolean;
  /** What the client is looking at; only with streams open. */
  currentSessionId: string | undefined;
}

/** A client that has streams open. */
export interface Presence {
  readonly clientId: ClientId;
  readonly currentSessionId: string | undefined;
}

/** How long a hold lasts, in milliseconds, and what is told when it is over. */
export interface Hold {
  readonly graceMs: number;
  /** Receives the claim when its time is up, to be passed to {@link ClientTable.expire}. */
  readonly onExpiry: (claim: ClientState) => void;
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

  /** The number of open streams of all clients. */
  get streams(): number {
    let streams = 0;
    for (const claim of this.#clients.values()) streams += claim.streams;
    return streams;
  }

  /** The claim of `id`, for inspection. */
  get(id: ClientId): Readonly<ClientState> | undefined {
    return this.#clients.get(id);
  }

  /** The clients that have streams open. */
  present(): Presence[] {
    return [...this.#clients]
      .filter(([, { streams }]) => streams > 0)
      .map(([clientId, { currentSessionId }]) => ({ clientId, currentSessionId }));
  }

  /**
   * Gives `id` a claim that lasts as long as the hold unless it attaches. A client with a hold gets a new one, for the
   * whole time; one with streams open takes back that it was done.
   *
   * @atomic
   */
  hold(id: ClientId, hold: Hold): void {
    const claim = this.#clients.get(id);
    if (claim && claim.streams > 0) claim.released = false;
    else this.#startHold(id, hold);
  }

  /**
   * Counts one more stream of `id`, with or without a hold before it.
   *
   * @atomic
   */
  attach(id: ClientId): void {
    const claim = this.#clients.get(id);
    if (claim) {
      this.#stopHold(claim);
      claim.streams++;
    } else {
      this.#clients.set(id, { ...NEW_CLAIM, streams: 1 });
    }
  }

  /**
   * Counts one stream of `id` less. The last one turns the claim into a hold, so that the client can come back; without
   * a grace period, or if the client said that it is done, the claim ends. True if no claim is left by that.
   *
   * @atomic
   */
  detach(id: ClientId, hold: Hold): boolean {
    const claim = this.#clients.get(id);
    if (!claim) return false;
    if (claim.streams > 0) {
      claim.streams--;
      if (claim.streams === 0 && !claim.released && hold.graceMs > 0) this.#startHold(id, hold);
    }
    return this.#endIfOver(id);
  }

  /**
   * Gives up the hold of `id`; open streams keep the claim, until the last. True if no claim is left by that.
   *
   * @atomic
   */
  release(id: ClientId): boolean {
    const claim = this.#clients.get(id);
    if (!claim) return false;
    this.#stopHold(claim);
    claim.released = true;
    return this.#endIfOver(id);
  }

  /**
   * Ends the claim of `id`, whatever streams it has. True if no claim is left by that.
   *
   * @atomic
   */
  retire(id: ClientId): boolean {
    const claim = this.#clients.get(id);
    if (!claim) return false;
    this.#stopHold(claim);
    this.#clients.delete(id);
    return this.#clients.size === 0;
  }

  /**
   * Ends a hold whose timer has fired. True if no claim is left by that.
   *
   * Between the timer and this call the client may have attached, which keeps the claim, or released, created or
   * detached again, which gave it a claim of its own: only the very claim the timer was started for may go.
   *
   * @atomic
   */
  expire(id: ClientId, claim: ClientState): boolean {
    if (this.#clients.get(id) !== claim) return false;
    claim.holdTimer = undefined;
    return this.#endIfOver(id);
  }

  /** Says what `id` is looking at. False if it has no stream open. */
  setCurrentSession(id: ClientId, sessionId: string | undefined): boolean {
    const claim = this.#clients.get(id);
    if (!claim || claim.streams === 0) return false;
    claim.currentSessionId = sessionId;
    return true;
  }

  /**
   * Ends every claim.
   *
   * @atomic
   */
  clear(): void {
    for (const claim of this.#clients.values()) this.#stopHold(claim);
    this.#clients.clear();
  }

  /** A hold is a claim of its own: a timer that has fired for an earlier one finds that it is not its claim. */
  #startHold(id: ClientId, { graceMs, onExpiry }: Hold): void {
    const earlier = this.#clients.get(id);
    if (earlier) this.#stopHold(earlier);
    const claim: ClientState = { ...NEW_CLAIM };
    claim.holdTimer = this.#clock.setTimeout(() => onExpiry(claim), graceMs);
    this.#clients.set(id, claim);
  }

  #stopHold(claim: ClientState): void {
    if (claim.holdTimer) this.#clock.clearTimeout(claim.holdTimer);
    claim.holdTimer = undefined;
  }

  #endIfOver(id: ClientId): boolean {
    const claim = this.#clients.get(id);
    if (!claim || claim.streams > 0 || claim.holdTimer) return false;
    this.#clients.delete(id);
    return this.#clients.size === 0;
  }
}

const NEW_CLAIM: Readonly<ClientState> = {
  streams: 0,
  holdTimer: undefined,
  released: false,
  currentSessionId: undefined,
};
