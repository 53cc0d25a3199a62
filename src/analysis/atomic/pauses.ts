import { type Ts, ts } from '../../syntax/ts.ts';
import type { Code } from '../code.ts';
import { cfgOf, type FunctionNode } from '../inserts/functions.ts';
import { isAsyncFunction } from '../inserts/signatures.ts';
import { isGenerator } from '../locks/activation.ts';
import { functionName } from '../locks/function-name.ts';
import { functionType } from '../locks/function-types.ts';
import { isAwaitedBy, isWaitedForBy } from './awaited.ts';
import { type Entered, Entering, fieldsOf, type Leads } from './entering.ts';
import { type Frame, frameKey } from './frames.ts';
import { isInSection, type Section } from './section.ts';
import { graphOwner, type PauseKind, type Step, stepsOf } from './steps.ts';

/** One call, of those that lead to a pause. */
export interface CallStep {
  readonly at: Ts.Node;
  readonly callee: string;
}

/** A place in a section at which others may come to run before the section is done. */
export interface Suspension {
  /** In the section. */
  readonly at: Ts.Node;
  /** The calls that lead from the section to the pause. */
  readonly via: readonly CallStep[];
  readonly pause: Pause;
}

export interface Pause {
  readonly at: Ts.Node;
  /** `promise`: what is called is not seen, and is declared to hand back a promise. */
  readonly by: PauseKind | 'promise';
}

/** What a section comes to. */
export interface Judged {
  readonly suspensions: readonly Suspension[];
  /** Calls that lead to something of which nothing is known. */
  readonly unknown: readonly Ts.Node[];
}

/** So many ways of calling one function are told apart, by the functions that are handed in. */
const MAX_CONTEXTS = 8;

interface Way extends Entered {
  readonly via: Chain;
}

/** The calls that lead somewhere, last one first: many ways share their beginnings. */
interface Chain {
  readonly step: CallStep;
  readonly before: Chain | undefined;
}

/** Code that is part of a section: its own, or a callback in it that is run on the spot. */
interface Part {
  readonly code: readonly Ts.Node[];
  readonly frame: Frame | undefined;
  readonly via: readonly CallStep[];
  /** A called generator hands its values to the section, which does not pause for that. */
  readonly isCalled: boolean;
}

/** Looks for the places where a section lets others run, in its own code and in what it calls. */
export class Pauses {
  readonly #code: Code;
  readonly #entering: Entering;
  readonly #isAtomic: (fn: Ts.Node) => boolean;
  /** Whether a place is part of another section, which answers for it. */
  readonly #isJudged: (node: Ts.Node) => boolean;
  readonly #clean = new Set<string>();
  readonly #steps = new Map<Ts.Node, readonly Step[]>();
  readonly #taking = new Map<Ts.Node, boolean>();

  constructor(code: Code, isAtomic: (fn: Ts.Node) => boolean, isJudged: (node: Ts.Node) => boolean) {
    this.#code = code;
    this.#entering = new Entering(code);
    this.#isAtomic = isAtomic;
    this.#isJudged = isJudged;
  }

  of(section: Section): Judged {
    const suspensions: Suspension[] = [];
    const unknown = new Set<Ts.Node>();
    const inline = new Set<Ts.Node>();
    const parts: Part[] = [{ code: section.code, frame: undefined, via: [], isCalled: false }];
    // Grows while it is walked: callbacks in the section are parts of it.
    for (const part of parts) {
      const [first] = part.code;
      const owner = first && graphOwner(first);
      for (const step of stepsOf(part.code, owner && cfgOf(owner))) {
        if (step.kind === 'pause') {
          if (part.isCalled && step.by.startsWith('yield')) continue;
          suspensions.push({ at: step.node, via: part.via, pause: { at: step.node, by: step.by } });
          continue;
        }
        const found = this.#search(step, part, section, unknown, (way) => {
          if (inline.has(way.fn)) return;
          inline.add(way.fn);
          const code = codeOf(way.fn);
          parts.push({ code, frame: way.frame, via: [...part.via, ...callsOf(way)], isCalled: true });
        });
        if (found) {
          suspensions.push({ at: step.node, via: [...part.via, ...found.via], pause: found.pause });
        }
      }
    }
    // To start something and to wait for it is one mistake.
    const awaits = suspensions.flatMap(({ at, pause }) =>
      at === pause.at && pause.by === 'await' ? [at] : [],
    );
    const isTold = ({ at, pause }: Suspension): boolean => {
      if (at === pause.at && pause.by === 'chain')
        return !suspensions.some((one) => isWaitedForBy(one.at, at));
      return !isAwaitedBy(at, awaits);
    };
    return { suspensions: suspensions.filter(isTold), unknown: [...unknown] };
  }

  /** The nearest pause that a step leads to, outside of the section's own code. */
  #search(
    step: Exclude<Step, { kind: 'pause' }>,
    { frame }: Part,
    section: Section,
    unknown: Set<Ts.Node>,
    meet: (way: Way) => void,
  ): { readonly pause: Pause; readonly via: readonly CallStep[] } | undefined {
    const leads = this.#entering.of(step, frame);
    if (leads.startsPromise) return { pause: { at: step.node, by: 'promise' }, via: [] };
    if (leads.isUnknown || this.#mayPause(leads)) unknown.add(step.node);
    const ways = leads.entered.map((entered): Way => wayTo(entered, undefined));
    const seen = new Contexts();
    let isWhole = true;
    for (const way of ways) {
      if (this.#isAtomic(way.fn)) continue;
      if (isInSection(way.fn, section)) {
        isWhole = false;
        meet(way);
        continue;
      }
      const key = this.#keyOf(way);
      if (seen.has(key) || this.#clean.has(key)) continue;
      if (!seen.add(way.fn, key)) {
        isWhole = false;
        unknown.add(step.node);
        continue;
      }
      for (const inner of this.#stepsOf(way.fn)) {
        if (inner.kind === 'pause') {
          if (inner.by.startsWith('yield') || this.#isJudged(inner.node)) continue;
          return { pause: { at: inner.node, by: inner.by }, via: callsOf(way) };
        }
        const further = this.#entering.of(inner, way.frame);
        if (further.startsPromise) return { pause: { at: inner.node, by: 'promise' }, via: callsOf(way) };
        if (further.isUnknown || this.#mayPause(further)) unknown.add(inner.node);
        for (const entered of further.entered) ways.push(wayTo(entered, way.via));
      }
    }
    // Whoever comes there again finds nothing either, and what is not known there has been told of.
    if (isWhole) for (const key of seen.keys()) this.#clean.add(key);
    return undefined;
  }

  /** Whether a callback, of which nobody knows when it runs, could pause if it ran at once. */
  #mayPause({ perhaps }: Leads): boolean {
    const ways = [...perhaps];
    const seen = new Contexts();
    for (const way of ways) {
      const key = this.#keyOf(way);
      if (this.#isAtomic(way.fn) || seen.has(key) || this.#clean.has(key)) continue;
      if (!seen.add(way.fn, key)) return true;
      for (const inner of this.#stepsOf(way.fn)) {
        if (inner.kind === 'pause') {
          if (!inner.by.startsWith('yield')) return true;
          continue;
        }
        const further = this.#entering.of(inner, way.frame);
        if (further.startsPromise || further.isUnknown) return true;
        ways.push(...further.entered);
      }
    }
    return false;
  }

  #stepsOf(fn: Entered['fn']): readonly Step[] {
    let steps = this.#steps.get(fn);
    if (!steps) {
      const isClass = ts.isClassLike(fn);
      if (!isClass) this.#code.prefetch(fn);
      // Whoever calls an asynchronous generator only makes it.
      const isIdle = !isClass && isAsyncFunction(fn) && isGenerator(fn);
      steps = isIdle ? [] : stepsOf(codeOf(fn), isClass ? undefined : cfgOf(fn));
      this.#steps.set(fn, steps);
    }
    return steps;
  }

  #keyOf({ fn, frame }: Entered): string {
    return frameKey(fn, frame, (one) => this.#takesFunctions(one));
  }

  #takesFunctions(fn: Ts.Node): boolean {
    let takes = this.#taking.get(fn);
    if (takes === undefined) {
      const { parameters = [] } = ts.isFunctionLike(fn) ? fn : {};
      takes = parameters.some((one) => !one.type || functionType(one, this.#code) !== undefined);
      this.#taking.set(fn, takes);
    }
    return takes;
  }
}

/** The ways of calling functions that a search has come to. */
class Contexts {
  readonly #keys = new Set<string>();
  readonly #byFunction = new Map<Ts.Node, number>();

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  keys(): Iterable<string> {
    return this.#keys;
  }

  /** False when there are too many of the function already. */
  add(fn: Ts.Node, key: string): boolean {
    const count = this.#byFunction.get(fn) ?? 0;
    if (count >= MAX_CONTEXTS) return false;
    this.#byFunction.set(fn, count + 1);
    this.#keys.add(key);
    return true;
  }
}

function wayTo(entered: Entered, before: Chain | undefined): Way {
  return { ...entered, via: { step: stepTo(entered), before } };
}

function callsOf({ via }: Way): readonly CallStep[] {
  const calls: CallStep[] = [];
  for (let at: Chain | undefined = via; at; at = at.before) calls.push(at.step);
  return calls.reverse();
}

function codeOf(fn: FunctionNode | Ts.ClassLikeDeclaration): readonly Ts.Node[] {
  if (ts.isClassLike(fn)) return fieldsOf(fn);
  return fn.body ? [...fn.parameters, fn.body] : [];
}

function stepTo({ at, fn }: Entered): CallStep {
  return { at, callee: ts.isClassLike(fn) ? fieldsName(fn) : (symbolName(fn) ?? functionName(fn)) };
}

function fieldsName({ name }: Ts.ClassLikeDeclaration): string {
  return name ? `the fields of ${name.text}` : 'the fields of the class';
}

/** `Pages[Symbol.iterator]` */
function symbolName(fn: FunctionNode): string | undefined {
  if (!fn.name || !ts.isComputedPropertyName(fn.name)) return undefined;
  const owner = fn.parent;
  return `${ts.isClassLike(owner) ? (owner.name?.text ?? '') : ''}${fn.name.getText()}`;
}
