import { resolvePath } from '../../src/analysis/config-name.ts';
import { programCalls } from '../../src/analysis/inserts/call-graph.ts';
import { changesInside } from '../../src/analysis/mutation/changes-inside.ts';
import { glanceAt } from '../../src/analysis/mutation/glance.ts';
import { goesOnAfter } from '../../src/analysis/mutation/goes-on.ts';
import {
  collectionTypes,
  type Iteration,
  isShared,
  iterationAt,
} from '../../src/analysis/mutation/iterations.ts';
import type { Pass } from '../../src/engine/rule.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { MessageId, MutateWhileIteratingOptions } from './rule.ts';
import { WALKS } from './rule.ts';

type IteratingPass = Pass<MutateWhileIteratingOptions, MessageId>;

export async function run(pass: IteratingPass): Promise<void> {
  const { code, graph } = await pass.use(programCalls);
  const paths = pass.options.within?.map((path) => resolvePath(pass.root, path));
  const isWithin = (file: string): boolean =>
    paths?.some((path) => file === path || file.startsWith(`${path}/`)) ?? true;
  const { strict = false } = pass.options;
  for (const file of pass.program.filesWith(WALKS).filter(isWithin)) {
    // Most walks have nothing to do with what they walk, and most files have no other.
    const glance = strict ? undefined : glanceAt(file, pass.program.text(file) ?? '');
    if (glance && !glance.mayChange) {
      for (const walk of glance.walks) pass.site({ file, ...walk });
      continue;
    }
    const tree = pass.program.tree(file);
    if (tree) walksIn(tree.source).forEach(judge);
  }

  function judge(iteration: Iteration): void {
    const { node, collection } = iteration;
    const data = { collection: collection.getText() };
    pass.site(code.span(collection));
    const reported = new Set<Ts.Node>();
    for (const change of changesInside(iteration, { code, graph })) {
      const isAlright = change.isCurrent && !strict && !change.isAfterPause;
      if (isAlright || reported.has(change.at) || !goesOnAfter(iteration, change)) continue;
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

/** In the order of the text. */
function walksIn(source: Ts.SourceFile): readonly Iteration[] {
  const found: Iteration[] = [];
  const visit = (node: Ts.Node): void => {
    const iteration = iterationAt(node);
    if (iteration) found.push(iteration);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The first pause of a body, those of functions in it aside. */
function pauseIn(body: Ts.Node): Ts.Node | undefined {
  if (ts.isFunctionLike(body)) return undefined;
  if (ts.isAwaitExpression(body) || ts.isYieldExpression(body)) return body;
  return ts.forEachChild(body, pauseIn);
}
