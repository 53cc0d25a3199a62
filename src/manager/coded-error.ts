/**
 * An error that a caller can cause or has to handle, known by its class or its `code`, never by its message.
 *
 * @typeParam Code - The codes of its family.
 */
export abstract class CodedError<Code extends string> extends Error {
  abstract readonly code: Code;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
