export {
  InvalidUploadError,
  UploadError,
  type UploadErrorCode,
  UploadNotFoundError,
  UploadTooLargeError,
} from './errors.ts';
export { safeMimetype, sanitizeFilename } from './sanitize.ts';
export { startUploadSweeper, type UploadSweeperOptions } from './sweeper.ts';
export {
  MAX_UPLOAD_BYTES,
  type NewUpload,
  type PendingUpload,
  PendingUploads,
  type UploadSweep,
} from './uploads.ts';
