import { randomUUID } from 'node:crypto';
import { KeyedMutex } from '../../locks/index.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import type { CacheQueue } from './cache-queue.ts';
import type { Collector } from './gc.ts';
import type { SessionRegistry } from './registry.ts';
import type { SessionRows } from './rows.ts';
import { type BaseGraph, SessionGraph } from './session-graph.ts';
import { infoOf, type SessionInfo, type SessionRecord } from './types.ts';
import { SessionWorkspace, type WorkspaceTools } from './workspace.ts';

/** What a {@link Resumer} needs of its surroundings. */
export interface ResumerOptions {
  readonly rows: SessionRows;
  readonly registry: SessionRegistry;
  readonly collector: Collector;
  readonly cache: CacheQueue;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tools: WorkspaceTools;
  readonly baseOf: (record: SessionRecord) => Promise<BaseGraph | undefined>;
  readonly onResumed: ((session: SessionInfo) => void | Promise<void>) | undefined;
  /** Managers that were seen after this moment have what they own. */
  readonly alive: () => number;
}

/** How a resume ended. */
type Attempt =
  | { readonly kind: 'open'; readonly record: SessionRecord }
  /** The row was taken, and what had to follow failed; `strandError` if the row could not be given back. */
  | {
      readonly kind: 'failed';
      readonly record: SessionRecord;
      readonly error: unknown;
      readonly strandError: unknown;
    };

/** Why a session is stranded whose resume failed. */
const RESUME_FAILED = 'its resume failed';

/** Opens stranded sessions here. */
export class Resumer {
  /**
   * One resume of a session at a time, so that the second finds what the first has opened, or given back. Comes before
   * every other lock, and is held across statements of the database and the embedder's `onResumed`.
   *
   * @internal
   */
  readonly lane = new KeyedMutex({ name: 'Resumer.lane' });

  readonly #options: ResumerOptions;

  constructor(options: ResumerOptions) {
    this.#options = options;
  }

  /** See `SessionManager.resume`. */
  async resume(id: string): Promise<SessionInfo> {
    const { clock, alive } = this.#options;
    const attempt = await this.#attempt(id, alive());
    if (attempt.kind === 'open') return infoOf(attempt.record, clock.epoch());
    const { record, error, strandError } = attempt;
    if (strandError === undefined) {
      await this.#options.collector.tellStranded(record, RESUME_FAILED);
    } else {
      // Open in the database, and in no manager: a later heartbeat strands it.
      this.#options.logger.warn('Session not stranded', {
        session_id: record.session_id,
        error: strandError,
      });
    }
    throw error;
  }

  async #attempt(id: string, alive: number): Promise<Attempt> {
    const { rows, registry, cache, clock, tools, baseOf, onResumed } = this.#options;
    using _lane = await this.lane.acquire(id);
    const outcome = await rows.resume(id, randomUUID(), alive);
    const { record } = outcome;
    if (outcome.kind === 'already') return { kind: 'open', record };
    try {
      const graph = new SessionGraph(await baseOf(record), outcome.graph);
      await onResumed?.(infoOf(record, clock.epoch()));
      const workspace = new SessionWorkspace(record, graph, outcome.files, tools);
      // The manager that had the session may have ended before it could do that.
      cache.evict(outcome.dead);
      registry.add(workspace);
      return { kind: 'open', record };
    } catch (error) {
      return {
        kind: 'failed',
        record,
        error,
        strandError: await failureOf(rows.strand(record, RESUME_FAILED)),
      };
    }
  }
}

/** What `work` fails with; `undefined` if it does not. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}
