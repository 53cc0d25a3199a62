import { parentPort, workerData } from 'node:worker_threads';

/** What a worker is started with. */
export interface WorkerTask {
  readonly input: unknown;
  /** Not 0 when the build is cancelled. */
  readonly cancelled: Int32Array;
}

/** What a worker answers. Errors keep their message and their stack on the way. */
export type WorkerMessage<G> = { readonly graph: G } | { readonly error: Error };

/** Ends the build if it is cancelled. To be called between passes: often enough to end soon. */
export type Checkpoint = () => void;

/**
 * Runs a build in a worker that `workerBuilder` started: the one call of the worker's module.
 *
 * @param build - Gets what `WorkerBuilderOptions.input` made. What it returns is copied to the manager.
 * @throws Error outside of such a worker.
 */
export async function runWorkerBuild<Input, G>(
  build: (input: Input, checkpoint: Checkpoint) => G | Promise<G>,
): Promise<void> {
  if (!parentPort) throw new Error('runWorkerBuild is called outside of a worker');
  const { input, cancelled }: WorkerTask = workerData;
  const checkpoint = (): void => {
    if (Atomics.load(cancelled, 0) !== 0) throw new Error('the build is cancelled');
  };
  try {
    parentPort.postMessage({ graph: await build(input as Input, checkpoint) } satisfies WorkerMessage<G>);
  } catch (error) {
    parentPort.postMessage({ error: sendable(error) } satisfies WorkerMessage<G>);
  }
}

/** Errors of the platform that are not JavaScript's own lose their message when they are copied. */
function sendable(error: unknown): Error {
  return error instanceof Error && !(error instanceof DOMException) ? error : new Error(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
