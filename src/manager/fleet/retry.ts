import type { Supervisor } from '../obs/supervise.ts';

const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 1_000;

/**
 * Tries `operation` three times, with a pause of 1 s and then of 2 s. At the end of the manager the pauses are over.
 *
 * @throws What the last attempt throws.
 */
export async function retry<T>(supervisor: Supervisor, operation: () => Promise<T>): Promise<T> {
  for (let attempt = 1, pause = FIRST_PAUSE_MS; ; attempt++, pause *= 2) {
    try {
      return await operation();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await supervisor.sleep(pause);
    }
  }
}
