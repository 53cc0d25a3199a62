import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../clock.ts';
import { type Logger, silentLogger } from '../obs/log.ts';
import { silentMetrics } from '../obs/metrics.ts';
import { Supervisor } from '../obs/supervise.ts';
import { isStorable, NOT_STORABLE } from '../storable.ts';
import { canonicalUuid } from '../uuid.ts';
import { noOpCache, type WorkspaceCache } from './cache.ts';
import { CacheQueue } from './cache-queue.ts';
import { InvalidSessionError, SessionNotFoundError, SessionsClosedError } from './errors.ts';
import { type Collected, Collector } from './gc.ts';
import { ManagerLease } from './lease.ts';
import { SessionLookup } from './lookup.ts';
import { describeModifiers } from './modifiers.ts';
import {
  type CreateSession,
  DEFAULT_ABANDON_AFTER_MS,
  DEFAULT_IDLE_TTL_MS,
  DEFAULT_LEASE_MS,
  DEFAULT_MAX_TTL_MS,
  type SessionManagerOptions,
} from './options.ts';
import type { OverlayFile } from './overlay.ts';
import { SessionRegistry } from './registry.ts';
import { Resumer } from './resume.ts';
import { SessionRows } from './rows.ts';
import { type BaseGraph, type GraphDelta, SessionGraph } from './session-graph.ts';
import { infoOf, type SessionInfo, type SessionRecord, type SessionSnapshot } from './types.ts';
import { checkedPath, SessionWorkspace, type WorkspaceTools } from './workspace.ts';

const DEFAULT_GC_INTERVAL_MS = 60_000;
/** How long a close waits for the cache. */
const DRAIN_MS = 2_000;

/**
 * Agent sessions: what an agent has changed in a repository, kept until something has become of it.
 *
 * A session is open in one manager at a time, which has it in memory; its rows are in the database, which several
 * managers may share, and what is cached may be anywhere. A session that is closed before its changeset has ended is
 * *stranded*: any manager can resume it, under a new id.
 *
 * Locks: `Resumer.lane` (one resume of a session at a time, here), then `SessionWorkspace.mu`. Both are
 * held across statements of the database, and neither is ever held together with a lock of another part.
 */
export class SessionManager implements AsyncDisposable {
  readonly #options: SessionManagerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #supervisor: Supervisor;
  readonly #cache: WorkspaceCache;
  readonly #cacheQueue: CacheQueue;
  readonly #rows: SessionRows;
  readonly #lease: ManagerLease;
  readonly #registry: SessionRegistry;
  readonly #collector: Collector;
  readonly #lookup: SessionLookup;
  readonly #resumer: Resumer;
  readonly #tools: WorkspaceTools;
  /** Sessions that are on their way into the registry. */
  readonly #opening = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  /** Opens a manager: makes it known to the others, strands what managers left behind that are gone, and collects. */
  static async open(options: SessionManagerOptions): Promise<SessionManager> {
    const manager = new SessionManager(options);
    await manager.heartbeat();
    manager.#start();
    return manager;
  }

  private constructor(options: SessionManagerOptions) {
    const { db, clock = systemClock, logger = silentLogger, metrics = silentMetrics } = options;
    const owner = randomUUID();
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#supervisor = new Supervisor({ clock, logger, metrics });
    this.#cache = options.cache ?? noOpCache;
    this.#cacheQueue = new CacheQueue(this.#cache, clock, logger, metrics);
    this.#rows = new SessionRows(db, () => ({ owner, now: clock.epoch() }));
    this.#lease = new ManagerLease({
      db,
      owner,
      leaseMs: options.leaseMs ?? DEFAULT_LEASE_MS,
      epoch: () => clock.epoch(),
    });
    this.#registry = new SessionRegistry(this.#cacheQueue, clock);
    this.#collector = new Collector({
      registry: this.#registry,
      rows: this.#rows,
      clock,
      logger,
      changesetEnded: options.changesetEnded,
      onStranded: options.onStranded,
    });
    this.#tools = {
      rows: this.#rows,
      clock,
      readBase: options.readBase,
      cache: (workspace, failure, run) => {
        // A write that comes after the end of the session must not come after its eviction.
        if (workspace.isOpen) this.#cacheQueue.enqueue(workspace.sessionId, failure, run);
      },
      lost: (workspace) => this.#registry.drop(workspace),
    };
    this.#lookup = new SessionLookup(this.#registry, this.#cacheQueue, this.#rows);
    this.#resumer = new Resumer({
      rows: this.#rows,
      registry: this.#registry,
      collector: this.#collector,
      cache: this.#cacheQueue,
      clock,
      logger,
      tools: this.#tools,
      baseOf: (record) => this.#baseOf(record),
      onResumed: options.onResumed,
      alive: () => this.#lease.alive,
    });
    metrics.gauge('ws_manager_sessions', undefined, () => this.#registry.size);
  }

  /** The cache, as given. */
  get cache(): WorkspaceCache {
    return this.#cache;
  }

  /** Draws a name that no other agent of the repository has, on any manager: `agent-1`, `agent-2`, … */
  async nextAgentName(repoId: string): Promise<string> {
    return await this.#rows.nextAgentName(uuid('repo_id', repoId));
  }

  /**
   * Creates a session and opens it here. The cache may fail; that is logged.
   *
   * @throws {@link InvalidSessionError}, {@link SessionExistsError}, {@link SessionsClosedError}, what the database or
   * `baseGraph` fails with. Nothing is opened then.
   */
  async createWorkspace(create: CreateSession): Promise<SessionWorkspace> {
    const { mode = { kind: 'ephemeral' } } = create;
    const record = {
      id: randomUUID(),
      session_id: create.sessionId === undefined ? randomUUID() : uuid('session_id', create.sessionId),
      repo_id: uuid('repo_id', create.repoId),
      agent_id: storable('agent_id', create.agentId),
      agent_name: create.agentName === undefined ? undefined : storable('agent_name', create.agentName),
      changeset_id: uuid('changeset_id', create.changesetId),
      intent: storable('intent', create.intent),
      base_commit: storable('base_commit', create.baseCommit),
      state: 'active',
      mode: mode.kind,
      expires_at: mode.kind === 'persistent' ? mode.expiresAt : undefined,
      created_at: new Date(this.#clock.epoch()),
    } as const;
    return await this.#whileOpening(async () => {
      const base = await this.#baseOf(record);
      const inserted = await this.#rows.insert(record);
      const workspace = new SessionWorkspace(inserted, new SessionGraph(base), [], this.#tools);
      this.#registry.add(workspace);
      return workspace;
    });
  }

  /** The session, if it is open here. Counts as its use. */
  getWorkspace(sessionId: string): SessionWorkspace | undefined {
    const id = canonicalUuid(sessionId);
    return id === undefined ? undefined : this.#registry.use(id);
  }

  /**
   * What is known of a session, wherever it is open, or whatever has become of it: from here, from the cache, or from
   * the database.
   *
   * @throws {@link SessionNotFoundError}
   */
  async lookup(sessionId: string): Promise<SessionSnapshot> {
    const id = canonicalUuid(sessionId);
    if (id === undefined) throw new SessionNotFoundError(sessionId);
    return await this.#lookup.session(id);
  }

  /** A session's own version of a file, wherever it is open. What another manager has just written may be missing. */
  async lookupFile(sessionId: string, path: string): Promise<OverlayFile | undefined> {
    return await this.#lookup.file(uuid('session_id', sessionId), path);
  }

  /** How a session's symbols differ, wherever it is open. What another manager has just written may be missing. */
  async lookupGraph(sessionId: string): Promise<GraphDelta | undefined> {
    return await this.#lookup.graph(uuid('session_id', sessionId));
  }

  /** The open sessions of a repository, on all managers, the oldest first. */
  async listSessions(repoId: string): Promise<SessionInfo[]> {
    const records = await this.#rows.list(uuid('repo_id', repoId));
    const now = this.#clock.epoch();
    return records.map((record) => infoOf(record, now));
  }

  /** How many sessions of the repository are open here. */
  activeCount(repoId: string): number {
    return this.activeSessionsForRepo(repoId).length;
  }

  /** The ids of the sessions of the repository that are open here, without `exclude`. */
  activeSessionsForRepo(repoId: string, exclude?: string): string[] {
    const [repo, other] = [canonicalUuid(repoId), exclude === undefined ? undefined : canonicalUuid(exclude)];
    return this.#registry
      .all()
      .filter((workspace) => workspace.repoId === repo && workspace.sessionId !== other)
      .map(({ sessionId }) => sessionId);
  }

  /** How many sessions are open here. */
  totalActive(): number {
    return this.#registry.size;
  }

  /**
   * Who else modifies a file, on all managers, in words for an agent: `create_task modified by agent-2`, one part for
   * each session in the order of agent names, joined by `; `. Empty if nobody does.
   */
  async describeOtherModifiers(path: string, repoId: string, exclude: string): Promise<string> {
    const modifiers = await this.#rows.modifiersOf(
      checkedPath(path),
      uuid('repo_id', repoId),
      uuid('session_id', exclude),
    );
    return describeModifiers(path, modifiers);
  }

  /**
   * Ends a session for good, wherever it is open, and drops what it has changed.
   *
   * @returns The session, if there was one to end.
   */
  async destroyWorkspace(sessionId: string): Promise<SessionInfo | undefined> {
    const id = canonicalUuid(sessionId);
    if (id === undefined) return undefined;
    const ended = await this.#end(id);
    return ended && infoOf(ended, this.#clock.epoch());
  }

  /**
   * Opens here, under a new id, a session that is stranded. A session that was resumed before is resumed again if it
   * is stranded again, and otherwise told: to resume it twice does what to resume it once does.
   *
   * @returns The session that goes on.
   * @throws {@link SessionNotFoundError}; {@link SessionEndedError}; {@link SessionInUseError} for one that is open
   * under this id; {@link SessionsClosedError}; what `baseGraph` or `onResumed` fails with. It is stranded again then.
   */
  async resume(sessionId: string): Promise<SessionInfo> {
    const id = uuid('session_id', sessionId);
    return await this.#whileOpening(() => this.#resumer.resume(id));
  }

  /** Closes the persistent sessions, open here, whose time is over. */
  async gcExpired(): Promise<Collected> {
    return await this.#collector.expired();
  }

  /** Closes the ephemeral sessions, open here, that are not among `connected`. */
  async cleanupDisconnected(connected: Iterable<string>): Promise<Collected> {
    return await this.#collector.disconnected([...connected].map((id) => canonicalUuid(id) ?? id));
  }

  /** Closes the sessions, open here, that nobody uses, or that are open for too long. */
  async gcExpiredSessions(idleTtlMs: number, maxTtlMs: number): Promise<Collected> {
    return await this.#collector.idle(idleTtlMs, maxTtlMs);
  }

  /** Ends the sessions, of all managers, that nobody has resumed in time. @returns Their ids. */
  async abandonStranded(): Promise<string[]> {
    const { abandonAfterMs = DEFAULT_ABANDON_AFTER_MS } = this.#options;
    return await this.#rows.abandon(this.#clock.epoch() - abandonAfterMs, 'not resumed in time');
  }

  /**
   * Makes this manager known as being there, strands what managers have left that are not, and drops what is here and
   * somebody else's by now. Runs by itself.
   *
   * @internal
   */
  async heartbeat(): Promise<void> {
    const inTime = await this.#lease.beat();
    const workspaces = this.#registry.all();
    const ids = workspaces.map(({ sessionId }) => sessionId);
    if (inTime) await this.#lease.strandOrphans(ids, 'its manager is gone');
    const lost = new Set(await this.#lease.lostAmong(ids));
    for (const workspace of workspaces) {
      if (lost.has(workspace.sessionId)) this.#registry.drop(workspace);
    }
  }

  /** Strands every session that is open here, and ends the background work. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** {@link SessionManager.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #start(): void {
    const { leaseMs = DEFAULT_LEASE_MS, gcIntervalMs = DEFAULT_GC_INTERVAL_MS } = this.#options;
    const { idleTtlMs = DEFAULT_IDLE_TTL_MS, maxTtlMs = DEFAULT_MAX_TTL_MS } = this.#options;
    this.#supervisor.loop('sessions.lease', async (signal) => {
      for (;;) {
        await this.#supervisor.sleep(leaseMs / 3);
        if (signal.aborted) return;
        await this.heartbeat();
      }
    });
    this.#supervisor.loop('sessions.gc', async (signal) => {
      for (;;) {
        await this.#supervisor.sleep(gcIntervalMs);
        if (signal.aborted) return;
        await this.gcExpired();
        await this.gcExpiredSessions(idleTtlMs, maxTtlMs);
        await this.abandonStranded();
      }
    });
  }

  async #close(): Promise<void> {
    await this.#supervisor.close();
    await Promise.allSettled(this.#opening);
    await this.#collector.everything('its manager was closed');
    await this.#lease.end().catch((error: unknown) => {
      this.#logger.warn('Session manager not signed off', { error });
    });
    await this.#cacheQueue.drain(DRAIN_MS);
  }

  async #end(id: string): Promise<SessionRecord | undefined> {
    const workspace = this.#registry.peek(id);
    if (!workspace) {
      const ended = await this.#rows.end(id, 'abandoned', DESTROYED);
      if (ended) this.#cacheQueue.evict(id);
      return ended;
    }
    using _mu = await workspace.mu.acquire();
    const ended = await this.#rows.end(id, 'abandoned', DESTROYED);
    // Two destroys, or a destroy and a collection: what was dropped in between has been told to somebody else.
    return this.#registry.drop(workspace) ? (ended ?? workspace.record) : ended;
  }

  /** Runs what opens a session; a close waits for it, and then closes that too. */
  async #whileOpening<T>(open: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new SessionsClosedError();
    const work = open();
    this.#opening.add(work);
    try {
      return await work;
    } finally {
      this.#opening.delete(work);
    }
  }

  async #baseOf(record: Pick<SessionRecord, 'repo_id' | 'base_commit'>): Promise<BaseGraph | undefined> {
    return await this.#options.baseGraph?.(record.repo_id, record.base_commit);
  }
}

const DESTROYED = 'destroyed';

/** @throws {@link InvalidSessionError} */
function storable(what: string, text: string): string {
  if (isStorable(text)) return text;
  throw new InvalidSessionError(`${what} ${NOT_STORABLE}`);
}

function uuid(what: string, text: string): string {
  const id = canonicalUuid(text);
  if (id === undefined) throw new InvalidSessionError(`${what} must be a UUID, got '${text}'`);
  return id;
}
