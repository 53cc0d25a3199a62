import type { AcquisitionSink, Activation } from './activation.ts';
import type { Task } from './values.ts';
import { START, type World } from './world.ts';

/**
 * Locks that are granted or refused at once, without waiting. A function that takes one before it first waits takes it
 * in the call itself: under whatever its caller holds there, also where nobody awaits the function.
 */

/** Records what is taken at once in this world: of an acquisition before the first pause, callers are told so. */
export function takeAtOnce(
  activation: Activation,
  task: Task,
  world: World,
  sink: AcquisitionSink = activation.waitsFor,
): void {
  activation.wait(task, world, atOnce(sink));
}

/** A sink of what is granted at once where it is waited for. */
export function atOnce(sink: AcquisitionSink): AcquisitionSink {
  return (acquisition, held, world) =>
    sink({ ...acquisition, atOnce: world.segment === START.segment }, held, world);
}

/** A call's task in two parts: what the call itself takes, and what is left for whoever waits. */
export function inCall({ acquisitions, ...task }: Task): { readonly now: Task; readonly later: Task } {
  return {
    now: { acquisitions: acquisitions.filter((one) => one.atOnce), outcomes: [] },
    later: { ...task, acquisitions: acquisitions.filter((one) => !one.atOnce) },
  };
}
