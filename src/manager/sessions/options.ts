import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import type { Metrics } from '../obs/metrics.ts';
import type { Db } from '../store/index.ts';
import type { WorkspaceCache } from './cache.ts';
import type { ChangesetEnded, OnStranded } from './gc.ts';
import type { BaseGraph } from './session-graph.ts';
import type { SessionInfo, SessionMode } from './types.ts';
import type { ReadBase } from './workspace.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How long, in milliseconds, a session may go unused. */
export const DEFAULT_IDLE_TTL_MS = 60 * MINUTE;
/** How long, in milliseconds, a session may be open, used or not. */
export const DEFAULT_MAX_TTL_MS = 24 * HOUR;
/** How long, in milliseconds, a stranded session waits to be resumed. */
export const DEFAULT_ABANDON_AFTER_MS = 4 * HOUR;
/** How long, in milliseconds, a manager that is not heard of keeps its sessions. */
export const DEFAULT_LEASE_MS = 30_000;

/** What a session is to be. */
export interface CreateSession {
  /** A UUID that no session has had. Default: a new one. */
  readonly sessionId?: string | undefined;
  /** A UUID. */
  readonly repoId: string;
  readonly agentId: string;
  /** Default: the next free one of the repository, `agent-<n>`. */
  readonly agentName?: string | undefined;
  /** A UUID. */
  readonly changesetId: string;
  readonly intent: string;
  readonly baseCommit: string;
  /** Default: ephemeral. */
  readonly mode?: SessionMode | undefined;
}

/** Options of a session manager; only `db` is required. */
export interface SessionManagerOptions {
  /** With the schema of all migrations. */
  readonly db: Db;
  /** Default: none. Whoever opened it closes it, after the manager. */
  readonly cache?: WorkspaceCache | undefined;
  /** Reads files of the base commit. Without it a session has only the files that it wrote. */
  readonly readBase?: ReadBase | undefined;
  /** The symbols of a base commit. Default: none. */
  readonly baseGraph?: ((repoId: string, commit: string) => BaseGraph | Promise<BaseGraph>) | undefined;
  /** Default: a changeset has ended when its session is merged, expired or abandoned. */
  readonly changesetEnded?: ChangesetEnded | undefined;
  /** Told of each session that this manager strands: release what it had locked. A failure is logged. */
  readonly onStranded?: OnStranded | undefined;
  /** Told of each session that this manager resumes, before it is open. If it throws, the session is stranded again. */
  readonly onResumed?: ((session: SessionInfo) => void | Promise<void>) | undefined;
  /** See {@link DEFAULT_IDLE_TTL_MS}. */
  readonly idleTtlMs?: number | undefined;
  /** See {@link DEFAULT_MAX_TTL_MS}. */
  readonly maxTtlMs?: number | undefined;
  /** See {@link DEFAULT_ABANDON_AFTER_MS}. */
  readonly abandonAfterMs?: number | undefined;
  /** The time from one collection to the next, in milliseconds. Default one minute. */
  readonly gcIntervalMs?: number | undefined;
  /** See {@link DEFAULT_LEASE_MS}. A manager makes itself heard three times in it. */
  readonly leaseMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  readonly metrics?: Metrics | undefined;
}
