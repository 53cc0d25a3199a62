import {
  GraphBuildFailedError,
  type GraphError,
  StaleExpiredError,
  WorkspaceEvictedError,
} from './errors.ts';
import type { GraphState } from './state.ts';

const MS_PER_HOUR = 3_600_000;

/** Whole hours between two epoch times; a clock that went back makes none. */
export function ageHours(lastGoodAt: number, now: number): number {
  return Math.floor(Math.max(0, now - lastGoodAt) / MS_PER_HOUR);
}

const BACKOFF_SECONDS = [30, 60, 120, 300, 600];

/** How many seconds to wait after the n-th failure in a row before trying again. */
export function backoffSeconds(failures: number): number {
  if (failures <= 0) return 0;
  return BACKOFF_SECONDS[failures - 1] ?? Math.max(...BACKOFF_SECONDS);
}

/** What is looked at to decide whether a workspace can be served: read in one go, under one lock. */
export interface ServeSnapshot {
  readonly root: string;
  readonly state: GraphState;
  readonly lastGoodAt: number | undefined;
  readonly lastError: GraphError | undefined;
}

/** How a workspace can be served. */
export type Freshness =
  | { readonly kind: 'fresh'; readonly state: GraphState }
  | {
      readonly kind: 'stale';
      readonly ageHours: number;
      /** In milliseconds since the Unix epoch. */
      readonly lastGoodAt: number;
      readonly lastError: string | undefined;
    }
  | { readonly kind: 'not-ready'; readonly state: GraphState };

/**
 * Decides how a workspace can be served.
 *
 * @param now - In milliseconds since the Unix epoch.
 * @param capHours - From which age on an old graph is not served; 0 for none.
 * @throws {@link StaleExpiredError}, {@link GraphBuildFailedError} or {@link WorkspaceEvictedError} when it cannot.
 */
export function classify(snapshot: ServeSnapshot, now: number, capHours: number): Freshness {
  const { root, state, lastGoodAt, lastError } = snapshot;
  switch (state) {
    case 'loaded':
    case 'rebuilding':
      return { kind: 'fresh', state };
    case 'unloaded':
    case 'loading':
      return { kind: 'not-ready', state };
    case 'evicted':
      throw new WorkspaceEvictedError(root);
    case 'failed': {
      if (lastGoodAt === undefined) {
        throw new GraphBuildFailedError(root, lastError ? reasonOf(lastError) : 'no prior successful build');
      }
      const age = ageHours(lastGoodAt, now);
      if (capHours !== 0 && age >= capHours) {
        throw new StaleExpiredError(root, age, capHours, lastGoodAt, lastError?.message ?? null);
      }
      return { kind: 'stale', ageHours: age, lastGoodAt, lastError: lastError?.message };
    }
  }
}

function reasonOf(error: GraphError): string {
  return error instanceof GraphBuildFailedError ? error.reason : error.message;
}
