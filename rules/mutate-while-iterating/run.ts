import { resolvePath } from '../../src/analysis/config-name.ts';
import { programCalls } from '../../src/analysis/inserts/call-graph.ts';
import { cfgOf, ownerOf } from '../../src/analysis/inserts/functions.ts';
import { repeatingLoops } from '../../src/analysis/loops.ts';
import { type ChangeInside, changesInside } from '../../src/analysis/mutation/changes-inside.ts';
import {
  collectionTypes,
  type Iteration,
  isShared,
  iterationAt,
} from '../../src/analysis/mutation/iterations.ts';
import type { Pass } from '../../src/engine/rule.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { MessageId, MutateWhileIteratingOptions } from './rule.ts';

type IteratingPass = Pass<MutateWhileIteratingOptions, MessageId>;

export async function run(pass: IteratingPass): Promise<void> {
  const { code, graph } = await pass.use(programCalls);
  const paths = pass.options.within?.map((path) => resolvePath(pass.root, path));
  const isWithin = (file: string): boolean =>
    paths?.some((path) => file === path || file.startsWith(`${path}/`)) ?? true;
  for (const file of pass.program.filesWith([
    'for',
    'map(',
    'filter(',
    'find',
    'some(',
    'every(',
    'reduce',
  ])) {
    const source = isWithin(file) ? pass.program.tree(file)?.source : undefined;
    const visit = (node: Ts.Node): void => {
      const iteration = iterationAt(node);
      if (iteration) judge(iteration);
      ts.forEachChild(node, visit);
    };
    if (source) visit(source);
  }

  function judge(iteration: Iteration): void {
    const { strict = false } = pass.options;
    const { node, collection } = iteration;
    const data = { collection: collection.getText() };
    pass.site(code.span(collection));
    const reported = new Set<Ts.Node>();
    for (const change of changesInside(iteration, { code, graph })) {
      const isAlright = change.isCurrent && !strict && !change.isAfterPause;
      if (isAlright || reported.has(change.at) || !comesBack(iteration, change)) continue;
      reported.add(change.at);
      const isPaused = change.isCurrent && change.isAfterPause;
      pass.report({
        messageId: isPaused ? 'deletesAfterPause' : 'changesWhileIterating',
        at: code.span(change.at),
        data: { ...data, how: change.how },
        trace: [
          { at: code.span(collection), message: 'is walked here' },
          ...(change.at === change.node ? [] : [{ at: code.span(change.node), message: 'is changed here' }]),
        ],
      });
    }
    const pause =
      strict && reported.size === 0 && ts.isIterationStatement(node, false) && pauseIn(iteration.body);
    if (pause && isShared(collection) && collectionTypes(collection, code).length > 0) {
      pass.report({ messageId: 'pausesWhileIterating', at: code.span(pause), data });
    }
  }
}

/** Whether the walk goes on after a change. A callback cannot end it. */
function comesBack({ node, body }: Iteration, { at }: ChangeInside): boolean {
  if (ts.isCallExpression(node)) return true;
  const owner = ownerOf(body);
  let place = at;
  // In a callback that runs in place, what counts is the call that runs it.
  while (ownerOf(place) !== owner) place = ownerOf(place);
  return repeatingLoops(cfgOf(owner), place).some(({ statement }) => statement === node);
}

/** The first pause of a body, those of functions in it aside. */
function pauseIn(body: Ts.Node): Ts.Node | undefined {
  if (ts.isFunctionLike(body)) return undefined;
  if (ts.isAwaitExpression(body) || ts.isYieldExpression(body)) return body;
  return ts.forEachChild(body, pauseIn);
}
