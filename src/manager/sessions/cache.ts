import type { OverlayFile } from './overlay.ts';
import type { GraphDelta } from './session-graph.ts';
import type { SessionSnapshot } from './types.ts';

/**
 * A cache of sessions that several managers share. What it has may be late or missing; the database decides.
 *
 * A miss is `null`, never an error. Any method may reject; the manager then warns, counts, and goes on without.
 */
export interface WorkspaceCache {
  /** Keeps what is known of a session. */
  cacheWorkspace(snapshot: SessionSnapshot): Promise<void>;
  getWorkspace(sessionId: string): Promise<SessionSnapshot | null>;
  /** Keeps a file of a session; `null` forgets it. */
  cacheFile(sessionId: string, path: string, file: OverlayFile | null): Promise<void>;
  getFile(sessionId: string, path: string): Promise<OverlayFile | null>;
  /** The paths of the files that are cached, sorted. */
  listFiles(sessionId: string): Promise<string[]>;
  cacheGraph(sessionId: string, graph: GraphDelta): Promise<void>;
  getGraph(sessionId: string): Promise<GraphDelta | null>;
  /** Forgets everything of a session. Idempotent. */
  evict(sessionId: string): Promise<void>;
  /** Lets everything of a session live for the whole time to live again. */
  touch(sessionId: string): Promise<void>;
}

/** Keeps nothing. */
export const noOpCache: WorkspaceCache = {
  async cacheWorkspace() {},
  getWorkspace: async () => null,
  async cacheFile() {},
  getFile: async () => null,
  listFiles: async () => [],
  async cacheGraph() {},
  getGraph: async () => null,
  async evict() {},
  async touch() {},
};
