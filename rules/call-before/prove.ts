import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { programRuns } from '../../src/analysis/inserts/call-graph.ts';
import { dropped, droppedAll, leftAfter } from '../../src/analysis/must/dropped.ts';
import { callsOf } from '../../src/analysis/must/events.ts';
import { removalOf } from '../../src/analysis/must/removals.ts';
import type { Mutant, Operator } from '../../src/engine/proof.ts';
import { Pair } from './pair.ts';
import type { CallBeforeOptions } from './rule.ts';

const dropFirst: Operator<CallBeforeOptions> = {
  id: 'drop-first',
  summary: 'takes out the call that comes before another',
  async mutants(view) {
    const { code, heritage, graph } = await view.use(programRuns);
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

const dropEveryFirst: Operator<CallBeforeOptions> = {
  id: 'drop-every-first',
  summary: 'takes all calls that come before another out of the program',
  async mutants(view) {
    const { code, heritage, graph } = await view.use(programRuns);
    const targets = new Targets(code, heritage, view.root);
    return view.options.pairs.flatMap((option): Mutant[] => {
      const [first, then] = [targets.resolve(option.first), targets.resolve(option.then)];
      if (!('target' in first) || !('target' in then)) return [];
      const calls = callsOf(first.target, code, graph).sites.filter(({ how }) => how === 'call');
      const nodes = calls.map(({ node }) => node);
      const later = removalOf(then.target, code, graph).sites.map(({ node }) => node);
      const left = leftAfter(later, nodes);
      const isBroken = nodes.length > 0 && left.length > 0;
      return isBroken ? [{ edits: droppedAll(nodes), expect: left.map((node) => code.span(node)) }] : [];
    });
  },
};

export const operators: readonly Operator<CallBeforeOptions>[] = [dropFirst, dropEveryFirst];
