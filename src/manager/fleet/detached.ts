import type { Clock } from '../clock.ts';
import { withDeadline } from '../deadline.ts';
import type { Supervisor } from '../obs/supervise.ts';

/**
 * Does something that is to be done whether its caller waits or not: a request that is given up half way would leave
 * half of it.
 *
 * @param boundMs - How long, in milliseconds, the caller waits. After that `body` is told by its signal, and its end is
 * waited for by the supervisor alone.
 */
export function detached<T>(
  { supervisor, clock }: { readonly supervisor: Supervisor; readonly clock: Clock },
  name: string,
  boundMs: number,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withDeadline(
    clock,
    boundMs,
    name,
    (signal) =>
      new Promise<T>((resolve, reject) => {
        supervisor.spawn(name, () => body(signal).then(resolve, reject));
      }),
  );
}
