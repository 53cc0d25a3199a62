import { parentPort, workerData } from 'node:worker_threads';

/** What a worker is started with. */
export interface WorkerTask {
  readonly input: unknown;
  /** Not 0 when the build is cancelled. */
  readonly cancelled: Int32Array;
}

/** What a worker answers. Errors keep their message and their stack on the way. */
export type WorkerMessage<G> = { readonly graph: G } | { readonly error: unknown };

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
  let message: WorkerMessage<G>;
  try {
    message = { graph: await build(input as Input, checkpoint) };
  } catch (error) {
    message = { error };
  }
  parentPort.postMessage(message);
}
