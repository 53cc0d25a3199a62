import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import type { Metrics } from '../obs/metrics.ts';
import { GraphArgumentError } from './errors.ts';
import type { PublishHook } from './hook.ts';

/** The figures of a graph manager. */
export interface GraphConfig {
  /** How much memory all graphs together may take: loaded, reserved for builds, and retained for readers. */
  readonly memoryLimitMb: number;
  /** From which age on the last good graph of a failed workspace is not served; 0 for any age. */
  readonly staleServeMaxAgeHours: number;
  /** After which time a graph that is kept for its readers is warned about. It is kept all the same. */
  readonly rebuildDrainTimeoutMs: number;
  /** How long a hook's background work may take. Not the drain threshold: saving a large graph takes longer. */
  readonly hookTimeoutMs: number;
  /** How long a reader may take, see `withGraph`. */
  readonly toolTimeoutMs: number;
  /** How long `close` waits for builds that it has told to stop. */
  readonly shutdownDrainMs: number;
  /** From more changed files on a rebuild is full. */
  readonly incrementalThreshold: number;
}

/** The defaults of {@link GraphConfig}. */
export const GRAPH_DEFAULTS: GraphConfig = Object.freeze({
  memoryLimitMb: 2_048,
  staleServeMaxAgeHours: 24,
  rebuildDrainTimeoutMs: 5_000,
  hookTimeoutMs: 120_000,
  toolTimeoutMs: 60_000,
  shutdownDrainMs: 5_000,
  incrementalThreshold: 20,
});

/** Defaults that are for others than the manager: for watchers, for incremental builders, and for the server. */
export const GRAPH_SURROUNDINGS_DEFAULTS = Object.freeze({
  /** How long a watcher waits for the end of a burst of changes. */
  debounceMs: 2_000,
  /** From more than this share of a graph on that hangs on the changed files, a builder starts from scratch. */
  closureLimitPercent: 30,
  /** After how long without a request a server may exit. */
  idleTimeoutMinutes: 30,
});

/** Options of a `GraphManager`; only `sizeOf` is required. */
export interface GraphManagerOptions<G> {
  /** How much memory a graph takes, in bytes. Called once per graph, before anybody else sees it. */
  readonly sizeOf: (graph: G) => number;
  readonly config?: Partial<GraphConfig> | undefined;
  /** The version that `status` tells. */
  readonly version?: string | undefined;
  readonly hook?: PublishHook<G> | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  readonly metrics?: Metrics | undefined;
}

/** The figures that are not given, from the defaults. @throws {@link GraphArgumentError} for one that cannot be. */
export function checkedConfig(config: Partial<GraphConfig> = {}): GraphConfig {
  const checked = { ...GRAPH_DEFAULTS, ...config };
  for (const [name, value] of Object.entries(checked)) {
    if (!(Number.isFinite(value) && value >= 0)) {
      throw new GraphArgumentError(name, `a number from 0 up, got ${value}`);
    }
  }
  return checked;
}
