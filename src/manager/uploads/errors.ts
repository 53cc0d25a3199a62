import { CodedError } from '../coded-error.ts';

/** The stable identifier of each kind of {@link UploadError}. */
export type UploadErrorCode = 'ERR_UPLOAD_NOT_FOUND' | 'ERR_UPLOAD_TOO_LARGE' | 'ERR_UPLOAD_INVALID';

/** An error that a caller of the uploads can cause. Decide by `code`. */
export abstract class UploadError extends CodedError<UploadErrorCode> {}

/** There is no such file for this workspace: it never was, was another's, is acked, or its time is over. */
export class UploadNotFoundError extends UploadError {
  readonly code = 'ERR_UPLOAD_NOT_FOUND';
  constructor() {
    super('no such pending upload; it may be acked or expired, ask the sender to send it again');
  }
}

/** A file is larger than an upload may be. */
export class UploadTooLargeError extends UploadError {
  readonly code = 'ERR_UPLOAD_TOO_LARGE';
  constructor(filename: string, size: number, limit: number) {
    super(`${filename} has ${size} bytes, and an upload at most ${limit}; split it or send a link`);
  }
}

/** An upload that cannot be kept as it is. */
export class InvalidUploadError extends UploadError {
  readonly code = 'ERR_UPLOAD_INVALID';
}
