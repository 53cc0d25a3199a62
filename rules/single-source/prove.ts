import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import type { Mutant, Operator, ProofView } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { SingleSourceOptions, SourceOption } from './rule.ts';

const decideHere: Operator<SingleSourceOptions> = {
  id: 'decide-here',
  summary: 'gives a property a literal of its own, or compares it with one, where a value is handed on',
  mutants: (view) =>
    view.options.sources.flatMap((source) => {
      const { property, compare } = source;
      const literal = JSON.stringify(source.strings[0] ?? source.numbers[0]);
      const replaced = (node: Ts.Expression): string =>
        property === undefined
          ? `(${node.getText()} === ${literal} ? ${node.getText()} : ${node.getText()})`
          : literal;
      return handedOn(property ?? compare ?? '', source, view).map((node): Mutant => {
        const place = { file: node.getSourceFile().fileName, start: node.getStart(), end: node.end };
        return { edits: [{ ...place, text: replaced(node) }] };
      });
    }),
};

/** What properties of the name are given: a property of that name, or what a call comes to. */
function handedOn(name: string, { only }: SourceOption, view: ProofView): readonly Ts.Expression[] {
  const { program, root } = view;
  const allowed = new AllowedPlaces(program, root, only);
  const found: Ts.Expression[] = [];
  for (const file of program.filesWith([name])) {
    const source = program.tree(file)?.source;
    const visit = (node: Ts.Node): void => {
      if (ts.isPropertyAssignment(node) && node.name.getText() === name) {
        const { initializer } = node;
        const isHandedOn = ts.isPropertyAccessExpression(initializer) && initializer.name.text === name;
        if (isHandedOn && allowed.around(node).length === 0) found.push(initializer);
      }
      ts.forEachChild(node, visit);
    };
    if (source && !source.isDeclarationFile) visit(source);
  }
  return found;
}

export const operators: readonly Operator<SingleSourceOptions>[] = [decideHere];
