import { untilAborted } from '../abort.ts';

/**
 * A key that is taken: a workspace is being built there, or its last one is still shutting down. Whoever wants
 * the key next waits for the end, without holding a lock.
 */
export class Lane {
  /** Resolved when the key is free again. It never rejects: see {@link Lane.failure} for how it ended. */
  readonly vacated: Promise<void>;

  /** Why nothing came of the build, for those who waited for it instead of building themselves. */
  failure: { readonly error: unknown } | undefined;

  readonly #abort = new AbortController();
  readonly #resolve: () => void;

  constructor() {
    let resolve = (): void => {};
    this.vacated = new Promise<void>((fulfil) => {
      resolve = fulfil;
    });
    this.#resolve = resolve;
  }

  /** Aborts when the build is no longer wanted. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Tells the builder that its work is no longer wanted. */
  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  /** Lets those who wait go on. */
  vacate(): void {
    this.#resolve();
  }

  /**
   * Waits for the end of the lane.
   *
   * @throws What the build failed with, or the reason of `signal` if that aborts first.
   */
  async wait(signal: AbortSignal | undefined): Promise<void> {
    await untilAborted(this.vacated, signal);
    if (this.failure) throw this.failure.error;
  }
}
