import { type FileGraph, fileGraphBytes } from './file-graph/file-graph.ts';
import {
  estimateFromFiles,
  type GraphManager,
  RebuildDispatcher,
  type WorkspaceKey,
  workerBuilder,
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

/** The graphs of source files that the server offers, built in a worker. */
export class GraphService {
  readonly manager: GraphManager<FileGraph>;
  readonly #build = workerBuilder<FileGraph>(new URL('./file-graph/worker.js', import.meta.url));
  readonly #rebuilds: RebuildDispatcher<FileGraph>;

  constructor(manager: GraphManager<FileGraph>) {
    this.manager = manager;
    this.#rebuilds = new RebuildDispatcher(manager, this.#build);
  }

  /** Builds the graph of a directory, or finds it. */
  async load(key: WorkspaceKey, options: { wait: boolean; pin: boolean }): Promise<LoadedGraph> {
    using lease = await this.manager.getOrLoad(key, this.#build, {
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
}
