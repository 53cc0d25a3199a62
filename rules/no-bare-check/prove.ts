import { programCode } from '../../src/analysis/code.ts';
import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import { Heritage } from '../../src/analysis/dispatch/heritage.ts';
import { type Target, Targets } from '../../src/analysis/dispatch/targets.ts';
import type { Mutant, Operator } from '../../src/engine/proof.ts';
import { ts } from '../../src/syntax/ts.ts';
import type { NoBareCheckOptions } from './rule.ts';

const testByHand: Operator<NoBareCheckOptions> = {
  id: 'test-by-hand',
  summary: 'adds a function that asks whether the fields are there, beside what declares them',
  async mutants({ program, root, options, use }) {
    const code = await use(programCode);
    const targets = new Targets(code, new Heritage(code), root);
    return options.checks.flatMap(({ fields, allowIn }) => {
      const allowed = new AllowedPlaces(program, root, allowIn);
      const found = fields.flatMap((field) => {
        const resolution = targets.resolve(field);
        return 'target' in resolution ? [resolution.target] : [];
      });
      return found.length === fields.length ? testing(found, allowed) : [];
    });
  },
};

/** A method of the class that has the fields, or a function that is given what has them. */
function testing(fields: readonly Target[], allowed: AllowedPlaces): readonly Mutant[] {
  const [first] = fields;
  const container = first?.containers[0];
  const isOfOne = fields.every(({ containers }) => containers[0] === container);
  if (!container || !isOfOne || allowed.around(container).length > 0) return [];
  const file = container.getSourceFile().fileName;
  const tests = (object: string): string => fields.map(({ member }) => `${object}.${member}`).join(' && ');
  if (ts.isClassLike(container)) {
    const at = container.end - 1;
    const text = `\n  ${NAME}(): boolean { if (${tests('this')}) return true; return false; }\n`;
    return [{ edits: [{ file, start: at, end: at, text }] }];
  }
  if (!ts.isInterfaceDeclaration(container) || container.typeParameters) return [];
  const at = container.getSourceFile().text.length;
  const text = `\nexport function ${NAME}(it: ${container.name.text}): boolean { if (${tests('it')}) return true; return false; }\n`;
  return [{ edits: [{ file, start: at, end: at, text }] }];
}

const NAME = 'testsByHand';

export const operators: readonly Operator<NoBareCheckOptions>[] = [testByHand];
