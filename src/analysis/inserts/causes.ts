import type { Ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import type { Reading } from './readings.ts';
import type { Repetition } from './repetition.ts';

/** An insert that is repeated: the call that runs it, the text that it runs, and what repeats it. */
export interface Repeated {
  readonly call: CallLike;
  readonly reading: Reading;
  readonly repetition: Repetition;
}

/**
 * One INSERT that a loop hands to whichever of several calls may run it: a driver chosen at run time, an interface with
 * many implementations.
 */
export interface Cause<R extends Repeated> {
  /** Never empty; by place. */
  readonly runs: readonly R[];
  /** The call by which the loop hands the text over, and where a guard belongs; undefined where one call runs it. */
  readonly handedBy: Ts.Node | undefined;
}

/** Puts the runs of one text in one loop together, if the text gets to all of them by the same call. */
export function causesOf<R extends Repeated>(repeated: readonly R[]): readonly Cause<R>[] {
  const causes: { handedBy: Ts.Node | undefined; runs: R[] }[] = [];
  for (const run of repeated) {
    const handedBy = handing(run);
    const known = causes.find((cause) => {
      const [first] = cause.runs;
      return (
        first !== undefined && handedBy !== undefined && cause.handedBy === handedBy && isSame(first, run)
      );
    });
    if (known) known.runs.push(run);
    else causes.push({ handedBy, runs: [run] });
  }
  return causes.map(({ handedBy, runs }) => ({ runs, handedBy: runs.length > 1 ? handedBy : undefined }));
}

function isSame(a: Repeated, b: Repeated): boolean {
  return a.reading.origin === b.reading.origin && a.repetition.loop.node === b.repetition.loop.node;
}

/** The outermost of the calls between the loop and the run that leads the text on. */
function handing({ reading, repetition }: Repeated): Ts.Node | undefined {
  return repetition.calls.find((call) => reading.via.some((one) => one === call));
}

/** The calls that lead to all runs of a cause, outermost first. */
export function commonCalls({ runs }: Cause<Repeated>): readonly Ts.Node[] {
  const [first, ...others] = runs.map(({ repetition }) => repetition.calls);
  const apart = (first ?? []).findIndex((call, index) => others.some((calls) => calls[index] !== call));
  return apart < 0 ? (first ?? []) : (first ?? []).slice(0, apart);
}
