import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { programCalls } from '../../src/analysis/inserts/call-graph.ts';
import { dropped } from '../../src/analysis/must/dropped.ts';
import type { Mutant, Operator } from '../../src/engine/proof.ts';
import { Pair } from './pair.ts';
import type { CallBeforeOptions } from './rule.ts';

const dropFirst: Operator<CallBeforeOptions> = {
  id: 'drop-first',
  summary: 'takes out the call that comes before another',
  async mutants(view) {
    const { code, heritage, graph } = await view.use(programCalls);
    const targets = new Targets(code, heritage, view.root);
    return view.options.pairs.flatMap((option) => {
      const [first, then] = [targets.resolve(option.first), targets.resolve(option.then)];
      if (!('target' in first) || !('target' in then)) return [];
      const parts = { context: view, code, graph, option, first: first.target, then: then.target };
      const whole = new Pair(parts);
      const files = new Set(whole.sites.map(({ node }) => code.fileOf(node)));
      const near = whole.first.sites.filter(
        ({ node, how }) => how === 'call' && files.has(code.fileOf(node)),
      );
      return near.flatMap(({ node }): readonly Mutant[] => {
        const rest = new Pair({ ...parts, without: node });
        const left = rest.sites.filter((site) => rest.wayTo(site) && !whole.wayTo(site));
        const expect = left.map((site) => code.span(site.node));
        return expect.length > 0 ? [{ edits: [dropped(node)], expect }] : [];
      });
    });
  },
};

export const operators: readonly Operator<CallBeforeOptions>[] = [dropFirst];
