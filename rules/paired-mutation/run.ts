import type { Code } from '../../src/analysis/code.ts';
import { reportName } from '../../src/analysis/config-name.ts';
import { type Target, Targets } from '../../src/analysis/dispatch/targets.ts';
import { programRuns } from '../../src/analysis/inserts/call-graph.ts';
import { Frames } from '../../src/analysis/inserts/frames.ts';
import { isFunctionNode, ownerOf } from '../../src/analysis/inserts/functions.ts';
import type { CallGraph } from '../../src/analysis/inserts/invocations.ts';
import type { Marking } from '../../src/analysis/must/flow.ts';
import { Must } from '../../src/analysis/must/must.ts';
import { changeOf, isField, removalOf } from '../../src/analysis/must/removals.ts';
import { type Events, eventOf, includes, NO_EVENTS } from '../../src/analysis/must/worlds.ts';
import type { Pass } from '../../src/engine/rule.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { MessageId, PairedMutationOptions, PairOption } from './rule.ts';

type PairedPass = Pass<PairedMutationOptions, MessageId>;

export async function run(pass: PairedPass): Promise<void> {
  const { code, heritage, graph } = await pass.use(programRuns);
  const targets = new Targets(code, heritage, pass.root);
  for (const pair of pass.options.pairs) {
    const remove = resolve(pass, targets, 'remove', pair.remove);
    const also = pair.also.flatMap((name) => resolve(pass, targets, 'also', name) ?? []);
    if (remove && also.length > 0) new PairJudge({ pass, code, graph, pair, remove, also }).judge();
  }
}

function resolve(
  pass: PairedPass,
  targets: Targets,
  option: 'remove' | 'also',
  name: string,
): Target | undefined {
  const resolution = targets.resolve(name);
  if ('target' in resolution) return resolution.target;
  reportName(pass, `paired-mutation.${option}`, name, resolution);
  return undefined;
}

interface JudgeParts {
  readonly pass: PairedPass;
  readonly code: Code;
  readonly graph: CallGraph;
  readonly pair: PairOption;
  readonly remove: Target;
  readonly also: readonly Target[];
}

class PairJudge {
  readonly #parts: JudgeParts;
  /** Its events are the companions, as they are listed. */
  readonly #must: Must;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
    const { code, graph, also } = parts;
    const events = also.map((target) => changeOf(target, code, graph));
    this.#must = new Must({ code, graph, events, counting: 'begun' });
  }

  judge(): void {
    const { pass, code, graph, pair, remove } = this.#parts;
    const { sites } = removalOf(remove, code, graph);
    const places = new Set(sites.map(({ node }) => node));
    for (const place of places) {
      pass.site(code.span(place));
      this.#place(place);
    }
    if (places.size === 0) {
      pass.stale(
        `paired-mutation has a pair for ${pair.remove}, from which nothing is removed`,
        'remove the pair, or correct the name',
      );
    }
  }

  #place(place: Ts.Node): void {
    const { pass, code, pair, remove, also } = this.#parts;
    const at = code.span(place);
    const all = also.reduce((events, _, index) => events | eventOf(index), NO_EVENTS);
    const missing = this.#missing(place, all, 'keeps');
    if (missing !== NO_EVENTS) {
      const names = also
        .filter((_, index) => includes(missing, eventOf(index)))
        .map((one) => this.#text(one));
      pass.report({ messageId: 'unpaired', at, data: { remove: remove.name, missing: names.join(' and ') } });
    }
    if (pair.order !== true) return;
    const early = this.#missing(place, all, 'forgets') & ~missing;
    const first = also.find((_, index) => includes(early, eventOf(index)));
    if (first) {
      const data = { early: this.#text(first), late: `the removal from ${remove.name}` };
      pass.report({ messageId: 'outOfOrder', at, data });
      return;
    }
    this.#companions(place);
  }

  /** Whether the companions come in the order in which they are listed. */
  #companions(place: Ts.Node): void {
    const { pass, code, also } = this.#parts;
    for (const [index, companion] of also.entries()) {
      const previous = also[index - 1];
      if (!previous) continue;
      const order = { event: eventOf(index), before: eventOf(index - 1) };
      for (const node of this.#must.tooEarly(place, order)) {
        const data = { early: this.#text(companion), late: this.#text(previous) };
        pass.report({ messageId: 'outOfOrder', at: code.span(node), data });
      }
    }
  }

  /**
   * The companions that are missing on some path through a place. A function inside of another one is part of it: what
   * the outer one does around the place that runs it counts as well.
   */
  #missing(place: Ts.Node, events: Events, marking: Marking, seen = new Set<Ts.Node>()): Events {
    const missing = this.#must.missingAround(place, events, marking);
    const fn = ownerOf(place);
    if (missing === NO_EVENTS || !isFunctionNode(fn) || seen.has(fn)) return missing;
    const runs = this.#runsAround(fn);
    if (runs.length === 0) return missing;
    const further = new Set(seen).add(fn);
    return runs.reduce((all, run) => all | this.#missing(run, missing, marking, further), NO_EVENTS);
  }

  /** Where the function around an inner one runs it: by a call, or by handing it to somebody. */
  #runsAround(fn: Ts.Node): readonly Ts.Node[] {
    const home = homeOf(fn);
    if (home === fn || !isFunctionNode(fn)) return [];
    const { graph } = this.#parts;
    const places = graph.callSites(fn, Frames.none).map(({ node }) => {
      return ts.findAncestor(node, (at) => at === home) ? node : fn;
    });
    return [...new Set(places)].filter((node) => ts.findAncestor(ownerOf(node), (at) => at === home));
  }

  #text(target: Target): string {
    const isKept = isField(target, this.#parts.code);
    return isKept ? `the removal from ${target.name}` : `a call of ${target.name}`;
  }
}

/** The outermost function that a function is part of. */
function homeOf(fn: Ts.Node): Ts.Node {
  let home = fn;
  for (let at = ownerOf(home); isFunctionNode(at); at = ownerOf(home)) home = at;
  return home;
}
