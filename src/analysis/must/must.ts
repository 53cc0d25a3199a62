import { type Ts, ts } from '../../syntax/ts.ts';
import { type Frame, frameKey } from '../atomic/frames.ts';
import type { Target } from '../atomic/values.ts';
import type { CfgOwner } from '../cfg.ts';
import { type Code, nameText } from '../code.ts';
import { fieldClassOf } from '../inserts/constructions.ts';
import { type Frames, idOf } from '../inserts/frames.ts';
import { cfgOf, type FunctionNode, isFunctionNode, ownerOf } from '../inserts/functions.ts';
import type { CallGraph, Invocation } from '../inserts/invocations.ts';
import { isAsyncFunction } from '../inserts/signatures.ts';
import { isGenerator } from '../locks/activation.ts';
import { functionType } from '../locks/function-types.ts';
import { nodesFor } from '../loops.ts';
import { isAssignmentOperator } from '../shapes.ts';
import { type Calls, callsIn } from './calls.ts';
import { type Counting, Effects, NO_SUMMARY, type Summary } from './effects.ts';
import type { Event } from './events.ts';
import { Flow, type FlowParts, MARKED, type Marking } from './flow.ts';
import { isNothing } from './less.ts';
import { type Events, eventOf, inAll, includes, NO_EVENTS, type World } from './worlds.ts';

/** What the analysis is made for. */
export interface MustParts {
  readonly code: Code;
  readonly graph: CallGraph;
  readonly events: readonly Event[];
  readonly counting: Counting;
}

/** How deep calls are followed; below that, nothing is certain. */
const MAX_DEPTH = 60;

/** An event is looked for through so many calls of helpers, one in the other. */
const MAX_HELPERS = 8;

/**
 * What certainly happens: on every path to a point of a function, and on every path through a function to its normal
 * end. Only what can lead to an event is looked at.
 */
export class Must {
  readonly #parts: MustParts;
  readonly #calls: Calls;
  /** The calls that may lead to an event. */
  readonly #relevant: ReadonlySet<Ts.Node>;
  /** The functions that may. */
  readonly #leading: ReadonlySet<Ts.Node>;
  /** The names of fields that keep what such a call hands back. */
  readonly #keeping: ReadonlySet<string>;
  /** What places do by themselves. */
  readonly #places = new Map<CfgOwner, Map<number, Events>>();
  readonly #summaries = new Map<string, Summary>();
  /** Summaries that rest on what is assumed of a function that is still being looked at. */
  readonly #provisional = new Map<string, { readonly summary: Summary; readonly lowest: number }>();
  readonly #open = new Map<string, Assumption>();
  /** The outermost function of those that are being looked at on which something rests. */
  #lowest = Number.POSITIVE_INFINITY;
  readonly #flows = new Map<CfgOwner, Map<Frame | undefined, Flow>>();

  constructor(parts: MustParts) {
    this.#parts = parts;
    this.#calls = callsIn(parts.code);
    const { relevant, leading } = waysUp(parts);
    this.#relevant = relevant;
    this.#leading = leading;
    this.#keeping = new Set([...relevant].flatMap((call) => fieldKeeping(call) ?? []));
    for (const [index, { family, sites }] of parts.events.entries()) {
      if (family) continue;
      for (const { node } of sites) this.#place(node, eventOf(index));
    }
  }

  /** What is certain to have happened before a place, since its function was entered; undefined if it is never reached. */
  before(place: Ts.Node, frame?: Frame): Events | undefined {
    // The fields of an object get their values before anything else of it is run.
    if (fieldClassOf(place)) return NO_EVENTS;
    const owner = ownerOf(place);
    const flow = this.#flow(owner, frame);
    return inAll(
      nodesFor(cfgOf(owner), place).flatMap((id) => flow.before(id)),
      ({ done }) => done,
    );
  }

  /** What is certain once a promise is fulfilled that an expression stands for. */
  fulfilledBefore(place: Ts.Node, promise: Ts.Expression): Events {
    const owner = ownerOf(place);
    const flow = this.#flow(owner, undefined);
    const worlds = nodesFor(cfgOf(owner), place).flatMap((id) => flow.before(id));
    const effects = this.#effects(undefined);
    return (
      inAll(worlds, (world) => effects.fulfilled(promise, world)) ?? effects.fulfilled(promise, undefined)
    );
  }

  /** What is certain when a function has come to its normal end; undefined if it never does. */
  throughout(owner: CfgOwner): Events | undefined {
    return endOf(this.#flow(owner, undefined).ends);
  }

  /** The `return`s of a function that may come without an event, and whether its end may. */
  endsWithout(owner: CfgOwner, events: Events): readonly Ts.Node[] {
    const flow = this.#flow(owner, undefined);
    return cfgOf(owner).nodes.flatMap(({ id, action }) => {
      if (action.kind !== 'return') return [];
      const { value } = action;
      const effects = this.#effects(undefined);
      const isLacking = flow.before(id).some((world) => {
        return !includes(world.done | (value ? effects.fulfilled(value, world) : NO_EVENTS), events);
      });
      return isLacking ? [action.node] : [];
    });
  }

  /** Of some events, those that are not certain on every normal path through a place, before or after it. */
  missingAround(place: Ts.Node, events: Events, marking: Marking): Events {
    const owner = ownerOf(place);
    const cfg = cfgOf(owner);
    const marks = new Map(nodesFor(cfg, place).map((id) => [id, marking] as const));
    const flow = new Flow(cfg, { ...this.#flowParts(owner, undefined), marks });
    const ends = flow.ends.filter(({ facts }) => facts.has(MARKED));
    const certain = endOf(ends);
    return certain === undefined ? NO_EVENTS : events & ~certain;
  }

  /** The places after a marked one, in its function, at which an event happens before another one has. */
  tooEarly(place: Ts.Node, { event, before }: { event: Events; before: Events }): readonly Ts.Node[] {
    const owner = ownerOf(place);
    const cfg = cfgOf(owner);
    const parts = this.#flowParts(owner, undefined);
    const marks = new Map(nodesFor(cfg, place).map((id) => [id, 'forgets'] as const));
    const flow = new Flow(cfg, { ...parts, marks });
    return cfg.nodes.flatMap(({ id, action }) => {
      const atOnce = action.kind === 'call' ? parts.effects.call(action.node).atOnce : NO_EVENTS;
      const happening = atOnce | (parts.places.get(id) ?? NO_EVENTS);
      if (!includes(happening, event) || includes(happening, before) || !('node' in action)) return [];
      const isEarly = flow.before(id).some(({ facts, done }) => {
        return facts.has(MARKED) && !includes(done, before) && !includes(done, event);
      });
      return isEarly ? [action.node] : [];
    });
  }

  #place(node: Ts.Node, events: Events): void {
    const owner = ownerOf(node);
    const places = this.#places.get(owner) ?? new Map<number, Events>();
    this.#places.set(owner, places);
    for (const id of nodesFor(cfgOf(owner), node)) places.set(id, (places.get(id) ?? NO_EVENTS) | events);
  }

  #flow(owner: CfgOwner, frame: Frame | undefined): Flow {
    const byFrame = this.#flows.get(owner) ?? new Map<Frame | undefined, Flow>();
    this.#flows.set(owner, byFrame);
    let flow = byFrame.get(frame);
    if (!flow) {
      flow = new Flow(cfgOf(owner), this.#flowParts(owner, frame));
      byFrame.set(frame, flow);
    }
    return flow;
  }

  #flowParts(owner: CfgOwner, frame: Frame | undefined): FlowParts {
    this.#parts.code.prefetch(owner);
    return {
      effects: this.#effects(frame),
      calls: this.#calls,
      places: this.#places.get(owner) ?? new Map(),
    };
  }

  #effects(frame: Frame | undefined): Effects {
    const { events, counting, graph } = this.#parts;
    return new Effects(
      {
        calls: this.#calls,
        events,
        counting,
        isRelevant: (call) => this.#relevant.has(call),
        disposals: graph.disposals,
        storesOf: (access) => this.#storesOf(access),
        summary: (target, args, caller) => this.#summaryOf(target, args, caller),
      },
      frame,
    );
  }

  #storesOf(access: Ts.PropertyAccessExpression): readonly Ts.Expression[] {
    const { code, graph } = this.#parts;
    if (!this.#keeping.has(access.name.text)) return [];
    const field = code.declarationNode(access.name as Ts.Identifier);
    if (!field || !ts.isPropertyDeclaration(field)) return [];
    const assigned = graph.references.ofMember(field).flatMap(({ at }) => {
      const { parent } = at;
      const isTarget = ts.isBinaryExpression(parent) && parent.left === at;
      return isTarget && isAssignmentOperator(parent.operatorToken.kind) ? [parent.right] : [];
    });
    const all = field.initializer ? [field.initializer, ...assigned] : assigned;
    return all.filter((value) => !isNothing(value));
  }

  #summaryOf(
    { fn, frame: made, bound }: Target,
    args: readonly Ts.Expression[] | undefined,
    caller: Frame | undefined,
  ): Summary {
    if (!this.#leading.has(fn)) return NO_SUMMARY;
    const frame: Frame = { fn, args: args && [...bound, ...args], caller, made };
    const key = frameKey(fn, frame, (one) => this.#takesFunctions(one));
    const known = this.#summaries.get(key);
    if (known) return known;
    const provisional = this.#provisional.get(key);
    const assumed = this.#open.get(key);
    if (provisional || assumed) {
      this.#lowest = Math.min(this.#lowest, provisional?.lowest ?? assumed?.depth ?? 0);
      if (assumed) assumed.isUsed = true;
      return provisional?.summary ?? assumed?.summary ?? NO_SUMMARY;
    }
    if (this.#open.size >= MAX_DEPTH) return NO_SUMMARY;
    return this.#assuming(key, () => this.#summarise(fn, frame));
  }

  /** Takes a function to do everything, and then no more than turns out, until nothing changes. */
  #assuming(key: string, summarise: () => Summary): Summary {
    const assumption: Assumption = { summary: this.#everything, depth: this.#open.size, isUsed: false };
    this.#open.set(key, assumption);
    const outer = this.#lowest;
    let summary = NO_SUMMARY;
    for (;;) {
      this.#lowest = Number.POSITIVE_INFINITY;
      assumption.isUsed = false;
      summary = summarise();
      if (!assumption.isUsed || isSame(summary, assumption.summary)) break;
      assumption.summary = summary;
      this.#provisional.clear();
    }
    this.#open.delete(key);
    const rests = this.#lowest < assumption.depth;
    if (rests) this.#provisional.set(key, { summary, lowest: this.#lowest });
    else this.#settle(key, summary, assumption.depth);
    this.#lowest = Math.min(outer, rests ? this.#lowest : Number.POSITIVE_INFINITY);
    return summary;
  }

  #settle(key: string, summary: Summary, depth: number): void {
    this.#summaries.set(key, summary);
    for (const [inner, { summary: known, lowest }] of this.#provisional) {
      if (lowest < depth) continue;
      this.#summaries.set(inner, known);
      this.#provisional.delete(inner);
    }
  }

  get #everything(): Summary {
    const all = (1n << BigInt(this.#parts.events.length)) - 1n;
    return { atOnce: all, settled: all, walked: all, handing: all };
  }

  #summarise(fn: FunctionNode, frame: Frame): Summary {
    const cfg = cfgOf(fn);
    const parts = this.#flowParts(fn, frame);
    const flow = new Flow(cfg, parts);
    const { ends } = flow;
    const all = this.#everything.settled;
    const settled = endOf(ends) ?? all;
    const done = inAll(ends, (world) => world.done) ?? all;
    if (isGenerator(fn)) {
      const handing = cfg.nodes.flatMap(({ id, action }) => {
        if (action.kind !== 'yield') return [];
        const { asteriskToken, expression } = action.node;
        const inner = asteriskToken && expression ? parts.effects.walked(expression, 'element') : NO_EVENTS;
        return flow.before(id).map((world) => ({ ...world, done: world.done | inner }));
      });
      return { ...NO_SUMMARY, walked: done, handing: inAll(handing, (world) => world.done) ?? all };
    }
    if (this.#parts.counting === 'begun') return { ...NO_SUMMARY, atOnce: settled, settled };
    if (!isAsyncFunction(fn)) return { ...NO_SUMMARY, atOnce: done, settled };
    const paused = new Flow(cfg, { ...parts, endsAtPause: true });
    return { ...NO_SUMMARY, atOnce: inAll(paused.ends, (world) => world.done) ?? all, settled };
  }

  #takesFunctions(fn: Ts.Node): boolean {
    const { parameters = [] } = ts.isFunctionLike(fn) ? fn : {};
    return parameters.some((one) => !one.type || functionType(one, this.#parts.code) !== undefined);
  }
}

interface Assumption {
  summary: Summary;
  readonly depth: number;
  isUsed: boolean;
}

function isSame(a: Summary, b: Summary): boolean {
  return a.atOnce === b.atOnce && a.settled === b.settled && a.walked === b.walked && a.handing === b.handing;
}

function endOf(ends: readonly World[]): Events | undefined {
  return inAll(ends, ({ settled }) => settled);
}

/** The name of the field that is given the value of a call, or of a chain that begins with it. */
function fieldKeeping(call: Ts.Node): string | undefined {
  let at = call;
  while (ts.isExpression(at.parent) && !ts.isFunctionLike(at.parent)) {
    const { parent } = at;
    if (ts.isBinaryExpression(parent) && parent.right === at && ts.isPropertyAccessExpression(parent.left)) {
      return parent.left.name.text;
    }
    at = parent;
  }
  const holder = at.parent;
  return ts.isPropertyDeclaration(holder) && holder.initializer === at ? nameText(holder.name) : undefined;
}

/** The calls and functions that may lead to an event, found from the events up. */
function waysUp({ graph, events }: MustParts): {
  relevant: ReadonlySet<Ts.Node>;
  leading: ReadonlySet<Ts.Node>;
} {
  const relevant = new Set<Ts.Node>();
  const leading = new Set<Ts.Node>();
  const seen = new Set<string>();
  const queue: { readonly site: Pick<Invocation, 'node' | 'frames'>; readonly helpers: number }[] = [];
  for (const { sites } of events) queue.push(...sites.map((site) => ({ site, helpers: 0 })));
  for (const { site, helpers } of queue) {
    const { node, frames } = site;
    relevant.add(node);
    if (helpers > MAX_HELPERS) continue;
    const owner = ownerOf(node);
    const cls = fieldClassOf(node);
    const inner = frames.around(owner);
    const key = `${idOf(cls ?? owner)}|${inner.key}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (isFunctionNode(owner)) leading.add(owner);
    const callers = cls ? graph.makers(cls) : isFunctionNode(owner) ? graph.callSites(owner, frames) : [];
    queue.push(...callers.map((caller) => ({ site: caller, helpers: helpers + 1 })));
  }
  return { relevant, leading };
}

/** The call that is being made, as the flow knows it, by which a function was entered. */
export function frameOf(fn: Ts.Node, frames: Frames): Frame | undefined {
  const call = frames.callOf(fn);
  if (!call || ts.isTaggedTemplateExpression(call)) return undefined;
  return { fn, args: call.arguments ?? [], caller: undefined, made: undefined };
}
