import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import { outermost } from '../../src/analysis/shapes.ts';
import type { Mutant, Operator } from '../../src/engine/proof.ts';
import { ts } from '../../src/syntax/ts.ts';
import type { TrackedPromiseOptions } from './rule.ts';

const dropAwait: Operator<TrackedPromiseOptions> = {
  id: 'drop-await',
  summary: 'starts the work, and does not wait for it',
  mutants: ({ program, root, sites, options }) => {
    const places = new AllowedPlaces(
      program,
      root,
      options.allow.filter((entry) => entry.includes('/')),
    );
    const mutants = sites.flatMap((site): Mutant[] => {
      const call = program.tree(site.file)?.nodeAt(site.start, site.end);
      const value = call && ts.isCallExpression(call) ? outermost(call) : undefined;
      const awaiting = value?.parent;
      if (!awaiting || !ts.isAwaitExpression(awaiting) || places.around(awaiting).length > 0) return [];
      if (!ts.isExpressionStatement(outermost(awaiting).parent)) return [];
      const start = awaiting.getStart();
      return [
        {
          edits: [{ file: site.file, start, end: start + 'await'.length, text: 'void' }],
          expect: [site],
        },
      ];
    });
    // Every wait of a program is more than it takes to show the same thing.
    const step = Math.ceil(mutants.length / MOST);
    return mutants.filter((_, index) => index % step === 0);
  },
};

const MOST = 60;

export const operators: readonly Operator<TrackedPromiseOptions>[] = [dropAwait];
