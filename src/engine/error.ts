/** What a {@link GateError} carries beside its message. */
export interface GateErrorOptions extends ErrorOptions {
  /** Why it happened, when the message alone does not tell. */
  readonly why?: string;
}

/**
 * A problem that the user can cause and can mend: what happened, why, and what to do.
 * The command line prints it in one block, without a stack, and exits with code 2.
 */
export class GateError extends Error {
  override readonly name = 'GateError';
  readonly why: string | undefined;
  /** The next step for the user. */
  readonly help: string;

  constructor(message: string, help: string, options: GateErrorOptions = {}) {
    super(message, options);
    this.why = options.why;
    this.help = help;
  }
}

/** The code nests deeper than the stack of this thread reaches. On a larger one the same run may do. */
export class TooDeepError extends GateError {
  constructor(what: string, cause: unknown) {
    super(`${what} nests too deeply to be analysed`, 'take the file out of the scope with `exclude`', {
      why: 'expressions or blocks lie in one another by the ten thousand: generated code, as a rule',
      cause,
    });
  }
}

/** Whether the stack ran out, in the words of V8. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message === 'Maximum call stack size exceeded';
}
