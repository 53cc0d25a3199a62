import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { programRuns } from '../../src/analysis/inserts/call-graph.ts';
import { droppedAll } from '../../src/analysis/must/dropped.ts';
import { bodiesOf, callsOf, Family } from '../../src/analysis/must/events.ts';
import type { Mutant, Operator } from '../../src/engine/proof.ts';
import { ts } from '../../src/syntax/ts.ts';
import type { MustCallOptions } from './rule.ts';

const dropCalls: Operator<MustCallOptions> = {
  id: 'drop-calls',
  summary: 'takes all calls of what a function is pinned to out of the program',
  async mutants({ use, root, options, sites }) {
    const { code, heritage, graph } = await use(programRuns);
    const targets = new Targets(code, heritage, root);
    const callees = new Set(options.functions.flatMap(({ calls }) => calls));
    return [...callees].flatMap((name): Mutant[] => {
      const callee = targets.resolve(name);
      if (!('target' in callee)) return [];
      const calls = callsOf(callee.target, code, graph).sites.filter(({ how }) => how === 'call');
      return [{ edits: droppedAll(calls.map(({ node }) => node)), expect: sites }];
    });
  },
};

const leaveEarly: Operator<MustCallOptions> = {
  id: 'leave-early',
  summary: 'adds a way around the call to a function that makes it on every path',
  async mutants({ use, root, options }) {
    const { code, heritage } = await use(programRuns);
    const targets = new Targets(code, heritage, root);
    const pinned = new Set(
      options.functions.filter(({ onEveryPath }) => onEveryPath).map((option) => option.function),
    );
    return [...pinned].flatMap((name) => {
      const resolution = targets.resolve(name);
      if (!('target' in resolution)) return [];
      return bodiesOf(new Family(code, resolution.target)).flatMap((fn): Mutant[] => {
        if (!('body' in fn) || !fn.body || !ts.isBlock(fn.body)) return [];
        const at = fn.body.getStart() + 1;
        const { file, start, end } = code.span(fn);
        return [
          {
            edits: [{ file, start: at, end: at, text: ' if (Date.now() < 0) return undefined as never;' }],
            expect: [{ file, start, end }],
          },
        ];
      });
    });
  },
};

export const operators: readonly Operator<MustCallOptions>[] = [dropCalls, leaveEarly];
