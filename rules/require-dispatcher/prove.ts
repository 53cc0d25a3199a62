import { programCode } from '../../src/analysis/code.ts';
import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import { Heritage } from '../../src/analysis/dispatch/heritage.ts';
import { Targets } from '../../src/analysis/dispatch/targets.ts';
import type { Operator } from '../../src/engine/proof.ts';
import { addedUses } from '../../src/proof/added-uses.ts';
import type { RequireDispatcherOptions } from './rule.ts';

const callDirectly: Operator<RequireDispatcherOptions> = {
  id: 'call-directly',
  summary: 'adds a function that calls the backend itself, in a file that knows it and is no dispatcher',
  async mutants(view) {
    const code = await view.use(programCode);
    const targets = new Targets(code, new Heritage(code), view.root);
    return view.options.dispatchers.flatMap(({ calls, allowIn }) => {
      const allowed = new AllowedPlaces(view.program, view.root, allowIn);
      return calls.flatMap((name) => {
        const resolution = targets.resolve(name);
        if (!('target' in resolution)) return [];
        return addedUses(resolution.target, view.program, {
          isForbidden: (last) => allowed.around(last).length === 0,
          most: FILES,
          use: (target) => `return ${target}();`,
        });
      });
    });
  },
};

const FILES = 3;

export const operators: readonly Operator<RequireDispatcherOptions>[] = [callDirectly];
