import { type Ts, ts } from '../syntax/ts.ts';
import { FlowGraph } from './cfg/graph.ts';
import type { IsPromise } from './cfg/link-flow.ts';
import { StatementFlow } from './cfg/statements.ts';

/**
 * The control-flow graph of one function body, or of the top level of a file. A node is one action that an
 * evaluator performs (a call, an `await`, a binding …), in the order of evaluation; its operands were evaluated
 * by the nodes before it. Exceptions are edges: every action that may throw leads to the handler in force.
 *
 * `finally` blocks and disposals are copied, once for each place that control goes on to after them.
 */
export interface Cfg {
  readonly owner: CfgOwner;
  readonly nodes: readonly CfgNode[];
  readonly entry: number;
  /** Reached by every `return` and by the end of the body. */
  readonly exit: number;
  /** Reached by an exception that nobody catches. */
  readonly throwExit: number;
  /** The loops that control can enter; one statement several times where a `finally` block was copied. */
  readonly loops: readonly CfgLoop[];
  /** The links of chains that were built as a part of it. */
  readonly links: ReadonlySet<CfgOwner>;
}

/** A loop statement, and the node that every turn of it starts with. */
export interface CfgLoop {
  readonly statement: Ts.IterationStatement;
  readonly head: number;
}

/** What has a body of its own. */
export type CfgOwner = Ts.FunctionLikeDeclaration | Ts.ClassStaticBlockDeclaration | Ts.SourceFile;

export interface CfgNode {
  readonly id: number;
  readonly action: Action;
  readonly successors: readonly CfgEdge[];
}

export interface CfgEdge {
  readonly to: number;
  readonly when: 'next' | 'true' | 'false' | 'throw';
}

export type Action =
  | { readonly kind: 'entry' | 'exit' | 'throw-exit' | 'join' }
  /** A call, `new`, tagged template or `import()`; arguments are already evaluated. */
  | { readonly kind: 'call'; readonly node: CallLike }
  /**
   * Waits for the value of `promise`, and gives `node` what it comes to: an `await`, or what a chain waits for before its
   * next link. `origin` is where the promise comes from.
   */
  | {
      readonly kind: 'await';
      readonly node: Ts.Expression;
      readonly promise: Ts.Expression;
      readonly origin: Ts.Expression;
    }
  /** Goes on with what the consumer sends, or throws. That the consumer leaves for good is no edge. */
  | { readonly kind: 'yield'; readonly node: Ts.YieldExpression }
  /**
   * Binds the names of a declaration to its value: the initializer, or what the loop or caller hands in. `given` is what
   * a link of a chain hands to the next one.
   */
  | {
      readonly kind: 'declare';
      readonly node: Ts.VariableDeclaration | Ts.ParameterDeclaration;
      readonly given?: Ts.Expression;
    }
  | { readonly kind: 'assign'; readonly node: Ts.BinaryExpression }
  /** `i++`, `--i`: a variable goes on to another value. */
  | { readonly kind: 'count'; readonly node: Ts.PrefixUnaryExpression | Ts.PostfixUnaryExpression }
  /** `node` takes the value of `from`, or `undefined`: the arms of `?:`, `&&`, `||`, `??` and `?.`. */
  | { readonly kind: 'pick'; readonly node: Ts.Expression; readonly from: Ts.Expression | undefined }
  /**
   * Goes on by `true` or `false`. For `nullish`, `true` means that the value is null or undefined; for `case`, that
   * the value of the `switch` equals it.
   */
  | {
      readonly kind: 'branch';
      readonly condition: Ts.Expression;
      readonly test: 'truthy' | 'nullish' | 'case';
    }
  /**
   * `value` is undefined for a bare `return`. In a link of a chain, `into` takes it, and not the function. `isWaitedFor`
   * says that nothing else runs before it is settled: a chain that was built up to its end, or what a link returns at once.
   */
  | {
      readonly kind: 'return';
      readonly node: Ts.Node;
      readonly value: Ts.Expression | undefined;
      readonly into?: Ts.Expression;
      readonly isWaitedFor?: boolean;
    }
  | { readonly kind: 'throw'; readonly node: Ts.ThrowStatement }
  /** Goes on by `true` with the next element, by `false` when there is none. */
  | { readonly kind: 'next'; readonly node: IterationStatement }
  /** The iteration is over, or is being left: the iterator is closed. May throw when it is done. */
  | { readonly kind: 'close'; readonly node: IterationStatement }
  /** The end of a `using` declaration's block. May throw when it is done. */
  | { readonly kind: 'dispose'; readonly node: Ts.VariableDeclaration; readonly awaits: boolean }
  /** A value that nobody takes: the end of an expression statement. */
  | { readonly kind: 'discard'; readonly node: Ts.Expression };

export type CallLike = Ts.CallExpression | Ts.NewExpression | Ts.TaggedTemplateExpression;

export type IterationStatement = Ts.ForOfStatement | Ts.ForInStatement;

/**
 * Builds the graph. Linear in the size of the body, but for nested `finally` blocks.
 *
 * @param isPromise asked of what chains begin with: their links are then built as steps of the function that waits for
 *   them. Without it a link is a function of its own, that a call is handed.
 */
export function buildCfg(owner: CfgOwner, isPromise?: IsPromise): Cfg {
  const graph = new FlowGraph();
  const flow = new StatementFlow(graph, isPromise);
  flow.owner(owner);
  return { owner, links: flow.links, ...graph.finish() };
}

/** The statements or the expression that a function runs, if it has any. */
export function bodyOf(owner: CfgOwner): Ts.Node | undefined {
  if (ts.isSourceFile(owner)) return owner;
  return owner.body;
}
