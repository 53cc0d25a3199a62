import { programCode } from '../../src/analysis/code.ts';
import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import { Heritage } from '../../src/analysis/dispatch/heritage.ts';
import { type Target, Targets } from '../../src/analysis/dispatch/targets.ts';
import type { Mutant, Operator, ProofView } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
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
        return 'target' in resolution ? bypassing(resolution.target, allowed, view) : [];
      });
    });
  },
};

/** One function at the end of each of a few files that import what declares the target. */
function bypassing(
  { name, member, containers }: Target,
  allowed: AllowedPlaces,
  { program }: ProofView,
): readonly Mutant[] {
  const container = name.split('#').at(-1)?.split('.').at(-2);
  const spoken = container ?? member;
  const mutants: Mutant[] = [];
  for (const file of program.filesWith([spoken])) {
    const source = program.tree(file)?.source;
    const last = source?.statements.at(-1);
    if (!source || !last || !imports(source, spoken) || allowed.around(last).length > 0) continue;
    const text = container
      ? `\nexport function bypassing(it: ${container}${typeArguments(containers)}) { return it.${member}(); }\n`
      : `\nexport function bypassing() { return ${member}(); }\n`;
    mutants.push({ edits: [{ file, start: source.text.length, end: source.text.length, text }] });
    if (mutants.length === FILES) break;
  }
  return mutants;
}

const FILES = 3;

/** One for each parameter of a generic type. */
function typeArguments(containers: Target['containers']): string {
  const [container] = containers;
  const parameters = container && 'typeParameters' in container ? container.typeParameters?.length : 0;
  return parameters ? `<${Array.from({ length: parameters }, () => 'any').join(', ')}>` : '';
}

function imports(source: Ts.SourceFile, name: string): boolean {
  return source.statements.some((statement) => {
    const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined;
    return (
      bindings !== undefined &&
      ts.isNamedImports(bindings) &&
      bindings.elements.some((one) => one.name.text === name)
    );
  });
}

export const operators: readonly Operator<RequireDispatcherOptions>[] = [callDirectly];
