import { untilAborted } from '../abort.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import type { Supervisor } from '../obs/supervise.ts';
import type { GraphCell } from './lease.ts';

/** Background work of a hook. It is to end soon after `signal` aborts. */
export type HookTask = (signal: AbortSignal) => Promise<void>;

/**
 * Starts background work for a hook, which nobody waits for. It may fail, and it may take longer than
 * `timeoutMs`: both are warned about, and that is all.
 */
export type SpawnHook = (timeoutMs: number, root: string, label: string, task: HookTask) => void;

/** Is told of every graph that was published, exactly once, and of none that was found. */
export interface PublishHook<G> {
  /**
   * Called with no lock held, after the graph can be read. Synchronous, and for starting work only: work that
   * reads the graph takes a lease (`cell.lease()`) before this returns.
   *
   * @param spawn - Starts that work.
   */
  onPublish(root: string, cell: GraphCell<G>, spawn: SpawnHook): void;
}

/** Does nothing. */
export const noOpHook: PublishHook<unknown> = { onPublish() {} };

/** What {@link hookSpawner} works with. */
export interface HookSurroundings {
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Makes a {@link SpawnHook} whose work ends with `supervisor`. */
export function hookSpawner({ supervisor, clock, logger }: HookSurroundings): SpawnHook {
  return (timeoutMs, root, label, task) =>
    supervisor.spawn(label, async () => {
      const timeout = new AbortController();
      const timer = clock.setTimeout(() => {
        timeout.abort(new Error(`not done within ${timeoutMs} ms`));
      }, timeoutMs);
      try {
        const signal = AbortSignal.any([timeout.signal, supervisor.signal]);
        // A task that does not listen must not keep its owner.
        await untilAborted(task(signal), signal);
      } catch (error) {
        logger.warn('A publish hook failed', { root, hook: label, error });
      } finally {
        clock.clearTimeout(timer);
      }
    });
}
