import { programCalls } from '../../src/analysis/inserts/call-graph.ts';
import { collectionTypes, iterationAt } from '../../src/analysis/mutation/iterations.ts';
import type { Mutant, Operator } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { MutateWhileIteratingOptions } from './rule.ts';

const changeInside: Operator<MutateWhileIteratingOptions> = {
  id: 'change-inside',
  summary: 'empties a collection while it is walked',
  async mutants({ use, program, sites }) {
    const { code } = await use(programCalls);
    const mutants: Mutant[] = [];
    for (const file of new Set(sites.map((site) => site.file))) {
      const visit = (node: Ts.Node): void => {
        const iteration = ts.isForOfStatement(node) ? iterationAt(node) : undefined;
        const isKnown = sites.some(
          ({ file: of, start }) => of === file && start === iteration?.collection.getStart(),
        );
        if (iteration && isKnown && ts.isBlock(iteration.body) && goesOn(iteration.body)) {
          const method = methodFor(iteration.collection);
          const at = iteration.body.getStart() + 1;
          const text = `\n${iteration.collection.getText()}.${method};`;
          if (method) mutants.push({ edits: [{ file, start: at, end: at, text }] });
        }
        ts.forEachChild(node, visit);
      };
      const source = program.tree(file)?.source;
      if (source) visit(source);
    }
    return mutants;

    function methodFor(collection: Ts.Expression): string | undefined {
      const isNamed = ts.isIdentifier(collection) || ts.isPropertyAccessExpression(collection);
      const [type, ...others] = isNamed ? collectionTypes(collection, code) : [];
      if (type === undefined || others.length > 0) return undefined;
      return type === 'Array' ? 'splice(0)' : 'clear()';
    }
  },
};

/** Whether a body comes to its end, as far as nothing in it can leave the loop. */
function goesOn(body: Ts.Node): boolean {
  const leaves = (node: Ts.Node): boolean => {
    if (ts.isReturnStatement(node) || ts.isThrowStatement(node) || ts.isBreakStatement(node)) return true;
    return ts.forEachChild(node, (child) => leaves(child) || undefined) ?? false;
  };
  return !leaves(body);
}

export const operators: readonly Operator<MutateWhileIteratingOptions>[] = [changeInside];
