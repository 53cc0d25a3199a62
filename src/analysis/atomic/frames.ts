import type { Ts } from '../../syntax/ts.ts';
import { idOf } from '../locks/keys.ts';

/** A call that is being made: which function was entered, and with what. */
export interface Frame {
  readonly fn: Ts.Node;
  /** Undefined where nobody sees what is handed in, as by a function outside of the program. */
  readonly args: readonly Ts.Expression[] | undefined;
  /** The call in which the arguments stand. */
  readonly caller: Frame | undefined;
  /** The call in which the function was made, if it is another one. */
  readonly made: Frame | undefined;
}

/** Calls of one another are told apart so deep. */
const MAX_DEPTH = 5;

/** The last call of a function, among those that are being made. */
export function frameOf(fn: Ts.Node, frame: Frame | undefined): Frame | undefined {
  for (let at = frame; at; at = at.caller) {
    if (at.fn === fn) return at;
    const around = at.made && at.made !== at.caller ? frameOf(fn, at.made) : undefined;
    if (around) return around;
  }
  return undefined;
}

/** What of the calls being made matters to the code of a function: who entered it, and the functions around it. */
export function frameKey(fn: Ts.Node, frame: Frame | undefined, takes: (fn: Ts.Node) => boolean): string {
  const parts: string[] = [String(idOf(fn))];
  for (let around: Ts.Node | undefined = fn; around; around = around.parent) {
    if (!takes(around)) continue;
    let at = frameOf(around, frame);
    for (let depth = 0; at && depth < MAX_DEPTH; depth += 1) {
      parts.push(`${idOf(at.fn)}(${(at.args ?? []).map(idOf).join()})`);
      at = at.caller;
    }
  }
  return parts.join('|');
}
