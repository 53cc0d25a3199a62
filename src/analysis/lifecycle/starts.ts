import { type Ts, ts } from '../../syntax/ts.ts';
import type { Code } from '../code.ts';
import { Frames } from '../inserts/frames.ts';
import { type FunctionNode, isFunctionNode } from '../inserts/functions.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { returnedBy } from '../shapes.ts';
import { isGenerator } from './positions.ts';
import { isAsync, type Leaving, PromiseFates } from './promise-fate.ts';
import { callsElsewhere, type Work } from './started-work.ts';

/** Work that is left alone, and how. */
export interface Left extends Leaving {
  /** The call that drops the promise of a function that it was handed. */
  readonly call?: Ts.Node;
  /** The async function behind a call whose type says nothing of a promise. */
  readonly runs?: Ts.Node;
}

/** Tells which work makes a promise that is left to nobody. */
export class Starts {
  readonly #code: Code;
  readonly #graph: CallGraph;
  readonly #promises: PromiseFates;

  constructor(code: Code, graph: CallGraph) {
    this.#code = code;
    this.#graph = graph;
    this.#promises = new PromiseFates(code, graph.callees);
  }

  leavingOf({ kind, node }: Work): Left | undefined {
    if (kind === 'call') return this.#ofCall(node);
    const leaving = this.#promises.ofFunction(node);
    if (kind === 'function')
      return leaving ?? (isFunctionNode(node) ? this.#ofCallsElsewhere(node) : undefined);
    const makes = leaving && this.#graph.callees.functionsOf(node, Frames.none).some((fn) => this.#makes(fn));
    return makes ? leaving : undefined;
  }

  #ofCall(call: Ts.Node): Left | undefined {
    const leaving = this.#promises.of(call);
    if (!leaving) return undefined;
    const isCall = ts.isCallExpression(call) || ts.isTaggedTemplateExpression(call);
    const bodies = isCall ? this.#graph.callees.bodies(call, Frames.none) : [];
    const runs = bodies.find((fn) => isAsync(fn) && !isGenerator(fn));
    // A type may say less than what runs: an async function may stand for one that returns nothing.
    if (!this.#isPromise(call)) return runs && { ...leaving, runs };
    // `if (running.get(id))`: what was started before is looked up.
    const isLookup = leaving.isLookedAt && !runs && (bodies.length > 0 || !this.#isPresent(call));
    return isLookup ? undefined : leaving;
  }

  /** `tick(async () => …)`, where `tick` calls what it is handed, and takes it for a function that returns nothing. */
  #ofCallsElsewhere(fn: FunctionNode): Left | undefined {
    for (const call of callsElsewhere(fn, this.#graph)) {
      const leaving = this.#promises.of(call);
      if (leaving && !this.#isPromise(call)) return { ...leaving, call };
    }
    return undefined;
  }

  #makes(fn: FunctionNode): boolean {
    if (isAsync(fn)) return !isGenerator(fn);
    return returnedBy(fn.body).some((value) => this.#isPromise(value));
  }

  #isPresent(expression: Ts.Node): boolean {
    return this.#code.expressionType(expression)?.present ?? false;
  }

  /** What has a `then` alone may be a builder that is awaited where one likes; a promise has all of it. */
  #isPromise(expression: Ts.Node): boolean {
    return typeof this.#code.memberOfType(expression, 'finally') !== 'string';
  }
}
