import { type Target, Targets } from '../../src/analysis/dispatch/targets.ts';
import { programRuns } from '../../src/analysis/inserts/call-graph.ts';
import { Frames } from '../../src/analysis/inserts/frames.ts';
import { ownerOf } from '../../src/analysis/inserts/functions.ts';
import type { CallGraph } from '../../src/analysis/inserts/invocations.ts';
import { unsettledWay } from '../../src/analysis/must/approach.ts';
import { droppedAll, leftAfter } from '../../src/analysis/must/dropped.ts';
import { changeOf, removalOf } from '../../src/analysis/must/removals.ts';
import type { Mutant, Operator, ProofView } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { PairedMutationOptions, PairOption } from './rule.ts';

const dropCompanion: Operator<PairedMutationOptions> = {
  id: 'drop-companion',
  summary: 'takes one of the things that go with a removal out of the program',
  mutants: (view) =>
    eachPair(view, ({ removals, companions }) =>
      companions.flatMap((nodes): readonly Mutant[] => {
        // One call may do both; what goes with its companion is not left behind.
        const left = leftAfter(removals, nodes);
        const isBroken = nodes.length > 0 && left.length > 0;
        return isBroken ? [{ edits: droppedAll(nodes), expect: left.map(spanOf) }] : [];
      }),
    ),
};

const swapWithCompanion: Operator<PairedMutationOptions> = {
  id: 'swap-with-companion',
  summary: 'lets a removal and what comes after it change places',
  mutants: (view) =>
    eachPair(view, ({ option, removals, companions, graph }) => {
      if (option.order !== true) return [];
      return removals.flatMap((removal) =>
        companions.flatMap((nodes) =>
          nodes
            .filter((one) => !comesAgain(one, nodes, graph))
            .flatMap((companion) => swapped(removal, companion)),
        ),
      );
    }),
};

interface PairPlaces {
  readonly graph: CallGraph;
  readonly option: PairOption;
  readonly removals: readonly Ts.Node[];
  /** Of each companion, where it happens. */
  readonly companions: readonly (readonly Ts.Node[])[];
}

async function eachPair(
  { use, root, options }: ProofView<PairedMutationOptions>,
  mutantsOf: (places: PairPlaces) => readonly Mutant[],
): Promise<readonly Mutant[]> {
  const { code, heritage, graph } = await use(programRuns);
  const targets = new Targets(code, heritage, root);
  const resolved = (name: string): readonly Target[] => {
    const resolution = targets.resolve(name);
    return 'target' in resolution ? [resolution.target] : [];
  };
  return options.pairs.flatMap((option) => {
    const [remove] = resolved(option.remove);
    if (!remove) return [];
    return mutantsOf({
      graph,
      option,
      removals: removalOf(remove, code, graph).sites.map(({ node }) => node),
      companions: option.also
        .flatMap(resolved)
        .map((target) => changeOf(target, code, graph).sites.map(({ node }) => node)),
    });
  });
}

/** Whether its function does the same once more after a place: that still comes after a removal that is moved there. */
function comesAgain(companion: Ts.Node, all: readonly Ts.Node[], graph: CallGraph): boolean {
  const owner = ownerOf(companion);
  return all.some((node) => {
    const way = unsettledWay({ node, frames: Frames.none }, graph, {
      isSettled: () => false,
      isStart: ({ node: at }) => at.pos > companion.pos && ownerOf(at) === owner,
    });
    return way !== undefined;
  });
}

/** Two statements of one block, the later one first. */
function swapped(removal: Ts.Node, companion: Ts.Node): readonly Mutant[] {
  const [first, second] = [statementOf(removal), statementOf(companion)];
  if (!first || !second || first.parent !== second.parent || first.pos >= second.pos) return [];
  const [from, to] = [spanOf(first), spanOf(second)];
  return [
    {
      edits: [
        { ...from, text: second.getText() },
        { ...to, text: first.getText() },
      ],
    },
  ];
}

function statementOf(node: Ts.Node): Ts.ExpressionStatement | undefined {
  const statement = ts.findAncestor(node, ts.isStatement);
  return statement && ts.isExpressionStatement(statement) ? statement : undefined;
}

function spanOf(node: Ts.Node): { readonly file: string; readonly start: number; readonly end: number } {
  return { file: node.getSourceFile().fileName, start: node.getStart(), end: node.end };
}

export const operators: readonly Operator<PairedMutationOptions>[] = [dropCompanion, swapWithCompanion];
