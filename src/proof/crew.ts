import { Worker } from 'node:worker_threads';
import type { CheckOptions } from '../engine/check.ts';
import { GateError } from '../engine/error.ts';
import { type FoundAt, type Ground, type Job, tryMutant, type Verdict } from './trial.ts';

/** What a thread is told at its start. Rules that are values cannot be sent: a thread reads the config itself. */
export interface CrewOrder {
  readonly options: CheckOptions;
}

/** What there is to try, once it is known. The counter is shared: whoever is free takes the next. */
export interface CrewWork {
  readonly jobs: readonly Job[];
  readonly found: readonly FoundAt[];
  readonly isFull: boolean;
  readonly counter: SharedArrayBuffer;
}

/** What a thread says. */
export type CrewMessage = { readonly index: number; readonly verdict: Verdict } | { readonly done: true };

/** Threads beside this one. They prepare themselves while the work is still looked for. */
export class Crew {
  readonly #workers: readonly Worker[];
  /** Rejects when a thread ends before it is told to: it may do so before there is work. */
  readonly #broken: Promise<never>;

  constructor(options: CheckOptions, size: number) {
    const order: CrewOrder = { options };
    const file = import.meta.filename.replace(/crew(\.[jt]s)$/, 'crew-member$1');
    this.#workers = Array.from(
      { length: size },
      () => new Worker(file, { workerData: order, resourceLimits: { stackSizeMb: STACK_MB } }),
    );
    this.#broken = Promise.race(this.#workers.map(endOf));
    // Who waits for the work is told; nobody else has to listen.
    this.#broken.catch(() => {});
  }

  /** Tries all mutants, here and in the threads; the verdicts come in the order of the jobs. */
  async work(
    ground: Ground,
    jobs: readonly Job[],
    { isFull, onVerdict }: { readonly isFull: boolean; readonly onVerdict: (done: number) => void },
  ): Promise<readonly Verdict[]> {
    const counter = new SharedArrayBuffer(4);
    const verdicts = new Map<number, Verdict>();
    const note = (index: number, verdict: Verdict): void => {
      verdicts.set(index, verdict);
      onVerdict(verdicts.size);
    };
    const others = this.#workers.map((worker) => listen(worker, note));
    const work: CrewWork = { jobs, found: ground.found, isFull, counter };
    for (const worker of this.#workers) worker.postMessage(work);
    await Promise.race([Promise.all([takeJobs(ground, work, note), ...others]), this.#broken]);
    return jobs.map((_, index) => {
      const verdict = verdicts.get(index);
      if (!verdict) throw new Error(`nobody has tried mutant ${index}`);
      return verdict;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** What a stack of the main thread holds, and more: generated code nests deep. */
const STACK_MB = 64;

function listen(worker: Worker, note: (index: number, verdict: Verdict) => void): Promise<void> {
  return new Promise((resolve) => {
    worker.on('message', (message: CrewMessage) => {
      if ('done' in message) resolve();
      else note(message.index, message.verdict);
    });
  });
}

/** A thread ends on its own only where it cannot go on. */
function endOf(worker: Worker): Promise<never> {
  return new Promise((_, reject) => {
    worker.on('error', (error) => reject(isOfUser(error) ? threadError(error.message, error) : error));
    worker.on('exit', (code) => reject(threadError(`it ended with code ${code} before its work was done`)));
  });
}

function threadError(why: string, cause?: Error): GateError {
  return new GateError(
    'a thread of the proof could not do its work',
    'see that the config can be loaded in a thread, and that there is enough memory; `--rule` needs less',
    { why, cause },
  );
}

/** What is thrown in a thread arrives as a copy, without its class. */
function isOfUser(error: Error & { readonly code?: string }): boolean {
  return error.name === 'GateError' || error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

/** Takes one mutant after another, until there are none left. */
export async function takeJobs(
  ground: Ground,
  { jobs, isFull, counter }: CrewWork,
  note: (index: number, verdict: Verdict) => void,
): Promise<void> {
  const next = new Int32Array(counter);
  for (let index = Atomics.add(next, 0, 1); index < jobs.length; index = Atomics.add(next, 0, 1)) {
    const job = jobs[index];
    if (job) note(index, await tryMutant(ground, job, isFull));
    // Messages of the threads, and the progress that is shown, have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
