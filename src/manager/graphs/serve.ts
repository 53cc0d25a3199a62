import { withDeadline } from '../deadline.ts';
import { ToolTimeoutError, WorkspaceNotLoadedError } from './errors.ts';
import type { WorkspaceKey } from './key.ts';
import type { GraphLease } from './lease.ts';
import type { GraphManager } from './manager.ts';
import type { Freshness } from './staleness.ts';

/** How a workspace can be served, with a lease on its graph if it can. */
export type Served<G> =
  | (Extract<Freshness, { kind: 'fresh' | 'stale' }> & { readonly lease: GraphLease<G> })
  | Extract<Freshness, { kind: 'not-ready' }>;

/** A read of a graph. `signal` aborts when nobody waits for it any more. */
export type ReadGraph<G, T> = (graph: G, freshness: Freshness, signal: AbortSignal) => T | Promise<T>;

/** Options of `GraphManager.withGraph`. */
export interface ReadOptions {
  /** Default: that of the configuration. */
  readonly timeoutMs?: number;
}

/** See `GraphManager.withGraph`. */
export async function readGraph<G, T>(
  manager: GraphManager<G>,
  key: WorkspaceKey,
  read: ReadGraph<G, T>,
  { timeoutMs = manager.config.toolTimeoutMs }: ReadOptions,
): Promise<T> {
  const served = await manager.classifyForServe(key);
  if (served.kind === 'not-ready') {
    const { state } = served;
    const hint = state === 'unloaded' ? undefined : `It is ${state}: ask again in a moment.`;
    throw new WorkspaceNotLoadedError(key.indexRoot, hint);
  }

  const late = (): Error => new ToolTimeoutError(key.indexRoot, timeoutMs);
  return await withDeadline(manager.clock, timeoutMs, late, (signal) => underLease(served, read, signal));
}

/** The lease lasts as long as the read, not as long as somebody waits for it. */
async function underLease<G, T>(
  served: Extract<Served<G>, { lease: unknown }>,
  read: ReadGraph<G, T>,
  signal: AbortSignal,
): Promise<T> {
  const { lease, ...freshness } = served;
  using _lease = lease;
  return await read(lease.graph, freshness, signal);
}
