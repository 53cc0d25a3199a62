/** How a run of tasks ended. */
export type Ending =
  | { readonly kind: 'completes' }
  /** Nothing can go on, and not everybody has come to an end. */
  | { readonly kind: 'hangs' }
  /** It goes on and on: somebody polls for what never happens. */
  | { readonly kind: 'spins' }
  | { readonly kind: 'fails'; readonly error: unknown };

interface Timer {
  readonly id: number;
  readonly due: number;
  readonly fire: () => void;
}

/** A timer that is due so soon may be the first of all to fire; a later one waits until nothing else can go on. */
const SOON_MS = 20;

/** Runs that take more steps than this do not come to an end. */
const MAX_STEPS = 3_000;

/**
 * One order in which a program's tasks may run. Whoever waits is parked when what it waits for is there, and goes on
 * when the schedule picks it: so anything that may come first does, in some schedule. Timers run on a clock of its own.
 */
export class Schedule {
  readonly #random: () => number;
  readonly #parked: (() => void)[] = [];
  readonly #timers = new Map<number, Timer>();
  #now = 0;
  #lastTimer = 0;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  /** What a program awaits, and gets when the schedule lets it go on. */
  readonly point = <T>(awaited: T | PromiseLike<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      Promise.resolve(awaited).then(
        (value) => this.#parked.push(() => resolve(value)),
        (error) => this.#parked.push(() => reject(error)),
      );
    });

  /** The receiver of a `then`: only what is a promise and nothing else can be parked. */
  readonly chained = <T>(receiver: T): T =>
    receiver instanceof Promise && receiver.constructor === Promise ? (this.point(receiver) as T) : receiver;

  readonly setTimeout = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): number => {
    this.#lastTimer += 1;
    const id = this.#lastTimer;
    this.#timers.set(id, { id, due: this.#now + ms, fire: () => callback(...args) });
    return id;
  };

  readonly clearTimeout = (timer: number | undefined): void => {
    if (timer !== undefined) this.#timers.delete(timer);
  };

  /** Runs the tasks until all have ended, or nothing can go on. */
  async run(tasks: readonly (() => unknown)[]): Promise<Ending> {
    let open = tasks.length;
    let failure: { readonly error: unknown } | undefined;
    const start = async (task: () => unknown): Promise<void> => {
      try {
        await task();
      } catch (error) {
        failure ??= { error };
      }
      open -= 1;
    };
    for (const task of tasks) this.#parked.push(() => void start(task));
    for (let step = 0; step < MAX_STEPS; step += 1) {
      await microtasksDone();
      if (failure) return { kind: 'fails', error: failure.error };
      const soon = this.#nextTimer();
      const choices = this.#parked.length + (soon && soon.due - this.#now <= SOON_MS ? 1 : 0);
      const choice = Math.floor(this.#random() * choices);
      if (choice < this.#parked.length) {
        const [go] = this.#parked.splice(choice, 1);
        go?.();
      } else if (open === 0) return { kind: 'completes' };
      else if (soon) this.#fire(soon);
      else return { kind: 'hangs' };
    }
    return { kind: 'spins' };
  }

  #nextTimer(): Timer | undefined {
    return [...this.#timers.values()].sort((a, b) => a.due - b.due || a.id - b.id)[0];
  }

  #fire({ id, due, fire }: Timer): void {
    this.#timers.delete(id);
    this.#now = Math.max(this.#now, due);
    fire();
  }
}

function microtasksDone(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32, by T. Ettinger, public domain). */
function randomFrom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
