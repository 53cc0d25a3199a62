import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import type { SessionRegistry } from './registry.ts';
import type { SessionRows } from './rows.ts';
import { infoOf, isLive, type SessionInfo, type SessionSnapshot } from './types.ts';
import type { SessionWorkspace } from './workspace.ts';

/** Whether nothing more can become of the changeset of a session, so that its session need not be kept. */
export type ChangesetEnded = (session: SessionSnapshot) => boolean | Promise<boolean>;

/** What is told of a session that was stranded. */
export type OnStranded = (session: SessionInfo, reason: string) => void | Promise<void>;

/** The sessions that a collection closed. */
export interface Collected {
  /** Kept in the database, to be resumed. */
  readonly stranded: string[];
  /** Gone for good: their changesets have ended. */
  readonly expired: string[];
}

/** What a {@link Collector} needs of its surroundings. */
export interface CollectorOptions {
  readonly registry: SessionRegistry;
  readonly rows: SessionRows;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly changesetEnded: ChangesetEnded | undefined;
  readonly onStranded: OnStranded | undefined;
}

/**
 * Closes sessions that nobody uses. Whichever way, a session is *pinned* as long as something can become of its
 * changeset: it is stranded then, not dropped. Whether it is pinned is asked of the embedder; no answer means yes.
 *
 * Candidates are collected first. Each is looked at again, under its lock, in the step that closes it, for it may have
 * been used, extended or replaced meanwhile. A session whose row cannot be written stays as it is.
 */
export class Collector {
  readonly #registry: SessionRegistry;
  readonly #rows: SessionRows;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changesetEnded: ChangesetEnded | undefined;
  readonly #onStranded: OnStranded | undefined;

  constructor(options: CollectorOptions) {
    this.#registry = options.registry;
    this.#rows = options.rows;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#changesetEnded = options.changesetEnded;
    this.#onStranded = options.onStranded;
  }

  /** Closes persistent sessions whose time is over. */
  expired(): Promise<Collected> {
    return this.#collect('expired', ({ record }) => {
      return record.expires_at !== undefined && this.#clock.epoch() >= record.expires_at.getTime();
    });
  }

  /** Closes ephemeral sessions that are not among `connected`. */
  disconnected(connected: Iterable<string>): Promise<Collected> {
    const ids = new Set(connected);
    return this.#collect('disconnected', ({ sessionId, record }) => {
      return record.mode !== 'persistent' && !ids.has(sessionId);
    });
  }

  /** Closes sessions that nobody has used for more than `idleTtlMs`, or that are open for more than `maxTtlMs`. */
  idle(idleTtlMs: number, maxTtlMs: number): Promise<Collected> {
    return this.#collect('idle', ({ lastActive, openedAt }) => {
      const now = this.#clock.now();
      return now - lastActive > idleTtlMs || now - openedAt > maxTtlMs;
    });
  }

  /** Closes every session; those whose rows cannot be written are taken out nevertheless. */
  async everything(reason: string): Promise<Collected> {
    const collected = await this.#collect(reason, () => true);
    for (const workspace of this.#registry.all()) this.#registry.drop(workspace);
    return collected;
  }

  async #collect(reason: string, isDue: (workspace: SessionWorkspace) => boolean): Promise<Collected> {
    const collected: Collected = { stranded: [], expired: [] };
    for (const workspace of this.#registry.all().filter(isDue)) {
      try {
        const outcome = await this.#close(workspace, reason, () => isDue(workspace));
        if (outcome) collected[outcome].push(workspace.sessionId);
      } catch (error) {
        this.#logger.warn('Session not collected', { session_id: workspace.sessionId, reason, error });
      }
    }
    return collected;
  }

  async #close(
    workspace: SessionWorkspace,
    reason: string,
    isDue: () => boolean,
  ): Promise<keyof Collected | undefined> {
    const pinned = await this.#isPinned(workspace.snapshot());
    let stranded = false;
    {
      using _mu = await workspace.mu.acquire();
      if (!this.#registry.has(workspace) || !isDue()) return undefined;
      stranded = pinned && (await this.#rows.strand(workspace.record, reason));
      if (!stranded) await this.#rows.end(workspace.sessionId, 'expired', reason);
      this.#registry.drop(workspace);
    }
    if (!stranded) return 'expired';
    await this.tellStranded(workspace.record, reason);
    return 'stranded';
  }

  /** Tells the embedder, whose failure changes nothing: the session is stranded. */
  async tellStranded(record: SessionWorkspace['record'], reason: string): Promise<void> {
    try {
      await this.#onStranded?.(infoOf(record, this.#clock.epoch()), reason);
    } catch (error) {
      this.#logger.warn('Strand hook failed', { session_id: record.session_id, reason, error });
    }
  }

  async #isPinned(session: SessionSnapshot): Promise<boolean> {
    if (!isLive(session.state)) return false;
    try {
      return !(await this.#changesetEnded?.(session));
    } catch (error) {
      this.#logger.warn('Changeset not found; its session is kept', {
        session_id: session.session_id,
        error,
      });
      return true;
    }
  }
}
