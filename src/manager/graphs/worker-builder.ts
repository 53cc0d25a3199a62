import { once } from 'node:events';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { type Clock, systemClock } from '../clock.ts';
import type { GraphBuild, GraphBuilder } from './builder.ts';
import type { WorkerMessage, WorkerTask } from './worker-side.ts';

/** Options of {@link workerBuilder}. */
export interface WorkerBuilderOptions<G> {
  /** What the worker is given. Default: root, mode and files of the build; the previous graph is not sent. */
  readonly input?: (build: GraphBuild<G>) => unknown;
  /**
   * How long, in milliseconds, the worker may take to come to its next checkpoint when the build is cancelled,
   * before it is terminated. Default 0: it is terminated at once.
   */
  readonly graceMs?: number;
  /** Limits of the worker's memory. */
  readonly resourceLimits?: WorkerOptions['resourceLimits'];
  readonly clock?: Clock;
}

/**
 * A builder that computes in a thread of its own, one per build, so that the manager goes on meanwhile.
 *
 * @param module - What the worker runs: a module that calls `runWorkerBuild`.
 */
export function workerBuilder<G>(module: URL, options: WorkerBuilderOptions<G> = {}): GraphBuilder<G> {
  const { input = describeBuild, graceMs = 0, resourceLimits, clock = systemClock } = options;
  return async (build) => {
    build.signal.throwIfAborted();
    const cancelled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const task: WorkerTask = { input: input(build), cancelled };
    const worker = new Worker(module, { workerData: task, ...(resourceLimits && { resourceLimits }) });

    let timer: object | undefined;
    const cancel = (): void => {
      Atomics.store(cancelled, 0, 1);
      if (graceMs === 0) void worker.terminate();
      else timer = clock.setTimeout(() => void worker.terminate(), graceMs);
    };
    build.signal.addEventListener('abort', cancel, { once: true });
    try {
      const answer = await answerOf<G>(worker);
      build.signal.throwIfAborted();
      return answer;
    } catch (error) {
      // However the worker ended after that, this is why.
      build.signal.throwIfAborted();
      throw error;
    } finally {
      build.signal.removeEventListener('abort', cancel);
      if (timer) clock.clearTimeout(timer);
      // The memory of the worker is that of the build: the build ends when it is gone.
      await worker.terminate();
    }
  };
}

async function answerOf<G>(worker: Worker): Promise<G> {
  const stop = new AbortController();
  try {
    return await Promise.race([
      // `once` rejects on the event 'error': what the worker threw outside of its build, or running out of memory.
      once(worker, 'message', { signal: stop.signal }).then(([message]) => unwrap<G>(message)),
      once(worker, 'exit', { signal: stop.signal }).then(([code]): never => {
        throw new Error(`the worker of the build ended with code ${code} and without a graph`);
      }),
    ]);
  } finally {
    stop.abort();
  }
}

function unwrap<G>(message: WorkerMessage<G>): G {
  if ('graph' in message) return message.graph;
  throw message.error;
}

function describeBuild<G>({
  root,
  mode,
  files,
}: GraphBuild<G>): Pick<GraphBuild<G>, 'root' | 'mode' | 'files'> {
  return { root, mode, files };
}
