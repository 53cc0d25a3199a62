/** So many at a time, first come, first served. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Waits for a slot, which is given back by disposing of it. The place in the queue is taken synchronously.
   *
   * @atomic
   */
  acquire(): Promise<Disposable> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve(this.#slot());
    }
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(this.#slot()));
    });
  }

  #slot(): Disposable {
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        const next = this.#waiting.shift();
        if (next) next();
        else this.#free++;
      },
    };
  }
}
