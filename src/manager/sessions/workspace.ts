import { Mutex } from '../../locks/index.ts';
import type { Clock } from '../clock.ts';
import { isStorable, NOT_STORABLE } from '../storable.ts';
import type { WorkspaceCache } from './cache.ts';
import {
  FileDeletedError,
  FileNotFoundError,
  InvalidSessionError,
  SessionEndedError,
  SessionLostError,
} from './errors.ts';
import { type ChangeType, Overlay, type OverlayFile, overlayFile } from './overlay.ts';
import type { SessionRows } from './rows.ts';
import type { GraphChange, SessionGraph } from './session-graph.ts';
import {
  infoOf,
  isLive,
  type SessionInfo,
  type SessionRecord,
  type SessionSnapshot,
  type SessionState,
  snapshotOf,
} from './types.ts';

/** Reads a file of a commit; `undefined` if the commit does not have it. */
export type ReadBase = (repoId: string, commit: string, path: string) => Promise<Uint8Array | undefined>;

/** What a workspace needs of its surroundings. */
export interface WorkspaceTools {
  readonly rows: SessionRows;
  readonly clock: Clock;
  readonly readBase: ReadBase | undefined;
  /** Writes to the cache unless `workspace` is closed. Never waits, never fails. */
  cache(workspace: SessionWorkspace, failure: string, run: (cache: WorkspaceCache) => Promise<void>): void;
  /** Told that the database has the session open no more. */
  lost(workspace: SessionWorkspace): void;
}

/** A file as a session reads it. */
export interface SessionFile {
  readonly content: Uint8Array;
  /** Whether this is the session's own version. */
  readonly modifiedInSession: boolean;
}

/** Options of {@link SessionWorkspace.write}. */
export interface WriteOptions {
  /** Whether the base commit lacks the file. Default `modified`. */
  readonly change?: Exclude<ChangeType, 'deleted'> | undefined;
  /** SHA-256, in hex, of the file in the base commit. */
  readonly baseHash?: string | undefined;
}

/**
 * A session that this process has open: the files and symbols in which it differs from its base commit.
 *
 * Every change is in the database before it is seen here, and is sent to the cache afterwards. If the database has
 * given the session up in the meantime (to another manager, say), nothing changes, and {@link SessionLostError} tells.
 */
export class SessionWorkspace {
  /**
   * Makes changes, and the end of the workspace, follow each other: what is seen is what was written last, and what is
   * collected has no write on its way. Held across statements of the database, and with no other lock.
   *
   * @internal
   */
  readonly mu = new Mutex({ name: 'SessionWorkspace.mu' });

  /** When this process opened the session, on the clock. */
  readonly openedAt: number;
  /**
   * When the session was last used, on the clock.
   * @internal
   */
  lastActive: number;
  /**
   * When the cache was last told, on the clock.
   * @internal
   */
  lastTouched: number | undefined;

  readonly #tools: WorkspaceTools;
  #record: SessionRecord;
  readonly #overlay: Overlay;
  #graph: SessionGraph;
  #open = true;

  constructor(
    record: SessionRecord,
    graph: SessionGraph,
    files: Iterable<OverlayFile>,
    tools: WorkspaceTools,
  ) {
    this.#record = record;
    this.#graph = graph;
    this.#overlay = new Overlay(files);
    this.#tools = tools;
    this.openedAt = tools.clock.now();
    this.lastActive = this.openedAt;
  }

  get sessionId(): string {
    return this.#record.session_id;
  }

  get repoId(): string {
    return this.#record.repo_id;
  }

  /** The session as its row has it. */
  get record(): SessionRecord {
    return this.#record;
  }

  /** The symbols as the session has them. */
  get graph(): SessionGraph {
    return this.#graph;
  }

  /** Whether this process still has the session. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** The size of all files in which the session differs. */
  get totalBytes(): number {
    return this.#overlay.totalBytes;
  }

  /** The session as clients see it. */
  info(): SessionInfo {
    return infoOf(this.#record, this.#tools.clock.epoch());
  }

  /** The session as it is cached. */
  snapshot(): SessionSnapshot {
    return snapshotOf(this.#record);
  }

  /** Whether the session differs at `path`. */
  hasChanged(path: string): boolean {
    return this.#overlay.has(path);
  }

  /** The session's own version of a file, if it differs there. */
  changeAt(path: string): OverlayFile | undefined {
    return this.#overlay.get(path);
  }

  /** In which files the session differs, by path. */
  listChanges(): OverlayFile[] {
    return this.#overlay.list();
  }

  /**
   * Reads a file: the session's version of it, or else that of the base commit.
   *
   * @throws {@link FileDeletedError}, {@link FileNotFoundError}, or what reading the base commit throws.
   */
  async read(path: string): Promise<SessionFile> {
    const own = this.#overlay.get(path);
    if (own?.change === 'deleted') throw new FileDeletedError(path);
    if (own) return { content: own.content, modifiedInSession: true };
    const { repo_id, base_commit } = this.#record;
    const content = await this.#tools.readBase?.(repo_id, base_commit, path);
    if (!content) throw new FileNotFoundError(path);
    return { content, modifiedInSession: false };
  }

  /** Writes a file. @returns The SHA-256 of its content, in hex. @throws {@link SessionLostError} {@link SessionEndedError} */
  async write(path: string, content: Uint8Array, options: WriteOptions = {}): Promise<string> {
    const file = overlayFile(checkedPath(path), options.change ?? 'modified', content, options.baseHash);
    await this.#put(file);
    return file.hash;
  }

  /** Deletes a file, for the session. @throws {@link SessionLostError} {@link SessionEndedError} */
  async delete(path: string): Promise<void> {
    await this.#put(overlayFile(checkedPath(path), 'deleted', new Uint8Array()));
  }

  /** Returns a file to what it is in the base commit. @throws {@link SessionLostError} {@link SessionEndedError} */
  async revert(path: string): Promise<void> {
    using _mu = await this.mu.acquire();
    await this.#change(() => this.#tools.rows.deleteFile(this.#record, path));
    this.#overlay.delete(path);
    this.#cache((cache) => cache.cacheFile(this.sessionId, path, null));
  }

  /** Changes symbols. @throws {@link SessionLostError} {@link SessionEndedError} */
  async changeSymbols(changes: readonly GraphChange[]): Promise<void> {
    using _mu = await this.mu.acquire();
    const next = this.#graph.with(changes);
    const delta = next.delta();
    await this.#change(() => this.#tools.rows.saveGraph(this.#record, delta));
    this.#graph = next;
    this.#cache((cache) => cache.cacheGraph(this.sessionId, delta));
  }

  /**
   * Says what has become of the session. `merged` is final.
   *
   * @throws {@link SessionLostError} {@link SessionEndedError}
   */
  async setState(state: Extract<SessionState, 'active' | 'submitted' | 'merged'>): Promise<void> {
    using _mu = await this.mu.acquire();
    await this.#save({ ...this.#record, state });
  }

  /**
   * Moves the end of a persistent session; `undefined` means never.
   *
   * @throws {@link InvalidSessionError} for an ephemeral one. {@link SessionLostError} {@link SessionEndedError}
   */
  async setExpiry(expiresAt: Date | undefined): Promise<void> {
    if (this.#record.mode !== 'persistent') {
      throw new InvalidSessionError(`session ${this.sessionId} is ephemeral: only a persistent one expires`);
    }
    using _mu = await this.mu.acquire();
    await this.#save({ ...this.#record, expires_at: expiresAt });
  }

  /**
   * Makes every later change fail. For whoever takes the workspace out of the manager.
   *
   * @internal
   */
  close(): void {
    this.#open = false;
  }

  async #put(file: OverlayFile): Promise<void> {
    using _mu = await this.mu.acquire();
    await this.#change(() => this.#tools.rows.saveFile(this.#record, file));
    this.#overlay.set(file);
    this.#cache((cache) => cache.cacheFile(this.sessionId, file.path, file));
  }

  /** @requiresLock SessionWorkspace.mu */
  async #save(record: SessionRecord): Promise<void> {
    await this.#change(() => this.#tools.rows.saveRecord(record));
    this.#record = record;
    const snapshot = this.snapshot();
    this.#cache((cache) => cache.cacheWorkspace(snapshot));
  }

  /** @requiresLock SessionWorkspace.mu */
  async #change(write: () => Promise<boolean>): Promise<void> {
    if (!this.#open) throw new SessionLostError(this.sessionId);
    if (!isLive(this.#record.state)) throw new SessionEndedError(this.sessionId, this.#record.state);
    this.lastActive = this.#tools.clock.now();
    if (await write()) return;
    this.#tools.lost(this);
    throw new SessionLostError(this.sessionId);
  }

  #cache(run: (cache: WorkspaceCache) => Promise<void>): void {
    this.#tools.cache(this, 'L2 cache write failed', run);
  }
}

/** The path of a file, which is not empty. @throws {@link InvalidSessionError} */
export function checkedPath(path: string): string {
  if (path === '') throw new InvalidSessionError('a file has a path that is not empty');
  if (!isStorable(path)) throw new InvalidSessionError(`the path of a file ${NOT_STORABLE}`);
  return path;
}
