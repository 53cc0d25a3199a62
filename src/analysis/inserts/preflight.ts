import { type Ts, ts } from '../../syntax/ts.ts';
import type { Cfg } from '../cfg.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import { nodesFor, repeatingLoops } from '../loops.ts';
import {
  type Answer,
  answerOf,
  askedBy,
  either,
  type Fact,
  flag,
  NEVER,
  NULLISH,
  SILENT,
  TRUE,
  under,
} from './answers.ts';
import { parametersOf } from './callees.ts';
import {
  boundAnswer,
  entered,
  NOTHING_KNOWN,
  type Oracle,
  type State,
  solve,
  surroundings,
} from './decisions.ts';
import { evaluate } from './evaluation.ts';
import { Frames } from './frames.ts';
import { cfgOf, type FunctionNode, isFunctionNode, ownerOf } from './functions.ts';
import { localDeclaration } from './identifiers.ts';
import type { CallGraph } from './invocations.ts';
import { isReassigned } from './reaching.ts';
import { answersByThrowing, isAsyncFunction, isConversion, presentType, throws } from './signatures.ts';

/** How far a helper may be from the preflight that it asks. */
const MOST_HELPERS = 3;

/** What stands between the start of an iteration, or of a function, and an insert. */
export type Verdict =
  | { readonly decided: 'no' }
  /** Every path has asked a preflight, and goes on to the insert because there is no row. */
  | { readonly decided: 'yes' }
  /** The same, if these variables of functions around were asked for in the same iteration. */
  | { readonly decided: 'by-captured'; readonly variables: readonly Ts.VariableDeclaration[] };

/** A preflight: the declarations that its name in the config stands for. */
export interface NamedDeclarations {
  /** The last part of the name. */
  readonly name: string;
  readonly declarations: ReadonlySet<Ts.Node>;
}

/** A query that asks for rows of the table, and what its value says of them. */
export interface AskingQuery {
  readonly call: Ts.Node;
  readonly answer: Answer;
}

/** Judges whether preflights decide about what follows them. */
export class Preflights {
  readonly #graph: CallGraph;
  /** The calls of preflights, and what their answers say. */
  readonly #calls = new Map<Ts.Node, Answer>();
  /** Preflights that answer by throwing. */
  readonly #throwing = new Set<Ts.Node>();
  /** Functions that ask a preflight, themselves or through others. */
  readonly #helpers = new Set<FunctionNode>();
  readonly #summaries = new Map<FunctionNode, Summary>();
  readonly #applying = new Set<FunctionNode>();

  constructor(
    graph: CallGraph,
    preflights: readonly NamedDeclarations[],
    queries: readonly AskingQuery[] = [],
  ) {
    this.#graph = graph;
    for (const { name, declarations } of preflights) {
      for (const declaration of declarations) this.#add(name, declaration);
    }
    const fresh = queries.filter(({ call }) => !this.#calls.has(call));
    for (const { call, answer } of fresh) this.#calls.set(call, answer);
    this.#addHelpers(fresh.map(({ call }) => call));
  }

  get isEmpty(): boolean {
    return this.#calls.size === 0;
  }

  /** Whether every path from a node of the graph, where this much is known, to an expression is decided. */
  judge(cfg: Cfg, from: number, to: Ts.Node, known = NOTHING_KNOWN): Verdict {
    if (this.isEmpty) return { decided: 'no' };
    const oracle = new PreflightOracle(this, undefined);
    if (isAbsentAt(cfg, to, solve(cfg, from, known, oracle))) return { decided: 'yes' };
    const captured = new Set<Ts.VariableDeclaration>();
    const states = solve(cfg, from, known, new PreflightOracle(this, captured));
    const isAbsent = isAbsentAt(cfg, to, states);
    return isAbsent && captured.size > 0
      ? { decided: 'by-captured', variables: [...captured] }
      : { decided: 'no' };
  }

  /**
   * What a call hands to a function, where that says anything: the answer of a lookup, a constant that switches the
   * question on.
   */
  handedOver(cfg: Cfg, from: number, call: Ts.Node, fn: FunctionNode): State | undefined {
    if (this.isEmpty || !ts.isCallExpression(call) || call.arguments.some(ts.isSpreadElement))
      return undefined;
    if (!this.#graph.callees.bodies(call, Frames.none).includes(fn)) return undefined;
    const oracle = new PreflightOracle(this, undefined);
    const [at, ...copies] = nodesFor(cfg, call);
    const state =
      at === undefined || copies.length > 0 ? undefined : solve(cfg, from, NOTHING_KNOWN, oracle).get(at);
    if (!state) return undefined;
    const args = parametersOf(fn).map(({ initializer }, index) => {
      const argument = call.arguments[index] ?? initializer;
      return argument ? evaluate(argument, surroundings(cfg, state, oracle)) : NULLISH;
    });
    return args.every((one) => one === SILENT) ? undefined : entered(parametersOf(fn), args);
  }

  /** What is known at the start of each turn of a loop: a generator may have asked before it hands an element out. */
  knownAt(loop: Ts.IterationStatement): State {
    const source = ts.isForOfStatement(loop) ? skipParentheses(loop.expression) : undefined;
    if (this.isEmpty || !source || !ts.isCallExpression(source)) return NOTHING_KNOWN;
    const bodies = this.#graph.callees.bodies(source, Frames.none);
    const isFiltered = bodies.length > 0 && bodies.every((fn) => this.#yieldsAbsentOnly(fn));
    return isFiltered ? { ...NOTHING_KNOWN, fact: 'absent' } : NOTHING_KNOWN;
  }

  #yieldsAbsentOnly(fn: FunctionNode): boolean {
    const cfg = cfgOf(fn);
    const yields = cfg.nodes.flatMap(({ action }) => (action.kind === 'yield' ? [action.node] : []));
    return (
      yields.length > 0 &&
      yields.every((node) => {
        const [loop] = repeatingLoops(cfg, node);
        return !node.asteriskToken && this.judge(cfg, loop?.head ?? cfg.entry, node).decided === 'yes';
      })
    );
  }

  answer(call: Ts.CallExpression | Ts.TaggedTemplateExpression): Answer {
    const own = this.#calls.get(call);
    if (own) return own;
    const helpers = this.#helpersOf(call);
    return helpers.map((fn) => this.#summary(fn).value).reduce(either, helpers.length > 0 ? NEVER : SILENT);
  }

  /** What a function makes of an answer that it is handed: by its body, or by its name where that is elsewhere. */
  applied(call: Ts.CallExpression, args: readonly Answer[]): Answer {
    const bodies = this.#graph.callees.bodies(call, Frames.none);
    if (bodies.length > 0) return this.#applyOnly(bodies, args);
    const name = rightmostName(call.expression);
    const [first] = args;
    return first && name ? askedBy(nameText(name) ?? '', first) : SILENT;
  }

  /** What a function given as an expression makes of an answer: `Boolean`, a function of the program. */
  callback(fn: Ts.Expression, args: readonly Answer[]): Answer {
    const [argument] = args;
    if (argument && isConversion(fn)) return flag(argument);
    return this.#applyOnly(this.#graph.callees.functionsOf(fn, Frames.none), args);
  }

  /**
   * What a function makes of a failure. One that throws some of them on has looked at which one it is, and what it
   * answers then is an answer.
   */
  rescue(handler: Ts.Expression): Answer {
    const [fn, ...others] = this.#graph.callees.functionsOf(handler, Frames.none);
    if (!fn || others.length > 0) return SILENT;
    const { value } = this.#apply(fn, NOTHING_KNOWN, new RescueOracle(this, undefined));
    return throws(fn.body) ? under(value, 'absent') : value;
  }

  #applyOnly([fn, ...others]: readonly FunctionNode[], args: readonly Answer[]): Answer {
    if (!fn || others.length > 0) return SILENT;
    return this.#apply(fn, entered(parametersOf(fn), args), new PreflightOracle(this, undefined)).value;
  }

  #apply(fn: FunctionNode, start: State, oracle: Oracle): Summary {
    if (this.#applying.has(fn)) return NOTHING_SAID;
    this.#applying.add(fn);
    const summary = summarise(cfgOf(fn), start, oracle);
    this.#applying.delete(fn);
    return summary;
  }

  outcome(call: Ts.CallExpression): Fact {
    const isAwaited = ts.isAwaitExpression(call.parent);
    if (this.#throwing.has(call)) return isAwaited || !this.#isAsync(call) ? 'absent' : 'unknown';
    const facts = this.#helpersOf(call).map((fn) => {
      return isAwaited || !isAsyncFunction(fn) ? this.#summary(fn).exit : 'unknown';
    });
    const [first = 'unknown', ...others] = facts;
    return others.every((fact) => fact === first) ? first : 'unknown';
  }

  #add(name: string, declaration: Ts.Node): void {
    const asked = this.#callsOf(declaration, name);
    const isThrowing = isFunctionNode(declaration) && answersByThrowing(declaration);
    const type = isFunctionNode(declaration) ? presentType(declaration.type) : undefined;
    const answer = { ...answerOf(name), ...(type !== undefined && { type }) };
    for (const call of asked) {
      if (isThrowing) this.#throwing.add(call);
      this.#calls.set(call, isThrowing ? SILENT : answer);
    }
    this.#addHelpers(asked);
  }

  /** The functions from which a lookup is called, and those that call them. */
  #addHelpers(asked: readonly Ts.Node[]): void {
    let carriers = new Set(asked.map(ownerOf).filter(isFunctionNode));
    for (let distance = 0; distance < MOST_HELPERS; distance += 1) {
      const fresh = [...carriers].filter((fn) => !this.#helpers.has(fn));
      for (const fn of fresh) this.#helpers.add(fn);
      const callers = fresh.flatMap((fn) =>
        this.#graph.callSites(fn, Frames.none).map(({ node }) => ownerOf(node)),
      );
      carriers = new Set(callers.filter(isFunctionNode));
    }
  }

  #callsOf(declaration: Ts.Node, name: string): readonly Ts.Node[] {
    if (isFunctionNode(declaration)) {
      return this.#graph
        .callSites(declaration, Frames.none)
        .flatMap(({ node, how }) => (how === 'call' ? [node] : []));
    }
    const { initializer } = declaration as { initializer?: Ts.Node };
    const [fn] = initializer ? this.#graph.callees.functionsOf(initializer, Frames.none) : [];
    if (fn) return this.#callsOf(fn, name);
    const { references } = this.#graph;
    const isVariable = ts.isVariableDeclaration(declaration) || ts.isFunctionDeclaration(declaration);
    const uses: readonly Ts.Node[] = isVariable
      ? references.of(declaration, nameText((declaration as { name?: Ts.Node }).name ?? declaration) ?? name)
      : references.ofMember(declaration).map(({ at }) => at);
    return uses.flatMap(({ parent }, index) =>
      ts.isCallExpression(parent) && parent.expression === uses[index] ? [parent] : [],
    );
  }

  #helpersOf(call: Ts.CallExpression | Ts.TaggedTemplateExpression): readonly FunctionNode[] {
    if (this.#helpers.size === 0) return [];
    const bodies = this.#graph.callees.bodies(call, Frames.none);
    return bodies.every((fn) => this.#helpers.has(fn)) ? bodies : [];
  }

  #isAsync(call: Ts.CallExpression): boolean {
    return this.#graph.callees.bodies(call, Frames.none).some(isAsyncFunction);
  }

  #summary(fn: FunctionNode): Summary {
    const known = this.#summaries.get(fn);
    if (known) return known;
    this.#summaries.set(fn, NOTHING_SAID);
    const summary = summarise(cfgOf(fn), NOTHING_KNOWN, new PreflightOracle(this, undefined));
    this.#summaries.set(fn, summary);
    return summary;
  }
}

function isAbsentAt(cfg: Cfg, to: Ts.Node, states: ReadonlyMap<number, State>): boolean {
  const reached = nodesFor(cfg, to).flatMap((id) => states.get(id) ?? []);
  return reached.length > 0 && reached.every(({ fact }) => fact === 'absent');
}

/** What a function's result says, and what follows when it has returned at all. */
interface Summary {
  readonly value: Answer;
  readonly exit: Fact;
}

const NOTHING_SAID: Summary = { value: SILENT, exit: 'unknown' };

class PreflightOracle implements Oracle {
  readonly #preflights: Preflights;
  /** Takes the variables of other functions that are relied on; without it they say nothing. */
  readonly #captured: Set<Ts.VariableDeclaration> | undefined;

  constructor(preflights: Preflights, captured: Set<Ts.VariableDeclaration> | undefined) {
    this.#preflights = preflights;
    this.#captured = captured;
  }

  answer(call: Ts.CallExpression | Ts.TaggedTemplateExpression): Answer {
    return this.#preflights.answer(call);
  }

  applied(call: Ts.CallExpression, args: readonly Answer[]): Answer {
    return this.#preflights.applied(call, args);
  }

  outcome(call: Ts.CallExpression): Fact {
    return this.#preflights.outcome(call);
  }

  callback(fn: Ts.Expression, args: readonly Answer[]): Answer {
    return this.#preflights.callback(fn, args);
  }

  rescue(fn: Ts.Expression): Answer {
    return this.#preflights.rescue(fn);
  }

  /** A variable that is never assigned to says what its initializer says. */
  captured(declaration: Ts.VariableDeclaration | Ts.ParameterDeclaration, name: string): Answer {
    if (ts.isParameter(declaration)) return SILENT;
    const { initializer } = declaration;
    if (!this.#captured || !initializer || isReassigned(declaration, name)) return SILENT;
    this.#captured.add(declaration);
    const answer = evaluate(initializer, {
      variable: (other) => this.#outer(other, declaration),
      call: (call) => this.answer(call),
      applied: (call, args) => this.applied(call, args),
      callback: (fn, args) => this.callback(fn, args),
      rescue: (fn) => this.rescue(fn),
    });
    return boundAnswer(declaration.name, name, answer);
  }

  #outer(name: Ts.Identifier, from: Ts.VariableDeclaration): Answer {
    const local = localDeclaration(name);
    return local && local !== from && ts.isVariableDeclaration(local)
      ? this.captured(local, name.text)
      : SILENT;
  }
}

/** For a function that answers in place of a lookup that failed: what it was given anyway is a value. */
class RescueOracle extends PreflightOracle {
  override captured(declaration: Ts.VariableDeclaration | Ts.ParameterDeclaration, name: string): Answer {
    const isElement = ts.isForOfStatement(declaration.parent.parent);
    const isGiven = ts.isParameter(declaration) && !declaration.questionToken && !declaration.initializer;
    return isElement || isGiven ? TRUE : super.captured(declaration, name);
  }
}

function summarise(cfg: Cfg, start: State, oracle: Oracle): Summary {
  const states = solve(cfg, cfg.entry, start, oracle);
  const values: Answer[] = [];
  for (const { id, action } of cfg.nodes) {
    const state = states.get(id);
    if (action.kind !== 'return' || !state) continue;
    const value = action.value ? evaluate(action.value, surroundings(cfg, state, oracle)) : NULLISH;
    values.push(under(value, state.fact));
  }
  const exit = states.get(cfg.exit)?.fact ?? 'unknown';
  if (canFallOff(cfg)) values.push(under(NULLISH, exit));
  return { value: values.reduce(either, NEVER), exit };
}

/** Whether control can get to the end of a function without a `return`. */
function canFallOff(cfg: Cfg): boolean {
  const seen = new Set([cfg.entry]);
  for (const id of seen) {
    const node = cfg.nodes[id];
    if (node?.action.kind === 'return') continue;
    for (const { to, when } of node?.successors ?? [])
      if (when !== 'throw' || to !== cfg.throwExit) seen.add(to);
  }
  return seen.has(cfg.exit);
}
