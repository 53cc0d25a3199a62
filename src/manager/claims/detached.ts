import type { Logger } from '../obs/log.ts';

/** Runs a task that nobody waits for. A failure is logged under `failure`. */
export function runDetached(logger: Logger, failure: string, task: () => void | Promise<void>): void {
  const run = async (): Promise<void> => {
    try {
      await task();
    } catch (error) {
      logger.error(failure, { error });
    }
  };
  void run();
}
