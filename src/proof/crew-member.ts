/** A thread of a {@link Crew}. */
import { parentPort, workerData } from 'node:worker_threads';
import { CheckRun } from '../engine/check.ts';
import { type CrewMessage, type CrewOrder, type CrewWork, takeJobs } from './crew.ts';

const { options } = workerData as CrewOrder;
const base = new CheckRun(options, 'base');
const ready = warmUp();

// ws-gate-disable-next-line tracked-promise -- what fails here ends the thread, and the proof with it
parentPort?.on('message', async ({ jobs, found, isFull, counter }: CrewWork) => {
  const say = (message: CrewMessage): void => parentPort?.postMessage(message);
  await ready;
  await takeJobs({ base, found }, { jobs, found, isFull, counter }, (index, verdict) =>
    say({ index, verdict }),
  );
  base.close();
  say({ done: true });
});

/** Reads, parses and opens the program before there is work: all of it would have to be done for the first mutant. */
async function warmUp(): Promise<void> {
  const { program } = await base.prepare();
  await program.open();
  for (const file of program.files) program.tree(file);
  program.oracle.symbols('', []);
}
