import type { Migration } from '../migrate.ts';

/**
 * The fleet's workspaces. No two that live have the same name under the same parent, and none without a parent has
 * the name of another: `COALESCE`, since an index takes every NULL for different.
 *
 * Whoever starts or stops an instance holds a claim on its row for that time: `claim_token` is theirs until
 * `claimed_until`, by the clock of the database.
 */
export const workspaces: Migration = {
  name: '0001_workspaces',
  sql: `
CREATE TABLE workspaces (
  id uuid PRIMARY KEY,
  parent_id uuid REFERENCES workspaces (id),
  name text NOT NULL CHECK (name <> ''),
  status text NOT NULL CHECK (status IN ('provisioning', 'online', 'offline', 'degraded', 'failed', 'removed',
    'paused', 'hibernated', 'hibernating', 'awaiting_agent')),
  runtime text NOT NULL,
  model text NOT NULL,
  tier integer NOT NULL CHECK (tier BETWEEN 1 AND 4),
  config jsonb NOT NULL DEFAULT '{}',
  instance_id text,
  last_error text,
  heartbeat_at timestamptz,
  claim_token uuid,
  claimed_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((claim_token IS NULL) = (claimed_until IS NULL))
);
CREATE UNIQUE INDEX workspaces_parent_name_key
  ON workspaces ((COALESCE(parent_id, '00000000-0000-0000-0000-000000000000'::uuid)), name)
  WHERE status <> 'removed';
CREATE INDEX workspaces_parent_id_idx ON workspaces (parent_id);
CREATE INDEX workspaces_provisioning_idx ON workspaces (claimed_until) WHERE status = 'provisioning';
CREATE TABLE workspaces_audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid NOT NULL,
  event text NOT NULL,
  fields jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX workspaces_audit_workspace_id_idx ON workspaces_audit (workspace_id);
`,
};
