import type { Edit, Mutant, Operator, ProofView } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { MustUseOptions } from './rule.ts';

const throwAway: Operator<MustUseOptions> = {
  id: 'throw-away',
  summary: 'makes the call for nothing: with `void` in front of it',
  mutants: (view) => callsIn(view).map((call) => replaced(call, `(void ${call.getText()})`)),
};

const bindNothing: Operator<MustUseOptions> = {
  id: 'bind-nothing',
  summary: 'makes a statement of the call, in place of the `using` that binds its result',
  mutants: (view) =>
    callsIn(view).flatMap((call) => {
      const statement = usingOf(call);
      const [declaration] = statement?.declarationList.declarations ?? [];
      return statement && declaration?.initializer
        ? [replaced(statement, `${declaration.initializer.getText()};`)]
        : [];
    }),
};

/** The calls whose results the rule has looked at. */
function callsIn({ program, sites }: ProofView): readonly (Ts.CallExpression | Ts.NewExpression)[] {
  return sites.flatMap(({ file, start, end }) => {
    const node = program.tree(file)?.nodeAt(start, end);
    return node && (ts.isCallExpression(node) || ts.isNewExpression(node)) ? [node] : [];
  });
}

/** The statement that binds the result of a call by `using`, and nothing else. */
function usingOf(call: Ts.Node): Ts.VariableStatement | undefined {
  const value = ts.isAwaitExpression(call.parent) ? call.parent : call;
  const list = ts.isVariableDeclaration(value.parent) ? value.parent.parent : undefined;
  if (!list || !ts.isVariableDeclarationList(list) || list.declarations.length > 1) return undefined;
  const isUsing = (list.flags & ts.NodeFlags.Using) === ts.NodeFlags.Using;
  return isUsing && ts.isVariableStatement(list.parent) ? list.parent : undefined;
}

function replaced(node: Ts.Node, text: string): Mutant {
  const edit: Edit = { file: node.getSourceFile().fileName, start: node.getStart(), end: node.end, text };
  return { edits: [edit] };
}

export const operators: readonly Operator<MustUseOptions>[] = [throwAway, bindNothing];
