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
