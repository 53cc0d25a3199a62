import type { Clock, TimerHandle } from '../clock.ts';

/** What a {@link ServerExit} looks at. */
interface Busy {
  /** Whether nothing is open, being built or shutting down. */
  readonly workspaces: { readonly isEmpty: boolean };
  /** Creates on their way. */
  readonly pending: ReadonlySet<unknown>;
}

/**
 * Decides when a server that nobody needs exits. The decision is made once, and closes the server in the same step:
 * no create can come in between.
 *
 * A plain synchronous state machine (serving → lingering → closing, where a create leads back from the second to the
 * first, and nothing from the third): the caller holds `Backend.mu` around every method.
 */
export class ServerExit {
  readonly #busy: Busy;
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #onLingered: (timer: TimerHandle) => void;
  #linger: TimerHandle | undefined;
  #closing = false;

  /**
   * @param delayMs - How long, in milliseconds, an idle server lingers before it exits; `Infinity`: it does not exit.
   * @param onLingered - Called when it has, to be answered by {@link ServerExit.lingered}.
   */
  constructor(busy: Busy, clock: Clock, delayMs: number, onLingered: (timer: TimerHandle) => void) {
    this.#busy = busy;
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#onLingered = onLingered;
  }

  /** Whether the server has nothing to do, and nothing on its way. */
  get isIdle(): boolean {
    return this.#busy.workspaces.isEmpty && this.#busy.pending.size === 0;
  }

  /** Whether the server has decided to exit, or was told to. Then it takes no creates. */
  get closing(): boolean {
    return this.#closing;
  }

  /**
   * Ends the lingering of an idle server: somebody has come.
   *
   * @atomic
   */
  stay(): void {
    if (this.#linger) this.#clock.clearTimeout(this.#linger);
    this.#linger = undefined;
  }

  /**
   * Something has ended. True if the server exits now: the caller sees to it.
   *
   * @atomic
   */
  reconsider(): boolean {
    if (this.#closing || this.#linger || !this.isIdle) return false;
    if (this.#delayMs === 0) return this.close();
    if (this.#delayMs === Infinity) return false;
    const timer: TimerHandle = this.#clock.setTimeout(() => this.#onLingered(timer), this.#delayMs);
    this.#linger = timer;
    return false;
  }

  /**
   * The timer has fired. True if the server exits now. It does not if somebody came while this waited for the lock:
   * that has ended the lingering, and the timer is not the one that runs.
   *
   * @atomic
   */
  lingered(timer: TimerHandle): boolean {
    return this.#linger === timer && this.close();
  }

  /**
   * Closes the server, idle or not. True if it was open.
   *
   * @atomic
   */
  close(): boolean {
    this.stay();
    const first = !this.#closing;
    this.#closing = true;
    return first;
  }
}
