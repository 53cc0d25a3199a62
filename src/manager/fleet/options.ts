import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import type { Metrics } from '../obs/metrics.ts';
import type { ProvisionLog } from '../obs/provlog.ts';
import type { Db } from '../store/db.ts';
import type { BackendTimeouts, FleetBackends } from './dispatchers.ts';

/** How many imported workspaces are started at a time. */
export const DEFAULT_PROVISION_CONCURRENCY = 3;

/** The pause, in milliseconds, after each workspace that an import starts. */
export const DEFAULT_PACING_MS = 2_000;

/** How long a backend may take. */
export const DEFAULT_TIMEOUTS: BackendTimeouts = { startMs: 120_000, stopMs: 30_000, listMs: 15_000 };

/** Options of a `Fleet`; only `db` is required, whose schema is that of `migrate`. */
export interface FleetOptions {
  readonly db: Db;
  /** What instances run on. Without any, workspaces are kept, and cannot be started. */
  readonly backends?: FleetBackends | undefined;
  /** See {@link DEFAULT_TIMEOUTS}. */
  readonly timeouts?: Partial<BackendTimeouts> | undefined;
  /** See `DEFAULT_CLAIM_TTL_MS`. */
  readonly claimTtlMs?: number | undefined;
  /** See {@link DEFAULT_PROVISION_CONCURRENCY}. */
  readonly provisionConcurrency?: number | undefined;
  /** See {@link DEFAULT_PACING_MS}. */
  readonly pacingMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  readonly metrics?: Metrics | undefined;
  readonly provisionLog?: ProvisionLog | undefined;
}
