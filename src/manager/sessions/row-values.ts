import type { Row } from '../store/index.ts';
import type { ChangeType, OverlayFile } from './overlay.ts';
import type { SessionRecord, SessionState } from './types.ts';

/** The columns of a {@link RecordRow}. */
export const COLUMNS =
  'id, session_id, repo_id, agent_id, agent_name, changeset_id, intent, base_commit_hash, state, mode, expires_at, created_at';

/** What is true of the row of a session that some manager has open. */
export const OPEN = "state IN ('active', 'submitted') AND stranded_at IS NULL";

/** What is written into the row of any session that ends, at `$1`. */
export const ENDED = 'updated_at = $1, owner_id = NULL, stranded_at = NULL, stranded_reason = NULL';

/** {@link COLUMNS} as the database returns them. */
export interface RecordRow extends Row {
  readonly id: string;
  readonly session_id: string;
  readonly repo_id: string;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly changeset_id: string;
  readonly intent: string;
  readonly base_commit_hash: string;
  readonly state: string;
  readonly mode: string;
  readonly expires_at: Date | null;
  readonly created_at: Date;
}

/** Reads a row of `session_workspaces`; its checks vouch for the unions. */
export function recordOf(row: RecordRow): SessionRecord {
  const { id, session_id, repo_id, agent_id, agent_name, changeset_id, intent, created_at } = row;
  return {
    id,
    session_id,
    repo_id,
    agent_id,
    agent_name,
    changeset_id,
    intent,
    base_commit: row.base_commit_hash,
    state: row.state as SessionState,
    mode: row.mode as SessionRecord['mode'],
    expires_at: row.expires_at ?? undefined,
    created_at,
  };
}

/** Reads a row of `session_overlay_files`. */
export function fileOf(row: Row): OverlayFile {
  return {
    path: String(row['file_path']),
    content: Uint8Array.from(row['content'] as Uint8Array),
    hash: String(row['content_hash']),
    change: row['change_type'] as ChangeType,
    baseHash: (row['base_content_hash'] as string | null) ?? undefined,
  };
}

/** A moment, given in milliseconds since the epoch, as a parameter of a statement. */
export function iso(epoch: number): string {
  return new Date(epoch).toISOString();
}
