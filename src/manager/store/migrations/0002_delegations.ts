import type { Migration } from '../migrate.ts';

/**
 * What one workspace has asked of another. Neither end refers to a row of the fleet: the ledger outlives both.
 *
 * Two keys can be met by an insert, the id and the caller's idempotency key, so that an insert names neither.
 */
export const delegations: Migration = {
  name: '0002_delegations',
  sql: `
CREATE TABLE delegations (
  delegation_id text PRIMARY KEY,
  caller_id uuid NOT NULL,
  callee_id uuid NOT NULL,
  idempotency_key text,
  status text NOT NULL CHECK (status IN ('queued', 'dispatched', 'in_progress', 'completed', 'failed', 'stuck')),
  task_preview text,
  result_preview text,
  error_detail text,
  last_heartbeat timestamptz,
  deadline timestamptz NOT NULL DEFAULT now() + interval '6 hours',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX delegations_idempotency_key
  ON delegations (caller_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX delegations_in_flight_idx
  ON delegations (deadline) WHERE status IN ('queued', 'dispatched', 'in_progress', 'stuck');
CREATE INDEX delegations_status_idx ON delegations (status, updated_at DESC);
`,
};
