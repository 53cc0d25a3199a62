/**
 * Memory that is set aside for a graph being built. Bind it with `using`: what has not been published by the end
 * of the block is given back.
 */
export class RebuildReservation implements Disposable {
  readonly bytes: number;
  #open = true;
  readonly #refund: (bytes: number) => void;

  /** @internal Made by `GraphManager.reserveRebuild`. */
  constructor(bytes: number, refund: (bytes: number) => void) {
    this.bytes = bytes;
    this.#refund = refund;
  }

  /** Whether the memory is neither published nor given back. */
  get open(): boolean {
    return this.#open;
  }

  /** @throws Error if the memory is published or given back already. @internal */
  assertOpen(): void {
    if (!this.#open) throw new Error('a reservation is used after it was published or given back');
  }

  /** The memory belongs to a published graph: there is nothing to give back. @internal */
  consume(): void {
    this.#open = false;
  }

  /** Gives the memory back, unless that was done, or it was published. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#refund(this.bytes);
  }
}
