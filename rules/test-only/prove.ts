import { programCode } from '../../src/analysis/code.ts';
import { Heritage } from '../../src/analysis/dispatch/heritage.ts';
import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { findSubjects } from '../../src/analysis/lifecycle/subjects.ts';
import { TestFiles } from '../../src/analysis/lifecycle/test-modules.ts';
import { TEST_ONLY_TAG } from '../../src/analysis/lifecycle/words.ts';
import type { Mutant, Operator, ProofView } from '../../src/engine/proof.ts';
import { addedUses } from '../../src/proof/added-uses.ts';
import type { TestOnlyOptions } from './rule.ts';

const callInProduction: Operator<TestOnlyOptions> = {
  id: 'call-in-production',
  summary: 'adds a function to production that calls what is for tests',
  mutants: (view) => uses(view, (target) => `return ${target}();`),
};

const takeInProduction: Operator<TestOnlyOptions> = {
  id: 'take-in-production',
  summary: 'adds a function to production that hands out what is for tests',
  mutants: (view) => uses(view, (target) => `return ${target};`),
};

async function uses(
  view: ProofView<TestOnlyOptions>,
  use: (target: string) => string,
): Promise<readonly Mutant[]> {
  const code = await view.use(programCode);
  const tests = await TestFiles.load(view.root, view.options.tests);
  const { targets } = findSubjects(view.program, new Targets(code, new Heritage(code), view.root), {
    tag: TEST_ONLY_TAG,
    functions: view.options.functions,
  });
  const isForbidden = (last: Parameters<typeof code.fileOf>[0]): boolean => !tests.has(code.fileOf(last));
  return targets.flatMap((target) => addedUses(target, view.program, { isForbidden, most: FILES, use }));
}

const FILES = 3;

export const operators: readonly Operator<TestOnlyOptions>[] = [callInProduction, takeInProduction];
