import type { Ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import type { FlowGraph } from './graph.ts';
import { type Chain, calledIn, chainOf, type Handler, isTask, isWritten, type Link } from './links.ts';

/** Whether what a chain begins with is a promise, and no lock that has the shape of one. */
export type IsPromise = (head: Ts.Expression) => boolean;

interface Parts {
  expression(node: Ts.Expression): void;
  /** Builds the parameters and the body of a function that is handed a value. */
  function(fn: CfgOwner, given: Ts.Expression | undefined): void;
}

/**
 * Builds chains of promises that are waited for: what `await first().then(second)` does, `const v = await first();
 * await second(v)` does as well. `catch` and `finally` are to the links before them what the clauses of a `try` are to
 * its block.
 */
export class LinkFlow {
  readonly #graph: FlowGraph;
  readonly #isPromise: IsPromise;
  readonly #parts: Parts;
  /** The functions that were built as links. */
  readonly built = new Set<CfgOwner>();

  constructor(graph: FlowGraph, isPromise: IsPromise, parts: Parts) {
    this.#graph = graph;
    this.#isPromise = isPromise;
    this.#parts = parts;
  }

  /** Whether a function waits for the promise that it returns, as far as its callers can tell. */
  isTask(owner: CfgOwner): boolean {
    return isTask(owner, this.#isPromise);
  }

  /** Builds an expression, if it is a chain, to where its promise is settled: its value is what the promise comes to. */
  chain(value: Ts.Expression): boolean {
    const chain = chainOf(value, this.#isPromise);
    if (!chain) return false;
    // What fails before there is a promise is not caught by it.
    this.#parts.expression(chain.head);
    this.#upTo(chain, chain.links.length);
    return true;
  }

  /** The first links of a chain. The expression that has the value to which they come. */
  #upTo(chain: Chain, count: number): Ts.Expression {
    const link = chain.links[count - 1];
    if (!link) {
      const { head } = chain;
      this.#graph.emitThrowing({ kind: 'await', node: head, promise: head, origin: head });
      return head;
    }
    const before = (): Ts.Expression => this.#upTo(chain, count - 1);
    if (link.method === 'finally') this.#finally(link, before);
    else this.#then(link, before);
    return link.node;
  }

  #finally({ node, onSuccess: handler }: Link, before: () => Ts.Expression): void {
    let settled: Ts.Expression = node;
    const first = (): void => {
      settled = before();
    };
    // What the handler returns is waited for, and of no interest.
    if (handler) this.#graph.guarded(() => this.#run(node, handler, undefined, node.expression), first);
    else first();
    this.#graph.emit({ kind: 'pick', node, from: settled });
  }

  #then({ node, onSuccess, onFailure }: Link, before: () => Ts.Expression): void {
    const caught = this.#graph.join();
    const after = this.#graph.join();
    let settled: Ts.Expression = node;
    const first = (): void => {
      settled = before();
    };
    if (onFailure) this.#graph.catching(caught, first);
    else first();
    if (onSuccess) this.#run(node, onSuccess, settled, node);
    else this.#graph.emit({ kind: 'pick', node, from: settled });
    this.#graph.goto(after);
    this.#graph.resume(caught);
    if (onFailure) this.#run(node, onFailure, undefined, node);
    this.#graph.goto(after);
    this.#graph.resume(after);
  }

  /** Runs a handler, and waits for what it returns: `result` has the value. */
  #run(
    link: Ts.CallExpression,
    handler: Handler,
    given: Ts.Expression | undefined,
    result: Ts.Expression,
  ): void {
    if (!this.#graph.isReachable) return;
    if (isWritten(handler)) {
      this.built.add(handler);
      this.#graph.body(result, () => this.#parts.function(handler, given));
      return;
    }
    const { call, awaited } = calledIn(link, handler, given);
    this.#graph.emitThrowing({ kind: 'call', node: call });
    this.#graph.emitThrowing({ kind: 'await', node: awaited, promise: call, origin: call });
    this.#graph.emit({ kind: 'pick', node: result, from: awaited });
  }
}
