import type { Target } from '../analysis/dispatch/targets.ts';
import type { Program } from '../engine/program.ts';
import type { Mutant } from '../engine/proof.ts';
import { type Ts, ts } from '../syntax/ts.ts';

/** What is added: where, and how many times at most. */
export interface Additions {
  /** Whether code at the end of a file breaks the rule. */
  readonly isForbidden: (last: Ts.Statement) => boolean;
  readonly most: number;
  /** What a function does with the target, which it has as this expression. */
  readonly use: (target: string) => string;
}

/**
 * One function at the end of a file, for each of a few files that know a target: those that import what declares it, or
 * declare it themselves.
 */
export function addedUses(
  { name, member, containers }: Target,
  program: Program,
  { isForbidden, most, use }: Additions,
): readonly Mutant[] {
  const container = containers.length > 0 ? name.split('#').at(-1)?.split('.').at(-2) : undefined;
  const spoken = container ?? member;
  const mutants: Mutant[] = [];
  for (const file of program.filesWith([spoken])) {
    const source = program.tree(file)?.source;
    const last = source?.statements.at(-1);
    if (!source || !last || !knows(source, spoken) || !isForbidden(last)) continue;
    const parameter = container ? `it: ${container}${typeArguments(containers)}` : '';
    const text = `\nexport function bypassing(${parameter}) { ${use(container ? `it.${member}` : member)} }\n`;
    mutants.push({ edits: [{ file, start: source.text.length, end: source.text.length, text }] });
    if (mutants.length === most) break;
  }
  return mutants;
}

/** One for each parameter of a generic type. */
function typeArguments([container]: Target['containers']): string {
  const parameters = container && 'typeParameters' in container ? container.typeParameters?.length : 0;
  return parameters ? `<${Array.from({ length: parameters }, () => 'any').join(', ')}>` : '';
}

function knows(source: Ts.SourceFile, name: string): boolean {
  return source.statements.some((statement) => {
    if (ts.isImportDeclaration(statement)) {
      const bindings = statement.importClause?.namedBindings;
      return (
        bindings && ts.isNamedImports(bindings) && bindings.elements.some((one) => one.name.text === name)
      );
    }
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.some(
        (one) => ts.isIdentifier(one.name) && one.name.text === name,
      );
    }
    const { name: declared } = statement as { name?: Ts.Node };
    return declared !== undefined && ts.isIdentifier(declared) && declared.text === name;
  });
}
