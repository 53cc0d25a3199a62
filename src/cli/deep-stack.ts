import { Worker } from 'node:worker_threads';
import type { Outcome } from './main.ts';
import type { Stream, Terminal } from './terminal.ts';

/** What the thread is told. */
export interface DeepStackRequest {
  readonly argv: readonly string[];
  readonly env: Terminal['env'];
  readonly isTTY: { readonly stdout: boolean; readonly stderr: boolean };
}

/** What the thread says: something to write, or at its end how the run ended. */
export type DeepStackMessage =
  | { readonly to: 'stdout' | 'stderr'; readonly text: string }
  | { readonly outcome: Outcome };

/** Enough for some ten thousand levels of brackets. Only what is used of it is ever taken from the machine. */
const STACK_MB = 256;

/**
 * Runs a command line in a thread with a large stack. Generated code nests thousands of levels deep, and parser and
 * analysis follow it down; the stack of the main thread ends at about one megabyte, whatever the machine allows.
 */
export function runOnDeepStack(argv: readonly string[], { stdout, stderr, env }: Terminal): Promise<Outcome> {
  const request: DeepStackRequest = {
    argv,
    env: { ...env },
    isTTY: { stdout: isTTY(stdout), stderr: isTTY(stderr) },
  };
  const file = import.meta.filename.replace(/deep-stack(\.[jt]s)$/, 'deep-stack-thread$1');
  const worker = new Worker(file, { workerData: request, resourceLimits: { stackSizeMb: STACK_MB } });
  return new Promise((resolve, reject) => {
    worker.on('message', (message: DeepStackMessage) => {
      if ('outcome' in message) resolve(message.outcome);
      else (message.to === 'stdout' ? stdout : stderr).write(message.text);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the thread of the analysis ended with code ${code}`)));
  });
}

function isTTY(stream: Stream): boolean {
  return stream.isTTY === true;
}
