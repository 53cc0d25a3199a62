import { randomUUID } from 'node:crypto';
import type { Db, Queryable } from '../store/db.ts';
import { isUuid } from '../uuid.ts';
import { InvalidUploadError, UploadNotFoundError, UploadTooLargeError } from './errors.ts';
import { safeMimetype, sanitizeFilename } from './sanitize.ts';

/** How many bytes an upload may have; the schema says the same. */
export const MAX_UPLOAD_BYTES = 26_214_400;

/** A file to keep for a workspace. */
export interface NewUpload {
  readonly filename: string;
  readonly mimetype?: string | undefined;
  readonly content: Uint8Array;
}

/** A file that waits for its workspace. */
export interface PendingUpload {
  readonly fileId: string;
  readonly filename: string;
  readonly mimetype: string;
  readonly content: Uint8Array;
}

/** What a sweep removed. */
export interface UploadSweep {
  readonly acked: number;
  readonly expired: number;
}

/**
 * Files on their way to a workspace: kept until the workspace has acked them, or for a day.
 *
 * Everything is asked for together with the workspace that it belongs to; what belongs to another is not there.
 */
export class PendingUploads {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Keeps one file. Returns its id. @throws as {@link PendingUploads.putBatch} does. */
  async put(workspaceId: string, upload: NewUpload): Promise<string> {
    const [id = ''] = await this.putBatch(workspaceId, [upload]);
    return id;
  }

  /**
   * Keeps all files, or none.
   *
   * @param also - Writes what has to be there exactly when the files are, in their transaction. Whatever tells others
   * of them comes after this call.
   * @returns The ids, in the order of `uploads`.
   * @throws {@link UploadTooLargeError} or {@link InvalidUploadError} before anything is written.
   */
  async putBatch(
    workspaceId: string,
    uploads: readonly NewUpload[],
    also: (tx: Queryable, fileIds: readonly string[]) => Promise<void> = async () => {},
  ): Promise<string[]> {
    if (!isUuid(workspaceId)) throw new InvalidUploadError(`'${workspaceId}' is not the id of a workspace`);
    for (const upload of uploads) validate(upload);
    if (uploads.length === 0) return [];
    const ids = uploads.map(() => randomUUID());
    await this.#db.tx(async (tx) => {
      for (const [index, { filename, mimetype = '', content }] of uploads.entries()) {
        // The conflict cannot be: the id is new. It keeps the loop harmless whatever happens to the ids.
        await tx.query(
          `INSERT INTO pending_uploads (file_id, workspace_id, content, size_bytes, filename, mimetype)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (file_id) DO NOTHING`,
          [
            ids[index],
            workspaceId,
            bytes(content),
            content.byteLength,
            sanitizeFilename(filename),
            safeMimetype(mimetype),
          ],
        );
      }
      await also(tx, ids);
    });
    return ids;
  }

  /** A file that is neither acked nor expired. @throws {@link UploadNotFoundError} */
  async get(workspaceId: string, fileId: string): Promise<PendingUpload> {
    requireIds(workspaceId, fileId);
    const { rows } = await this.#db.query<{ filename: string; mimetype: string; content: Uint8Array }>(
      `SELECT filename, mimetype, content FROM pending_uploads
       WHERE file_id = $1 AND workspace_id = $2 AND acked_at IS NULL AND expires_at > now()`,
      [fileId, workspaceId],
    );
    const [row] = rows;
    if (!row) throw new UploadNotFoundError();
    return { fileId, ...row };
  }

  /** Remembers when a file was first fetched. @throws {@link UploadNotFoundError} */
  async markFetched(workspaceId: string, fileId: string): Promise<void> {
    requireIds(workspaceId, fileId);
    const { rowCount } = await this.#db.query(
      `UPDATE pending_uploads SET fetched_at = COALESCE(fetched_at, now())
       WHERE file_id = $1 AND workspace_id = $2 AND acked_at IS NULL AND expires_at > now()`,
      [fileId, workspaceId],
    );
    if (rowCount === 0) throw new UploadNotFoundError();
  }

  /** Says that the workspace has the file. Idempotent. @throws {@link UploadNotFoundError} */
  async ack(workspaceId: string, fileId: string): Promise<void> {
    requireIds(workspaceId, fileId);
    const { rowCount } = await this.#db.query(
      `UPDATE pending_uploads SET acked_at = now()
       WHERE file_id = $1 AND workspace_id = $2 AND acked_at IS NULL AND expires_at > now()`,
      [fileId, workspaceId],
    );
    if (rowCount === 1) return;
    // Nothing changed: it has been acked before, or it is not there.
    const acked = await this.#db.query(
      'SELECT 1 FROM pending_uploads WHERE file_id = $1 AND workspace_id = $2 AND acked_at IS NOT NULL',
      [fileId, workspaceId],
    );
    if (acked.rowCount === 0) throw new UploadNotFoundError();
  }

  /**
   * Removes what has been acked for `ackRetentionS` seconds, and what has expired.
   *
   * @param ackRetentionS - Less than zero counts as zero.
   */
  async sweep(ackRetentionS: number): Promise<UploadSweep> {
    const { rows } = await this.#db.query<{ acked: number; expired: number }>(
      `WITH deleted AS (
         DELETE FROM pending_uploads
         WHERE acked_at <= now() - make_interval(secs => $1) OR (acked_at IS NULL AND expires_at <= now())
         RETURNING acked_at IS NOT NULL AS was_acked
       )
       SELECT count(*) FILTER (WHERE was_acked) AS acked, count(*) FILTER (WHERE NOT was_acked) AS expired
       FROM deleted`,
      [Math.max(0, ackRetentionS)],
    );
    return { acked: rows[0]?.acked ?? 0, expired: rows[0]?.expired ?? 0 };
  }
}

function validate({ filename, content }: NewUpload): void {
  const size = content.byteLength;
  if (size === 0)
    throw new InvalidUploadError(`${sanitizeFilename(filename)} is empty; there is nothing to send`);
  if (size > MAX_UPLOAD_BYTES)
    throw new UploadTooLargeError(sanitizeFilename(filename), size, MAX_UPLOAD_BYTES);
}

/** An id that is no UUID is one that nobody has. */
function requireIds(...ids: readonly string[]): void {
  if (!ids.every(isUuid)) throw new UploadNotFoundError();
}

/** The client of PostgreSQL takes bytes as a `Buffer` only. */
function bytes(content: Uint8Array): Buffer {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength);
}
