import { onTestFinished } from 'vitest';
import {
  type CreateSession,
  type Db,
  type Metrics,
  type OverlayFile,
  SessionManager,
  type SessionManagerOptions,
  type SessionSnapshot,
  type WorkspaceCache,
} from '../../../src/manager/index.ts';
import { FakeClock, RecordingLogger } from '../fakes.ts';

export { FakeClock, Gate, RecordingLogger, settle, turns } from '../fakes.ts';

/** A clock whose time can pass without a timer firing: what runs in the background, the test runs by hand. */
export class HandClock extends FakeClock {
  #passed = 0;

  override now(): number {
    return super.now() + this.#passed;
  }
  override epoch(): number {
    return super.epoch() + this.#passed;
  }
  /** Lets `ms` pass. */
  pass(ms: number): void {
    this.#passed += ms;
  }
}

/** The n-th of a kind of id. */
function id(kind: string, n: number): string {
  return `${kind}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}
export const session = (n: number): string => id('00000005', n);
export const repo = (n: number): string => id('0000000a', n);
export const changeset = (n: number): string => id('0000000c', n);

/** What session `n` is created with. */
export function creation(n: number, fields: Partial<CreateSession> = {}): CreateSession {
  return {
    sessionId: session(n),
    repoId: repo(1),
    agentId: `agent-id-${n}`,
    changesetId: changeset(n),
    intent: `intent ${n}`,
    baseCommit: 'c0ffee',
    ...fields,
  };
}

/** A cache in memory that tells what it was asked. */
export class MemoryCache implements WorkspaceCache {
  /** `evict <session>`, …, in the order in which they were done. */
  readonly log: string[] = [];
  readonly snapshots = new Map<string, SessionSnapshot>();
  readonly files = new Map<string, OverlayFile>();
  /** Awaited before anything is done. */
  before: (operation: string, sessionId: string) => Promise<void> = async () => {};

  async #do(operation: string, sessionId: string): Promise<void> {
    await this.before(operation, sessionId);
    this.log.push(`${operation} ${sessionId}`);
  }
  async cacheWorkspace(snapshot: SessionSnapshot): Promise<void> {
    await this.#do('cache', snapshot.session_id);
    this.snapshots.set(snapshot.session_id, snapshot);
  }
  async getWorkspace(sessionId: string): Promise<SessionSnapshot | null> {
    await this.#do('get', sessionId);
    return this.snapshots.get(sessionId) ?? null;
  }
  async cacheFile(sessionId: string, path: string, file: OverlayFile | null): Promise<void> {
    await this.#do(file ? `file ${path}` : `no-file ${path}`, sessionId);
    if (file) this.files.set(`${sessionId} ${path}`, file);
    else this.files.delete(`${sessionId} ${path}`);
  }
  async getFile(sessionId: string, path: string): Promise<OverlayFile | null> {
    await this.#do(`get-file ${path}`, sessionId);
    return this.files.get(`${sessionId} ${path}`) ?? null;
  }
  async listFiles(): Promise<string[]> {
    return [];
  }
  async cacheGraph(sessionId: string): Promise<void> {
    await this.#do('graph', sessionId);
  }
  async getGraph(): Promise<null> {
    return null;
  }
  async evict(sessionId: string): Promise<void> {
    await this.#do('evict', sessionId);
    this.snapshots.delete(sessionId);
    for (const key of [...this.files.keys()]) if (key.startsWith(sessionId)) this.files.delete(key);
  }
  async touch(sessionId: string): Promise<void> {
    await this.#do('touch', sessionId);
  }
}

/** Metrics that remember. */
export class RecordingMetrics implements Metrics {
  readonly counts = new Map<string, number>();
  readonly gauges = new Map<string, () => number>();
  count(name: string, _label: unknown, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by);
  }
  gauge(name: string, _label: unknown, read: () => number): void {
    this.gauges.set(name, read);
  }
}

export interface Harness {
  readonly manager: SessionManager;
  readonly clock: FakeClock;
  readonly log: RecordingLogger;
  readonly cache: MemoryCache;
  readonly metrics: RecordingMetrics;
}

/** Opens a manager on fakes and a real database; it is closed after the test. */
export async function startManager(
  db: Db,
  options: Partial<SessionManagerOptions> & { clock?: FakeClock } = {},
): Promise<Harness> {
  const clock = options.clock ?? new FakeClock();
  const [log, cache, metrics] = [new RecordingLogger(), new MemoryCache(), new RecordingMetrics()];
  const manager = await SessionManager.open({ db, cache, logger: log, metrics, ...options, clock });
  onTestFinished(async () => {
    cache.before = async () => {};
    await manager.close();
  });
  return { manager, clock, log, cache, metrics };
}

/** The row of a session. */
export async function rowOf(
  db: Db,
  sessionId: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { rows } = await db.query('SELECT * FROM session_workspaces WHERE session_id = $1', [sessionId]);
  return rows[0];
}

/** The paths of the overlay rows of all sessions. */
export async function overlayRows(db: Db): Promise<string[]> {
  const { rows } = await db.query('SELECT file_path FROM session_overlay_files ORDER BY file_path');
  return rows.map((row) => String(row['file_path']));
}

/** A database whose next statements, those that contain `text`, wait for, or fail with, what `before` does. */
export function intercept(db: Db, before: (text: string) => Promise<void>): Db {
  return {
    kind: db.kind,
    query: async (text, params) => {
      await before(text);
      return await db.query(text, params);
    },
    tx: (body) =>
      db.tx((tx) =>
        body({
          query: async (text, params) => {
            await before(text);
            return await tx.query(text, params);
          },
        }),
      ),
    script: (text) => db.script(text),
    close: () => db.close(),
  };
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
