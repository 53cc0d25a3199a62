import type { Logger } from '../obs/log.ts';
import type { WorkspaceStatus } from './status.ts';

/** A workspace has got a status. */
export interface StatusChange {
  readonly workspaceId: string;
  readonly status: WorkspaceStatus;
}

/** Receives changes after they are committed. Called synchronously, so it is to be short. */
export type StatusListener = (change: StatusChange) => void;

/** Tells who listens what this manager has written. What another manager writes is in the database only. */
export class StatusFeed {
  readonly #listeners = new Set<StatusListener>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Listens until disposed. */
  subscribe(listener: StatusListener): Disposable {
    // A wrapper, so that one function may listen twice.
    const entry: StatusListener = (change) => listener(change);
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  /** Tells everybody; a listener that throws is told of, and is nobody else's trouble. */
  publish(change: StatusChange): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (error) {
        this.#logger.warn('Status listener failed', { workspace_id: change.workspaceId, error });
      }
    }
  }
}
