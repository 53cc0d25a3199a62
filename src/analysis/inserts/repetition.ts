import { type Ts, ts } from '../../syntax/ts.ts';
import type { Cfg, CfgLoop, CfgOwner } from '../cfg.ts';
import { skipParentheses } from '../code.ts';
import { repeatingLoops, runsBoth } from '../loops.ts';
import { fieldClassOf } from './constructions.ts';
import type { Gathering } from './flow.ts';
import { type Frames, idOf } from './frames.ts';
import { cfgOf, type FunctionNode, functionName, isFunctionNode, ownerOf } from './functions.ts';
import { localDeclaration } from './identifiers.ts';
import type { CallGraph, Invocation } from './invocations.ts';
import type { Preflights } from './preflight.ts';
import { heirsMaking } from './receivers.ts';

/** What makes a call run again and again. */
export interface Repetition {
  readonly loop: RepetitionCause;
  /** The calls that lead from it to the repeated one, that one left out, outermost first. */
  readonly calls: readonly Ts.Node[];
}

export type RepetitionCause =
  | { readonly kind: 'statement'; readonly node: Ts.IterationStatement }
  /** A call that runs its callback once per element. */
  | { readonly kind: 'iteration'; readonly node: Ts.Node }
  /** `node` is the call that closes the cycle. */
  | { readonly kind: 'recursion'; readonly node: Ts.Node; readonly name: string };

/** A search that reaches further gives up. */
const MOST_STEPS = 3_000;

/**
 * The nearest loop, iteration or recursion that runs a call more than once, where no preflight decides each time:
 * around the call in its function, or around a call of that function, and so on. Undefined when there is none.
 */
export function findRepetition(
  start: RepetitionStart,
  graph: CallGraph,
  preflights: Preflights,
): Repetition | 'gave-up' | undefined {
  return new RepetitionSearch(graph, preflights).find(start);
}

/** What runs a call, how the functions around it were entered, and the literals whose text the call runs. */
export interface RepetitionStart {
  readonly starts: readonly Gathering[];
  readonly frames: Frames;
  readonly origins: readonly Ts.Node[];
}

/** A call on a way from the repeated one to its callers. */
interface Step {
  readonly node: Ts.Node;
  readonly frames: Frames;
  readonly how: Invocation['how'];
  readonly by: Invocation['by'];
  /** The step that this one leads to. */
  readonly next: Step | undefined;
  /** Variables that decide, if they were asked for in the same iteration. */
  readonly captured: readonly Ts.VariableDeclaration[];
}

class RepetitionSearch {
  readonly #graph: CallGraph;
  readonly #preflights: Preflights;
  readonly #steps = new Map<CfgOwner, readonly Step[]>();
  readonly #followed = new Set<string>();
  #origins: readonly Ts.Node[] = [];
  /** The classes of the object whose fields the text is made of. */
  #made: readonly Ts.ClassLikeDeclaration[] = [];

  constructor(graph: CallGraph, preflights: Preflights) {
    this.#graph = graph;
    this.#preflights = preflights;
  }

  find({ starts, frames, origins }: RepetitionStart): Repetition | 'gave-up' | undefined {
    this.#origins = origins;
    this.#made = heirsMaking(frames);
    const queue = starts.map(({ node, how }): Step => {
      return { node, frames: frames.around(node), how, by: 'symbol', next: undefined, captured: [] };
    });
    let steps = 0;
    for (const step of queue) {
      steps += 1;
      if (steps > MOST_STEPS) return 'gave-up';
      const outcome = this.#examine(step);
      if (outcome && 'loop' in outcome) return outcome;
      if (outcome) queue.push(...outcome.callers);
    }
    return undefined;
  }

  #examine(step: Step): Repetition | { readonly callers: readonly Step[] } | undefined {
    if (step.how === 'iteration' && !listsEach(iteratedBy(step.node), this.#origins)) {
      return repetition({ kind: 'iteration', node: step.node }, step);
    }
    const cls = fieldClassOf(step.node);
    if (cls) return { callers: this.#follow(step, cls, this.#graph.makers(cls)) };
    const owner = ownerOf(step.node);
    const cfg = cfgOf(owner);
    const loop = repeatingLoops(cfg, step.node).find(
      ({ statement }) => !listsEach(iteratedBy(statement), this.#origins),
    );
    const elsewhere = step.captured.filter((one) => ownerOf(one) !== owner);
    const isDecidedHere = step.captured.length > 0 && elsewhere.length === 0;
    if (this.#isDecidedInside(step, cfg, loop?.head ?? cfg.entry)) return undefined;
    if (loop) {
      if (isDecidedHere && step.captured.every((one) => isInside(loop, one))) return undefined;
      const known = this.#preflights.knownAt(loop.statement);
      const verdict = this.#preflights.judge(cfg, loop.head, step.node, known);
      if (verdict.decided === 'yes') return undefined;
      if (verdict.decided === 'by-captured' && verdict.variables.every((one) => isInside(loop, one)))
        return undefined;
      return repetition({ kind: 'statement', node: loop.statement }, step);
    }
    if (isDecidedHere || !isFunctionNode(owner)) return undefined;
    const verdict = this.#preflights.judge(cfg, cfg.entry, step.node);
    if (verdict.decided === 'yes') return undefined;
    const captured = verdict.decided === 'by-captured' ? verdict.variables : elsewhere;
    return this.#recursion(step, owner) ?? { callers: this.#callers({ ...step, captured }, owner) };
  }

  /** Whether what this call hands over decides in the function that it calls. */
  #isDecidedInside({ node, next }: Step, cfg: Cfg, from: number): boolean {
    const fn = next && ownerOf(next.node);
    if (!fn || !isFunctionNode(fn)) return false;
    const known = this.#preflights.handedOver(cfg, from, node, fn);
    const inner = cfgOf(fn);
    return (
      known !== undefined && this.#preflights.judge(inner, inner.entry, next.node, known).decided === 'yes'
    );
  }

  #callers(step: Step, owner: FunctionNode): readonly Step[] {
    const steps = this.#steps.get(owner) ?? [];
    this.#steps.set(owner, [...steps, step]);
    const { receivers } = this.#graph;
    // A method of a base class runs on objects of all its heirs: those of another heir have another text.
    const made = receivers.relatedTo(owner, this.#made);
    const sites = this.#graph.callSites(owner, step.frames);
    return this.#follow(
      step,
      owner,
      sites.filter(({ node }) => receivers.mayBeOf(node, made)),
    );
  }

  /** What runs a function, or makes a class's fields, in which a step stands: followed once for each way in. */
  #follow(step: Step, entered: Ts.Node, places: readonly Invocation[]): readonly Step[] {
    const key = `${idOf(entered)}|${step.frames.key}|${step.captured.map(idOf).join(',')}`;
    if (this.#followed.has(key)) return [];
    this.#followed.add(key);
    return places.map(({ node, how, by, frames }) => ({
      node,
      how,
      by,
      frames: step.frames.leave(entered).with(frames).around(node),
      next: step,
      captured: step.captured,
    }));
  }

  /**
   * A call that leads back to its own function, and can run beside the one that leads to the repeated call, or beside
   * another that leads back. A call that may mean another function of the name, and one that is only scheduled, close
   * no cycle.
   */
  #recursion(step: Step, owner: FunctionNode): Repetition | undefined {
    if (step.captured.length > 0) return undefined;
    const others = this.#steps.get(owner) ?? [];
    const isRepeated = others.some(
      ({ node }) => node !== step.node && runsBoth(cfgOf(owner), node, step.node),
    );
    // Asked last: it walks over all the steps there are.
    if (!isRepeated || !this.#leadsBack(step, owner)) return undefined;
    const name = functionName(owner) ?? 'a callback';
    return repetition({ kind: 'recursion', node: step.node, name }, step);
  }

  #leadsBack(step: Step, owner: FunctionNode): boolean {
    const seen = new Set<CfgOwner>();
    const queue = [step];
    for (const { how, by, next } of queue) {
      const isFirm = how === 'call' && by === 'symbol';
      if (!next || !isFirm) continue;
      const callee = ownerOf(next.node);
      if (callee === owner) return true;
      if (seen.has(callee)) continue;
      seen.add(callee);
      queue.push(...(this.#steps.get(callee) ?? []));
    }
    return false;
  }
}

function repetition(loop: RepetitionCause, step: Step): Repetition {
  const calls: Ts.Node[] = [];
  for (let at: Step | undefined = step; at?.next; at = at.next) calls.push(at.node);
  return { loop, calls: loop.kind === 'statement' ? calls : calls.slice(1) };
}

/** What a `for … of`, or a call such as `list.forEach(…)`, goes through. */
function iteratedBy(node: Ts.Node): Ts.Node | undefined {
  if (ts.isForOfStatement(node)) return node.expression;
  const callee = ts.isCallExpression(node) ? skipParentheses(node.expression) : undefined;
  return callee && ts.isPropertyAccessExpression(callee) ? callee.expression : undefined;
}

/** Whether a list spells out the texts one by one: then each of them has its own turn, and no other. */
function listsEach(list: Ts.Node | undefined, texts: readonly Ts.Node[]): boolean {
  const bare = list && skipParentheses(list);
  const variable = bare && ts.isIdentifier(bare) ? localDeclaration(bare) : undefined;
  const value = variable && ts.isVariableDeclaration(variable) ? variable.initializer : bare;
  const array = value && skipParentheses(value);
  if (!array || !ts.isArrayLiteralExpression(array) || texts.length === 0) return false;
  return texts.every((text) =>
    array.elements.some(
      (one) => text.pos >= one.pos && text.end <= one.end && text.getSourceFile() === one.getSourceFile(),
    ),
  );
}

/** Whether a declaration is made anew on every turn of a loop. */
function isInside({ statement }: CfgLoop, declaration: Ts.Node): boolean {
  const isAround = (part: Ts.Node): boolean => declaration.pos >= part.pos && declaration.end <= part.end;
  if (isAround(statement.statement)) return true;
  return (
    (ts.isForOfStatement(statement) || ts.isForInStatement(statement)) && isAround(statement.initializer)
  );
}
