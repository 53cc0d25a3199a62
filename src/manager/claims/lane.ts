import { untilAborted } from '../abort.ts';
import { Undertaking } from '../undertaking.ts';

/**
 * A key that is taken: a workspace is being built there, or its last one is still shutting down. Whoever wants
 * the key next waits for the end, without holding a lock.
 */
export class Lane extends Undertaking {
  /** Why nothing came of the build, for those who waited for it instead of building themselves. */
  failure: { readonly error: unknown } | undefined;

  /**
   * Waits for the end of the lane.
   *
   * @throws What the build failed with, or the reason of `signal` if that aborts first.
   */
  async wait(signal: AbortSignal | undefined): Promise<void> {
    await untilAborted(this.ended, signal);
    if (this.failure) throw this.failure.error;
  }
}
