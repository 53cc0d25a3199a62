/** Undoes one step of a build. */
export type Cleanup = () => void | Promise<void>;

/**
 * The steps that undo a build, run in reverse order and exactly once: `AsyncDisposableStack` for a runtime that
 * does not have it, with two differences that suit a teardown. A step that fails does not keep the others from
 * running, and a step deferred after the run has begun runs at once, so that a part of the build that finishes
 * late leaves nothing open.
 */
export class Cleanups {
  readonly #steps: Cleanup[] = [];
  readonly #onError: (error: unknown) => void;
  #running: Promise<void> | undefined;

  /** @param onError - Told of every step that fails. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Adds a step, to run before those that were added earlier. */
  defer(cleanup: Cleanup): void {
    if (this.#running) void this.#undo(cleanup);
    else this.#steps.push(cleanup);
  }

  /** Runs all steps. Every call returns the promise of the one run; it never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) await this.#undo(step);
  }

  async #undo(cleanup: Cleanup): Promise<void> {
    try {
      await cleanup();
    } catch (error) {
      this.#onError(error);
    }
  }
}
