import { type FileGraph, fileGraphBytes } from './file-graph/file-graph.ts';
import {
  estimateFromFiles,
  type GraphBuilder,
  GraphManager,
  type GraphManagerOptions,
  RebuildDispatcher,
  type WorkspaceKey,
} from './graphs/index.ts';

/** How many files a directory is taken to have before anybody has looked. */
const ASSUMED_FILES = 2_000;

/** What has become of a load. */
export interface LoadedGraph {
  readonly files: number;
  readonly bytes: number;
}

/** Changes to rebuild for. */
export interface Changes {
  readonly files: readonly string[];
  readonly gitStateChanged: boolean;
  /** Whether to start from scratch. */
  readonly full: boolean;
}

/** Options of a {@link GraphService}. */
export interface GraphServiceOptions extends Omit<GraphManagerOptions<FileGraph>, 'sizeOf' | 'hook'> {
  readonly builder: GraphBuilder<FileGraph>;
}

/** The graphs of source files that the server offers. */
export class GraphService {
  readonly manager: GraphManager<FileGraph>;
  readonly #builder: GraphBuilder<FileGraph>;
  readonly #rebuilds: RebuildDispatcher<FileGraph>;
  /** Who is told of a publish, by the root of the graph. */
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor({ builder, ...options }: GraphServiceOptions) {
    const onPublish = (root: string): void => {
      for (const listener of this.#listeners.get(root) ?? []) listener();
    };
    this.manager = new GraphManager({ ...options, sizeOf: fileGraphBytes, hook: { onPublish } });
    this.#builder = builder;
    this.#rebuilds = new RebuildDispatcher(this.manager, {
      builder,
      estimateBytes: (currentBytes) => Math.max(2 * currentBytes, estimateFromFiles(1)),
    });
  }

  /** Builds the graph of a directory, or finds it. */
  async load(
    key: WorkspaceKey,
    options: { readonly wait: boolean; readonly pin: boolean },
  ): Promise<LoadedGraph> {
    using lease = await this.manager.getOrLoad(key, this.#builder, {
      estimateBytes: estimateFromFiles(ASSUMED_FILES),
      waitForLoad: options.wait,
      pinned: options.pin,
    });
    return { files: lease.graph.files.size, bytes: fileGraphBytes(lease.graph) };
  }

  /** Builds the graph anew. Rebuilds that are asked for during one become one more. */
  async rebuild(key: WorkspaceKey, { files, gitStateChanged, full }: Changes): Promise<void> {
    await this.#rebuilds.handleChanges(key, {
      files,
      gitStateChanged,
      ...(full ? { gitChange: 'tree-diverged' as const } : {}),
    });
  }

  /** Calls `listener` after each publish of a graph of `root`. @returns What ends that. */
  onPublish(root: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(root) ?? new Set();
    this.#listeners.set(root, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(root);
    };
  }
}
