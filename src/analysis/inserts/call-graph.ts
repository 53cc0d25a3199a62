import type { Analysis } from '../../engine/rule.ts';
import { type Code, programCode } from '../code.ts';
import { Heritage } from '../dispatch/heritage.ts';
import { CallGraph } from './invocations.ts';

/** Who runs what in the program. */
export interface ProgramCalls {
  readonly code: Code;
  readonly heritage: Heritage;
  readonly graph: CallGraph;
}

/** The call graph of the program, one for all rules of a run: what it has found out stays known. */
export const programCalls: Analysis<ProgramCalls> = {
  id: 'calls',
  async compute({ use }) {
    const code = await use(programCode);
    const heritage = new Heritage(code);
    return { code, heritage, graph: new CallGraph(code, heritage) };
  },
};

/** The same, where a function that is kept in an array, a map or an object is run where it is taken out and called. */
export const programRuns: Analysis<ProgramCalls> = {
  id: 'runs',
  async compute({ use }) {
    const { code, heritage, graph } = await use(programCalls);
    return { code, heritage, graph: new CallGraph(code, heritage, 'taken', graph) };
  },
};
