/** The states in which a session may still become something: its changes are kept. */
export const LIVE_STATES = ['active', 'submitted'] as const;

/** What has become of a session. `merged`, `expired` and `abandoned` are final. */
export type SessionState = (typeof LIVE_STATES)[number] | 'merged' | 'expired' | 'abandoned';

/** Whether a session in this state may still become something. */
export function isLive(state: SessionState): boolean {
  return (LIVE_STATES as readonly SessionState[]).includes(state);
}

/** Whether a session outlives the connection of its agent, and until when. */
export type SessionMode =
  | { readonly kind: 'ephemeral' }
  | { readonly kind: 'persistent'; readonly expiresAt?: Date | undefined };

/** A session as clients see it; the keys are those of the JSON. */
export interface SessionInfo {
  readonly session_id: string;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly intent: string;
  readonly repo_id: string;
  readonly changeset_id: string;
  readonly state: SessionState;
  /** Whole seconds since the session was created, on whichever manager. */
  readonly elapsed_secs: number;
}

/** What the cache knows of a session; the keys are those of the JSON. */
export interface SessionSnapshot {
  readonly session_id: string;
  readonly repo_id: string;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly changeset_id: string;
  readonly intent: string;
  readonly base_commit: string;
  readonly state: SessionState;
  readonly mode: SessionMode['kind'];
}

/** A session as its row has it. */
export interface SessionRecord extends SessionSnapshot {
  /** The id of the row, which a resumed session keeps. */
  readonly id: string;
  readonly expires_at: Date | undefined;
  readonly created_at: Date;
}

/** The part of a record that is shown to clients. */
export function infoOf(record: SessionRecord, nowEpoch: number): SessionInfo {
  const { session_id, agent_id, agent_name, intent, repo_id, changeset_id, state } = record;
  const elapsed_secs = Math.max(0, Math.floor((nowEpoch - record.created_at.getTime()) / 1000));
  return { session_id, agent_id, agent_name, intent, repo_id, changeset_id, state, elapsed_secs };
}

/** The part of a record that is cached. */
export function snapshotOf(record: SessionRecord): SessionSnapshot {
  const { session_id, repo_id, agent_id, agent_name, changeset_id, intent, base_commit, state, mode } =
    record;
  return { session_id, repo_id, agent_id, agent_name, changeset_id, intent, base_commit, state, mode };
}
