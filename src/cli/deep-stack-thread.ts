/** The thread that {@link runOnDeepStack} starts. */
import { parentPort, workerData } from 'node:worker_threads';
import type { DeepStackMessage, DeepStackRequest } from './deep-stack.ts';
import { run } from './main.ts';
import type { Stream } from './terminal.ts';

const { argv, env, isTTY } = workerData as DeepStackRequest;

function tell(message: DeepStackMessage): void {
  parentPort?.postMessage(message);
}

function stream(to: 'stdout' | 'stderr'): Stream {
  return { isTTY: isTTY[to], write: (text) => tell({ to, text }) };
}

tell({ outcome: await run(argv, { stdout: stream('stdout'), stderr: stream('stderr'), env }) });
