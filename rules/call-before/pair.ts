import type { Code } from '../../src/analysis/code.ts';
import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import type { Target } from '../../src/analysis/dispatch/targets.ts';
import { isFunctionNode, ownerOf } from '../../src/analysis/inserts/functions.ts';
import type { CallGraph } from '../../src/analysis/inserts/invocations.ts';
import { type Climb, promiseBefore, type Step, unsettledWay } from '../../src/analysis/must/approach.ts';
import type { Counting } from '../../src/analysis/must/effects.ts';
import { callsOf, type Event, type EventSite } from '../../src/analysis/must/events.ts';
import { frameOf, Must } from '../../src/analysis/must/must.ts';
import { isField, removalOf } from '../../src/analysis/must/removals.ts';
import { eventOf, includes } from '../../src/analysis/must/worlds.ts';
import { isFunctionExpression, outermost } from '../../src/analysis/shapes.ts';
import type { AnalysisContext } from '../../src/engine/rule.ts';
import type { Ts } from '../../src/syntax/ts.ts';
import type { PairOption } from './rule.ts';

/** What a pair is made of. */
export interface PairParts {
  readonly context: Pick<AnalysisContext, 'program' | 'root'>;
  readonly code: Code;
  readonly graph: CallGraph;
  readonly option: PairOption;
  readonly first: Target;
  readonly then: Target;
  /** A call of `first` that does not count. */
  readonly without?: Ts.Node;
}

/** The one event of the analysis: that `first` was called. */
const FIRST = eventOf(0);

/** Two calls, one before the other: where they are, and the ways on which that is not so. */
export class Pair {
  readonly sites: readonly EventSite[];
  /** The places that the pair is about; undefined for all. */
  readonly places: AllowedPlaces | undefined;
  /** What is done to `then`, in the words of a report. */
  readonly act: 'calls' | 'removes from';
  readonly #parts: PairParts;
  readonly #graph: CallGraph;
  #first: Event | undefined;
  readonly #musts = new Map<Counting, Must>();

  constructor(parts: PairParts) {
    const { context, code, graph, option, then } = parts;
    this.sites = removalOf(then, code, graph).sites;
    this.places = option.in && new AllowedPlaces(context.program, context.root, option.in);
    this.act = isField(then, code) ? 'removes from' : 'calls';
    this.#parts = parts;
    this.#graph = graph;
  }

  /** The calls of `first` that count. */
  get first(): Event {
    if (!this.#first) {
      const { code, graph, first, without } = this.#parts;
      const calls = callsOf(first, code, graph);
      this.#first = { ...calls, sites: calls.sites.filter(({ node }) => node !== without) };
    }
    return this.#first;
  }

  /** A way to a place on which `first` was not called. */
  wayTo(site: EventSite): Step | undefined {
    return unsettledWay(site, this.#graph, this.#climb(this.#parts.option.begun === true ? 'begun' : 'done'));
  }

  /** Whether `first` was begun on every way to a place. */
  isBegun(site: EventSite): boolean {
    return !unsettledWay(site, this.#graph, this.#climb('begun'));
  }

  /** The entries of the places of the pair from which something leads to a place; undefined where it names none. */
  entriesTo(site: EventSite): readonly string[] | undefined {
    const { places } = this;
    if (!places) return undefined;
    const entries = new Set<string>();
    unsettledWay(site, this.#graph, {
      isSettled: ({ node }) => {
        for (const entry of places.around(node)) entries.add(entry);
        return false;
      },
      isStart: () => false,
    });
    return [...entries];
  }

  /** What is certain once it is done, or begun. */
  #must(counting: Counting): Must {
    const { code, graph } = this.#parts;
    const must = this.#musts.get(counting) ?? new Must({ code, graph, events: [this.first], counting });
    this.#musts.set(counting, must);
    return must;
  }

  #climb(counting: Counting): Climb {
    const must = this.#must(counting);
    return {
      isSettled: (step) => isBefore(step, must) || this.#isMadeAfter(step, must),
      isStart: ({ node }, callers) => {
        if (!this.places) return callers.length === 0;
        if (this.places.around(node).length === 0) return false;
        return callers.length === 0 || callers.some((caller) => this.#comesFromOutside(caller));
      },
    };
  }

  /** Whether `first` has been called before a function around a place was made: then also before it is run. */
  #isMadeAfter({ node, frames }: Step, must: Must): boolean {
    for (let fn = ownerOf(node); isFunctionExpression(fn); fn = ownerOf(fn)) {
      if (this.places && this.places.around(fn.parent).length === 0) return false;
      // What a link of a chain makes is made after the promise before it, too.
      const { parent } = outermost(fn);
      for (const after of [undefined, promiseBefore(parent, fn)])
        if (isBefore({ node: fn, frames, towards: undefined, after }, must)) return true;
    }
    return false;
  }

  /** Whether a way leads to a place from where nobody calls, and through none of the places of the pair. */
  #comesFromOutside(step: Step): boolean {
    const way = unsettledWay(step, this.#graph, {
      isSettled: ({ node }) => this.places?.around(node).length !== 0,
      isStart: (_, callers) => callers.length === 0,
    });
    return way !== undefined;
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
