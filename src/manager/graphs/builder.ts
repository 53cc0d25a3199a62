import type { WorkspaceKey } from './key.ts';

/** What a builder is to do. */
export interface GraphBuild<G> {
  readonly key: WorkspaceKey;
  readonly root: string;
  /** Everything, or what `files` changed in `previous`. */
  readonly mode: 'full' | 'incremental';
  /** The files that changed, sorted; none for a first build. */
  readonly files: readonly string[];
  /** The graph that is served while this one is built. It must not be changed: it has readers. */
  readonly previous: G | undefined;
  /** Aborts when the graph is not wanted any more. The memory stays reserved until the builder has returned. */
  readonly signal: AbortSignal;
}

/**
 * Makes the graph of a workspace: at once, or later. No lock is held while it works.
 *
 * A builder that computes for long keeps everything else from running, the reaper too, and cannot be told to stop:
 * such a one belongs in a worker, see `workerBuilder`.
 */
export type GraphBuilder<G> = (build: GraphBuild<G>) => G | Promise<G>;
