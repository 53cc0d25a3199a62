import type { Code } from '../../src/analysis/code.ts';
import { lastSegment, parseConfigName, reportName } from '../../src/analysis/config-name.ts';
import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import { findReferences } from '../../src/analysis/dispatch/references.ts';
import { type Target, Targets } from '../../src/analysis/dispatch/targets.ts';
import { programCalls } from '../../src/analysis/inserts/call-graph.ts';
import { isFunctionNode, ownerOf } from '../../src/analysis/inserts/functions.ts';
import type { CallGraph } from '../../src/analysis/inserts/invocations.ts';
import { type Climb, type Step, unsettledWay } from '../../src/analysis/must/approach.ts';
import { callsOf, type Event, type EventSite } from '../../src/analysis/must/events.ts';
import { frameOf, Must } from '../../src/analysis/must/must.ts';
import { isField, removalOf } from '../../src/analysis/must/removals.ts';
import { wayTrace } from '../../src/analysis/must/trace.ts';
import { eventOf, includes } from '../../src/analysis/must/worlds.ts';
import type { Pass } from '../../src/engine/rule.ts';
import type { CallBeforeOptions, MessageId, PairOption } from './rule.ts';

type CallBeforePass = Pass<CallBeforeOptions, MessageId>;

export async function run(pass: CallBeforePass): Promise<void> {
  const { code, heritage, graph } = await pass.use(programCalls);
  const targets = new Targets(code, heritage, pass.root);
  for (const pair of pass.options.pairs) {
    const first = resolve(pass, targets, 'first', pair.first);
    const then = resolve(pass, targets, 'then', pair.then);
    if (first && then) new PairJudge({ pass, code, graph, pair, first, then }).judge(targets);
  }
}

function resolve(
  pass: CallBeforePass,
  targets: Targets,
  option: 'first' | 'then',
  name: string,
): Target | undefined {
  const resolution = targets.resolve(name);
  if ('target' in resolution) return resolution.target;
  reportName(pass, `call-before.${option}`, name, resolution);
  return undefined;
}

interface JudgeParts {
  readonly pass: CallBeforePass;
  readonly code: Code;
  readonly graph: CallGraph;
  readonly pair: PairOption;
  readonly first: Target;
  readonly then: Target;
}

/** The one event of the analysis: that `first` was called. */
const FIRST = eventOf(0);

class PairJudge {
  readonly #parts: JudgeParts;
  /** What is certain once it is done, and what is certain to have been begun. */
  readonly #done: Must;
  readonly #begun: Must;
  readonly #places: AllowedPlaces | undefined;
  readonly #later: Event;
  /** What is done to `then`, in the words of a report. */
  readonly #act: 'calls' | 'removes from';

  constructor(parts: JudgeParts) {
    this.#parts = parts;
    const { pass, code, graph, pair, first, then } = parts;
    const events = [callsOf(first, code, graph)];
    this.#done = new Must({ code, graph, events, counting: 'done' });
    this.#begun = new Must({ code, graph, events, counting: 'begun' });
    this.#later = removalOf(then, code, graph);
    this.#act = isField(then, code) ? 'removes from' : 'calls';
    this.#places = pair.in && new AllowedPlaces(pass.program, pass.root, pair.in);
  }

  judge(targets: Targets): void {
    const { pass, pair } = this.#parts;
    for (const { entry, candidates } of this.#places?.unknown ?? []) {
      pass.unknownName('call-before.in', entry, candidates);
    }
    const { sites } = this.#later;
    const entries = new Set<string>();
    for (const site of sites) this.#site(site, entries);
    if (sites.length === 0) {
      pass.stale(
        `call-before has a pair for ${pair.then}, which never happens`,
        'remove the pair, or correct the name',
      );
    }
    for (const entry of this.#places?.known ?? []) {
      if (sites.length === 0 || entries.has(entry)) continue;
      pass.stale(
        `call-before.in lists ${entry}, from which nothing leads to ${pair.then}`,
        'remove the entry, or correct it',
      );
    }
    this.#reportUnclear(targets);
  }

  #site(site: EventSite, entries: Set<string>): void {
    const { pass, code, graph, pair, first, then } = this.#parts;
    const at = code.span(site.node);
    const way = unsettledWay(
      site,
      graph,
      this.#climb(pair.begun === true ? this.#begun : this.#done, entries),
    );
    if (!this.#places || this.#isWithin(site, entries)) pass.site(at);
    if (!way) return;
    const isBegun = !unsettledWay(site, graph, this.#climb(this.#begun, new Set()));
    const messageId = isBegun ? 'notAwaited' : 'notBefore';
    const data = { first: first.name, later: then.name, act: this.#act };
    pass.report({
      messageId,
      at,
      data,
      trace: wayTrace(code, way, `without ${first.name}`, `${this.#act} ${then.name}`),
    });
  }

  /** Whether a place is reached from one of the places that the pair is about; notes which. */
  #isWithin(site: EventSite, entries: Set<string>): boolean {
    const before = entries.size;
    let isWithin = false;
    unsettledWay(site, this.#parts.graph, {
      isSettled: ({ node }) => {
        const around = this.#places?.around(node) ?? [];
        for (const entry of around) entries.add(entry);
        if (around.length > 0) isWithin = true;
        return false;
      },
      isStart: () => false,
    });
    return isWithin || entries.size > before;
  }

  #climb(must: Must, entries: Set<string>): Climb {
    return {
      isSettled: (step) => isBefore(step, must),
      isStart: ({ node }, callers) => {
        if (!this.#places) return callers.length === 0;
        const around = this.#places.around(node);
        for (const entry of around) entries.add(entry);
        if (around.length === 0) return false;
        return callers.length === 0 || callers.some((caller) => this.#comesFromOutside(caller));
      },
    };
  }

  /** Whether a way leads to a place from where nobody calls, and through none of the places of the pair. */
  #comesFromOutside(step: Step): boolean {
    const way = unsettledWay(step, this.#parts.graph, {
      isSettled: ({ node }) => this.#places?.around(node).length !== 0,
      isStart: (_, callers) => callers.length === 0,
    });
    return way !== undefined;
  }

  /** Lists what goes by the name of `then` and may be it, for all the compiler can tell. */
  #reportUnclear(targets: Targets): void {
    const { pass, code, then } = this.#parts;
    const member = lastSegment(parseConfigName(then.name).name);
    const wanted = {
      members: new Set([member]),
      functions: new Set<string>(),
      declaring: new Set(targets.filesOf(then)),
    };
    for (const { node, declarations } of findReferences(code, wanted)) {
      if (declarations !== undefined || then.containers.length === 0) continue;
      if (this.#places && this.#places.around(node).length === 0) continue;
      pass.unresolved(code.span(node), `\`${member}\` of a value of unknown type may be ${then.name}`);
    }
  }
}

/** Whether `first` has been called before a place on every path, or control never comes there. */
function isBefore({ node, frames, after }: Step, must: Must): boolean {
  const owner = ownerOf(node);
  const frame = isFunctionNode(owner) ? frameOf(owner, frames) : undefined;
  const before = must.before(node, frame);
  if (before === undefined || includes(before, FIRST)) return true;
  return after !== undefined && includes(must.fulfilledBefore(node, after), FIRST);
}
