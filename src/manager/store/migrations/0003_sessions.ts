import type { Migration } from '../migrate.ts';

/**
 * Agent sessions: one row per workspace of a session, the files that differ from its base, and which session went on
 * as which.
 *
 * A session in use belongs to the manager `owner_id`, of which `session_managers` knows when it was last seen. A
 * stranded one belongs to nobody until somebody resumes it, under a new `session_id`.
 */
export const sessions: Migration = {
  name: '0003_sessions',
  sql: `
CREATE TABLE session_repos (
  id uuid PRIMARY KEY,
  agents integer NOT NULL CHECK (agents >= 0)
);
CREATE TABLE session_managers (
  id uuid PRIMARY KEY,
  seen_at timestamptz NOT NULL
);
CREATE TABLE session_workspaces (
  id uuid PRIMARY KEY,
  session_id uuid NOT NULL CONSTRAINT session_workspaces_session_id_key UNIQUE,
  repo_id uuid NOT NULL REFERENCES session_repos (id),
  base_commit_hash text NOT NULL,
  state text NOT NULL CHECK (state IN ('active', 'submitted', 'merged', 'expired', 'abandoned')),
  mode text NOT NULL CHECK (mode IN ('ephemeral', 'persistent')),
  agent_id text NOT NULL,
  agent_name text NOT NULL,
  changeset_id uuid NOT NULL,
  intent text NOT NULL,
  expires_at timestamptz,
  graph jsonb NOT NULL DEFAULT '{"added": [], "modified": [], "removed": []}',
  files_modified integer NOT NULL DEFAULT 0,
  symbols_modified integer NOT NULL DEFAULT 0,
  overlay_size_bytes bigint NOT NULL DEFAULT 0,
  owner_id uuid,
  stranded_at timestamptz,
  stranded_reason text,
  abandoned_at timestamptz,
  abandoned_reason text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CHECK (mode = 'persistent' OR expires_at IS NULL),
  CHECK ((stranded_at IS NULL) = (stranded_reason IS NULL)),
  CHECK ((abandoned_at IS NULL) = (abandoned_reason IS NULL))
);
CREATE INDEX session_workspaces_repo_id_idx ON session_workspaces (repo_id)
  WHERE state IN ('active', 'submitted');
CREATE INDEX session_workspaces_stranded_at_idx ON session_workspaces (stranded_at)
  WHERE state IN ('active', 'submitted') AND stranded_at IS NOT NULL;
CREATE INDEX session_workspaces_owner_id_idx ON session_workspaces (owner_id);
CREATE TABLE session_overlay_files (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES session_workspaces (id) ON DELETE CASCADE,
  file_path text NOT NULL CHECK (file_path <> ''),
  content bytea NOT NULL,
  content_hash text NOT NULL,
  change_type text NOT NULL CHECK (change_type IN ('modified', 'added', 'deleted')),
  base_content_hash text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (workspace_id, file_path)
);
CREATE INDEX session_overlay_files_file_path_idx ON session_overlay_files (file_path);
CREATE TABLE session_resume_redirects (
  dead_session_id uuid PRIMARY KEY,
  successor_session_id uuid NOT NULL,
  created_at timestamptz NOT NULL
);
`,
};
