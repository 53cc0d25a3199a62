import type { Migration } from '../migrate.ts';

/** Files that were sent to a workspace and wait to be fetched by it: each until it is acked, or its day is over. */
export const pendingUploads: Migration = {
  name: '0004_pending_uploads',
  sql: `
CREATE TABLE pending_uploads (
  file_id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  content bytea NOT NULL,
  size_bytes bigint NOT NULL CHECK (size_bytes > 0 AND size_bytes <= 26214400),
  filename text NOT NULL CHECK (char_length(filename) BETWEEN 1 AND 100),
  mimetype text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  fetched_at timestamptz,
  acked_at timestamptz,
  expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours'
);
CREATE INDEX pending_uploads_waiting_idx ON pending_uploads (workspace_id, created_at) WHERE acked_at IS NULL;
CREATE INDEX pending_uploads_expires_idx ON pending_uploads (expires_at) WHERE acked_at IS NULL;
CREATE INDEX pending_uploads_acked_idx ON pending_uploads (acked_at) WHERE acked_at IS NOT NULL;
`,
};
