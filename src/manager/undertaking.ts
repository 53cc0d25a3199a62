/** Something that others may wait for the end of, and tell to stop. */
export class Undertaking {
  /** Resolved at the end, whatever it is. */
  readonly ended: Promise<void>;

  readonly #abort = new AbortController();
  readonly #resolve: () => void;

  constructor() {
    let resolve = (): void => {};
    this.ended = new Promise<void>((fulfil) => {
      resolve = fulfil;
    });
    this.#resolve = resolve;
  }

  /** Aborts when nobody wants what would come of it any more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Tells whoever works on it to stop. */
  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  /** Lets those who wait go on. */
  end(): void {
    this.#resolve();
  }
}
