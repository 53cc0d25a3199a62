import type { Clock, TimerHandle } from '../clock.ts';

/** What a {@link ServerExit} needs of its surroundings. */
export interface ServerExitOptions {
  readonly clock: Clock;
  /** How long, in milliseconds, an idle server lingers before it exits. */
  readonly delayMs: number;
  /** Whether the server has nothing to do, and nothing on its way. */
  readonly isIdle: () => boolean;
  /** Called when an idle server has lingered, to be answered by {@link ServerExit.lingered}. */
  readonly onLingered: (timer: TimerHandle) => void;
}

/**
 * Decides when a server that nobody needs exits. The decision is made once, and closes the server in the same step:
 * no create can come in between.
 *
 * A plain synchronous state machine (serving → lingering → closing, where a create leads back from the second to the
 * first, and nothing from the third): the caller holds `Backend.mu` around every method.
 */
export class ServerExit {
  readonly #options: ServerExitOptions;
  #linger: TimerHandle | undefined;
  #closing = false;

  constructor(options: ServerExitOptions) {
    this.#options = options;
  }

  /** Whether the server has decided to exit, or was told to. Then it takes no creates. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Ends the lingering of an idle server: somebody has come. */
  stay(): void {
    if (this.#linger) this.#options.clock.clearTimeout(this.#linger);
    this.#linger = undefined;
  }

  /** Something has ended. True if the server exits now: the caller sees to it. */
  reconsider(): boolean {
    const { clock, delayMs, isIdle, onLingered } = this.#options;
    if (this.#closing || this.#linger || !isIdle()) return false;
    if (delayMs === 0) return this.close();
    const timer: TimerHandle = clock.setTimeout(() => onLingered(timer), delayMs);
    this.#linger = timer;
    return false;
  }

  /**
   * The timer has fired. True if the server exits now. It does not if somebody came while this waited for the lock:
   * the timer is not the one that runs then, or there is something to do.
   */
  lingered(timer: TimerHandle): boolean {
    if (this.#linger !== timer) return false;
    this.#linger = undefined;
    return this.#options.isIdle() && this.close();
  }

  /** Closes the server, idle or not. True if it was open. */
  close(): boolean {
    this.stay();
    const first = !this.#closing;
    this.#closing = true;
    return first;
  }
}
