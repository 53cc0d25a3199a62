import { GateError } from '../../src/engine/error.ts';

/** The parts of a {@link GateError} that a user reads. */
export interface GateErrorText {
  readonly message: string;
  readonly why: string | undefined;
  readonly help: string;
}

/** What the action fails with; the test fails when it does not, or not with a {@link GateError}. */
export async function gateErrorOf(action: () => unknown): Promise<GateErrorText> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    const { message, why, help } = error;
    return { message, why, help };
  }
  throw new Error('expected a GateError, but nothing was thrown');
}
