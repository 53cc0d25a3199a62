import type { ReportStep } from '../../engine/rule.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Action, bodyOf, type Cfg, type CfgNode, type CfgOwner } from '../cfg.ts';
import { type Code, hasBody, memberName, nameText, skipParentheses } from '../code.ts';
import { isAsync } from '../lifecycle/promise-fate.ts';
import { isFunctionExpression, outermost } from '../shapes.ts';
import type { Context } from './contexts.ts';
import { functionName } from './function-name.ts';
import { isThen } from './joined.ts';
import { idOf } from './keys.ts';
import { linkedCfgOf } from './links.ts';
import { MinQueue } from './min-queue.ts';
import { parametersOf } from './parameters.ts';
import { END, postDominators } from './post-dominators.ts';
import { callSpan } from './record.ts';
import { StaleEvaluator } from './stale-evaluator.ts';
import {
  type Frame,
  type Holding,
  holdingAt,
  NO_HOLDING,
  type Point,
  qualified,
  sectionHold,
} from './stale-frames.ts';
import type { StaleJudge } from './stale-judge.ts';
import type { SectionNotes } from './stale-sections.ts';
import { StaleState } from './stale-state.ts';
import {
  allReadings,
  joinKnown,
  type Known,
  type KnownFunction,
  NO_READINGS,
  NOTHING_KNOWN,
  type Reading,
  union,
  withReadings,
} from './stale-values.ts';
import { isIterating } from './state-methods.ts';
import { CERTAINTY } from './surroundings.ts';
import type { WatchedCall } from './watcher.ts';

/** Calls are followed to this depth. */
const MAX_DEPTH = 8;
/** One walk performs at most so many actions, so that no program costs more than it is worth. */
export const MAX_ACTIONS = 12000;

/**
 * Walks through one function and all that it calls, with what was read under which acquisition: a forward data flow in
 * which calls are followed in place. What is written is judged on the way.
 */
export class StaleRun {
  readonly #code: Code;
  readonly #notes: SectionNotes;
  readonly #judge: StaleJudge;
  readonly #evaluator: StaleEvaluator;
  readonly #graphs: Map<CfgOwner, Graph>;
  readonly #leads: (fn: CfgOwner) => boolean;
  #actions = 0;

  constructor(
    code: Code,
    notes: SectionNotes,
    judge: StaleJudge,
    graphs: Map<CfgOwner, Graph>,
    leads: (fn: CfgOwner) => boolean,
  ) {
    this.#code = code;
    this.#notes = notes;
    this.#judge = judge;
    this.#graphs = graphs;
    this.#leads = leads;
    this.#evaluator = new StaleEvaluator(code, judge, {
      call: (callee, args, node, point) => this.#invoke(callee, args, node, point, undefined),
    });
  }

  /** Whether the walk was left before it came to its end. */
  get isCutOff(): boolean {
    return this.#actions > MAX_ACTIONS;
  }

  /** Walks through a function as somebody calls it who holds nothing. The value that it returns. */
  walk(fn: CfgOwner, context: Context | undefined): Known {
    const args = parametersOf(fn).map((_parameter, index) => `p${index}`);
    const frame: Frame = {
      key: '/',
      fn,
      context,
      parent: undefined,
      site: undefined,
      self: 'this',
      args,
      around: NO_HOLDING,
      steps: [],
    };
    const state = new StaleState();
    for (const [index, parameter] of parametersOf(fn).entries()) {
      state.values.set(parameter, { path: `p${index}`, readings: NO_READINGS });
    }
    return this.#body(frame, state);
  }

  /** Runs the body of a function; the state becomes that at its end. */
  #body(frame: Frame, state: StaleState): Known {
    const { cfg, until } = this.#graph(frame.fn);
    const arrived = new Map<number, StaleState>([[cfg.entry, state]]);
    const queue = new MinQueue();
    queue.push(cfg.entry);
    const pending = new Set([cfg.entry]);
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      pending.delete(id);
      const node = cfg.nodes[id];
      const before = arrived.get(id);
      if (!node || !before || id === cfg.exit || id === cfg.throwExit) continue;
      if (node.action.kind !== 'join') this.#actions += 1;
      if (this.#actions > MAX_ACTIONS) break;
      const point: Point = {
        frame,
        node: id,
        state: new StaleState(before),
        holding: holdingAt(frame, id, this.#notes),
      };
      this.#arrive(point);
      this.#perform(node, point, until);
      for (const { to } of node.successors) {
        const known = arrived.get(to);
        const isNew = known ? known.join(point.state) : true;
        if (!known) arrived.set(to, new StaleState(point.state));
        if (isNew && !pending.has(to)) {
          pending.add(to);
          queue.push(to);
        }
      }
    }
    const end = arrived.get(cfg.exit);
    if (!end) return NOTHING_KNOWN;
    for (const [key, control] of end.controls.entries()) {
      if (control.frame === frame.key && control.until === cfg.exit) end.controls.delete(key);
    }
    const result = end.values.get(frame.fn) ?? NOTHING_KNOWN;
    state.become(end);
    return result;
  }

  /** Control has come to an action: some locks are not held any longer, and some branches decide nothing now. */
  #arrive({ frame, node, state, holding }: Point): void {
    state.keepHeld(holding.possible);
    for (const [key, control] of state.controls.entries()) {
      if (control.frame === frame.key && control.until === node) state.controls.delete(key);
    }
  }

  #perform({ action, id }: CfgNode, point: Point, until: ReadonlyMap<number, number>): void {
    const { state, frame } = point;
    const evaluator = this.#evaluator;
    switch (action.kind) {
      case 'call':
        state.values.set(action.node, this.#call(action.node, point));
        break;
      case 'await':
        state.values.set(action.node, evaluator.value(action.promise, point));
        break;
      case 'declare':
        this.#declare(action, point);
        break;
      case 'assign':
        state.values.set(action.node, evaluator.assign(action.node, point));
        break;
      case 'pick':
        if (action.from) state.values.set(action.node, evaluator.value(action.from, point));
        break;
      case 'branch': {
        const { condition, test } = action;
        let readings = allReadings(evaluator.value(condition, point));
        const choice = test === 'case' ? condition.parent.parent.parent : undefined;
        if (choice && ts.isSwitchStatement(choice)) {
          readings = union(readings, allReadings(evaluator.value(choice.expression, point)));
        }
        this.#decide(condition, readings, point, pollsIn(condition, readings) ? END : (until.get(id) ?? END));
        break;
      }
      case 'next': {
        const each = evaluator.elements(action.node.expression, point);
        state.values.set(action.node, each);
        this.#decide(undefined, each.readings, point, until.get(id) ?? END);
        break;
      }
      case 'return': {
        const value = action.value ? evaluator.value(action.value, point) : NOTHING_KNOWN;
        if (action.value) this.#judge.returns(value, action.value, point);
        // What is returned tells of what has decided to return it.
        const decided = withReadings(value, state.deciding(frame.key));
        if (action.into) {
          state.values.set(action.into, decided);
          break;
        }
        const known = state.values.get(frame.fn);
        state.values.set(frame.fn, known ? joinKnown(known, decided) : decided);
        break;
      }
      case 'discard':
        evaluator.value(action.node, point);
        break;
      case 'throw':
        evaluator.value(action.node.expression, point);
        break;
      default:
    }
  }

  #decide(
    condition: Ts.Expression | undefined,
    readings: ReadonlySet<Reading>,
    point: Point,
    until: number,
  ): void {
    if (readings.size === 0) return;
    const { frame, node, state } = point;
    if (condition) this.#judge.decides(readings, condition, point);
    state.controls.set(`${frame.key}${node}`, { readings, frame: frame.key, until });
  }

  #declare({ node, given: handedOn }: Extract<Action, { kind: 'declare' }>, point: Point): void {
    const { state } = point;
    if (ts.isParameter(node)) {
      const isLink = node.parent !== point.frame.fn;
      const given = isLink ? handedOn && this.#evaluator.value(handedOn, point) : state.values.get(node);
      const usual = node.initializer && this.#evaluator.value(node.initializer, point);
      this.#evaluator.bind(node.name, node, given ?? usual ?? NOTHING_KNOWN, point);
      return;
    }
    const statement = node.parent.parent;
    const value = node.initializer
      ? this.#evaluator.value(node.initializer, point)
      : ts.isForOfStatement(statement) || ts.isForInStatement(statement)
        ? (state.values.get(statement) ?? NOTHING_KNOWN)
        : NOTHING_KNOWN;
    this.#evaluator.bind(node.name, node, value, point);
  }

  // -- calls

  #call(node: Ts.CallExpression | Ts.NewExpression | Ts.TaggedTemplateExpression, point: Point): Known {
    const { frame } = point;
    const evaluator = this.#evaluator;
    if (!ts.isCallExpression(node)) {
      const parts = ts.isNewExpression(node) ? (node.arguments ?? []) : [];
      let readings: ReadonlySet<Reading> = NO_READINGS;
      for (const part of parts) {
        const known = evaluator.elements(part, point);
        readings = union(readings, known.readings);
      }
      return { path: undefined, readings };
    }
    const watched = this.#watchedAt(frame, node);
    const args = node.arguments.map((argument) => evaluator.value(argument, point));
    const given = args.flatMap(({ functions }) => functions ?? []);
    const sections = watched.filter(({ around }) => around.isSection);
    if (sections.length > 0) {
      const [section] = sections as [WatchedCall];
      const bodies = given.length > 0 ? given : [{ fn: section.callee.call.fn, self: undefined }];
      return this.#all(
        bodies,
        [],
        node,
        point,
        (fn) => sections.find(({ callee }) => callee.call.fn === fn) ?? section,
      );
    }
    const around = (fn: CfgOwner): WatchedCall | undefined =>
      watched.find(({ callee }) => callee.call.fn === fn);
    const callee = skipParentheses(node.expression);
    const name = memberName(callee);
    const method = name && nameText(name);
    const receiver = ts.isPropertyAccessExpression(callee) ? callee.expression : undefined;
    if (receiver && method && /^(?:then|catch|finally)$/.test(method)) {
      const settled = evaluator.value(receiver, point);
      const passed = method === 'then' ? [settled] : [];
      const result = this.#all(given, passed, node, point, around);
      if (method === 'finally') return settled;
      return method === 'catch' || given.length === 0 ? joinKnown(settled, result) : result;
    }
    if (receiver && method && ts.isIdentifier(receiver) && receiver.text === 'Promise') {
      return args[0] ?? NOTHING_KNOWN;
    }
    const targets = evaluator.functions(node.expression, point);
    const known = targets.filter(({ fn }) => hasBody(fn));
    const others = watched
      .filter(
        ({ callee: { call }, around: { isDirect } }) => isDirect && !known.some(({ fn }) => fn === call.fn),
      )
      .map(({ callee: { call } }) => ({
        fn: call.fn,
        self: receiver && evaluator.reference(receiver, point),
      }));
    if (known.length + others.length > 0) {
      return this.#all(known.length > 0 ? known : others, args, node, point, around);
    }
    const builtin = receiver && method ? evaluator.method(node, receiver, method, args, point) : undefined;
    if (builtin) {
      if (!isIterating(method ?? '')) return builtin;
      const each: Known = { path: undefined, readings: builtin.readings };
      const result = this.#all(given, [each, each], node, point, around);
      return withReadings(builtin, allReadings(result));
    }
    // Of what is not known, the result may depend on all that it is given.
    let readings = receiver ? evaluator.reference(receiver, point).readings : NO_READINGS;
    for (const arg of args) readings = union(readings, allReadings(arg));
    return { path: undefined, readings };
  }

  #watchedAt(frame: Frame, node: Ts.Node): readonly WatchedCall[] {
    const own = this.#notes.callsAt(frame.context, node);
    if (own.length > 0) return own;
    for (const context of this.#notes.functions.get(frame.fn) ?? []) {
      const others = this.#notes.callsAt(context, node);
      if (others.length > 0) return others;
    }
    return [];
  }

  #all(
    functions: readonly KnownFunction[],
    args: readonly Known[],
    node: Ts.Node,
    point: Point,
    watched: (fn: CfgOwner) => WatchedCall | undefined,
  ): Known {
    const [first, ...others] = functions;
    if (!first) return NOTHING_KNOWN;
    if (others.length === 0) return this.#invoke(first, args, node, point, watched(first.fn));
    // Any of them may be called.
    const before = new StaleState(point.state);
    let result = this.#invoke(first, args, node, point, watched(first.fn));
    for (const other of others) {
      const state = new StaleState(before);
      result = joinKnown(result, this.#invoke(other, args, node, { ...point, state }, watched(other.fn)));
      point.state.join(state);
    }
    return result;
  }

  #invoke(
    { fn, self }: KnownFunction,
    args: readonly Known[],
    node: Ts.Node,
    point: Point,
    watched: WatchedCall | undefined,
  ): Known {
    const { frame, state } = point;
    let given: ReadonlySet<Reading> = NO_READINGS;
    for (const arg of args) given = union(given, allReadings(arg));
    const unknown: Known = { path: undefined, readings: given };
    if (!hasBody(fn) || bodyOf(fn) === undefined || isRunning(fn, frame)) return unknown;
    if (!watched && !this.#matters(fn, args, point))
      return withReadings(unknown, self ? self.readings : NO_READINGS);
    const parameters = parametersOf(fn);
    for (const [index, parameter] of parameters.entries()) {
      if (parameter.dotDotDotToken) state.values.set(parameter, unknown);
      else state.values.set(parameter, args[index] ?? NOTHING_KNOWN);
    }
    const hasOwnThis = !ts.isArrowFunction(fn);
    if (hasOwnThis) state.selves.set(fn, self ?? NOTHING_KNOWN);
    const callee: Frame = {
      key: `${frame.key}${idOf(node)}.${idOf(fn)}/`,
      fn,
      context: watched?.callee ?? this.#anyContext(fn),
      parent: frame,
      site: node,
      self: (hasOwnThis ? self : this.#evaluator.thisAt(fn, point))?.path,
      args: parameters.map((_parameter, index) => args[index]?.path),
      around: aroundCallee(point, watched),
      steps: [...frame.steps, this.#step(node, fn)],
    };
    state.values.delete(fn);
    const known = new Set(state.values.keys());
    const result = this.#body(callee, state);
    // Whoever does not wait for it goes on in any case.
    if (isAsync(fn) && isLeftRunning(node)) state.forgetControls(callee.key);
    // What it has worked out for itself is of no use to anybody, unless it hands out a function that makes use of it.
    if (!result.functions && !result.parts) {
      for (const node of state.values.keys()) if (!known.has(node)) state.values.delete(node);
    }
    return result;
  }

  /** Where no lock is held, only what takes one matters; nothing else is worth a memory. */
  #matters(fn: CfgOwner, args: readonly Known[], { holding }: Point): boolean {
    return holding.sure.length > 0 || args.some(({ functions }) => functions) || this.#leads(fn);
  }

  #anyContext(fn: CfgOwner): Context | undefined {
    return this.#notes.functions.get(fn)?.values().next().value;
  }

  #step(node: Ts.Node, fn: CfgOwner): ReportStep {
    const name = functionName(fn);
    const isWritten = isFunctionExpression(fn) && name === '<anonymous>';
    const at = ts.isCallExpression(node) ? callSpan(this.#code, node) : this.#code.span(node);
    return { at, message: isWritten ? 'runs the callback' : `calls ${name}` };
  }

  #graph(fn: CfgOwner): Graph {
    let graph = this.#graphs.get(fn);
    if (!graph) {
      const cfg = linkedCfgOf(fn);
      graph = { cfg, until: postDominators(cfg) };
      this.#graphs.set(fn, graph);
      this.#code.prefetch(fn);
    }
    return graph;
  }
}

/** The actions of a function, and how long its branches decide. */
export interface Graph {
  readonly cfg: Cfg;
  readonly until: ReadonlyMap<number, number>;
}

function isRunning(fn: CfgOwner, frame: Frame): boolean {
  let depth = 0;
  for (let at: Frame | undefined = frame; at; at = at.parent) {
    if (at.fn === fn) return true;
    depth += 1;
  }
  return depth >= MAX_DEPTH;
}

/** What is held around a callee: what is held at the call, and what the call takes for it. */
function aroundCallee({ frame, holding }: Point, watched: WatchedCall | undefined): Holding {
  if (!watched) return holding;
  const { holds, inherits } = watched.around.surroundings;
  const known = new Set(holding.sure.map(({ token }) => token));
  const taken = holds
    .filter(({ rest, held }) => rest === CERTAINTY.sure && !known.has(qualified(held.token, frame)))
    .map(({ held }) => sectionHold(held, frame));
  const isThroughout = inherits.rest === CERTAINTY.sure || watched.around.isWithin;
  return {
    sure: [...(isThroughout ? holding.sure : []), ...taken],
    possible: new Set([...holding.possible, ...holds.map(({ held }) => qualified(held.token, frame))]),
  };
}

/** Whether nobody waits for what a call of an async function comes to: `run();`, `void run();`, `run().catch(log);`. */
function isLeftRunning(call: Ts.Node): boolean {
  const { parent } = outermost(call);
  if (ts.isVoidExpression(parent) || ts.isExpressionStatement(parent)) return true;
  return isThen(parent) && isLeftRunning(parent.parent);
}

/** A condition that a loop tests until it changes decides what comes after the loop as well. */
function pollsIn(condition: Ts.Expression, readings: ReadonlySet<Reading>): boolean {
  for (let at: Ts.Node = condition; at.parent; at = at.parent) {
    const { parent } = at;
    if (ts.isWhileStatement(parent) || ts.isDoStatement(parent)) {
      const { pos, end } = parent;
      const file = parent.getSourceFile().fileName;
      const isInside = ({ frame: { steps }, node }: Reading): boolean =>
        (node.getSourceFile() === parent.getSourceFile() && node.pos >= pos && node.end <= end) ||
        steps.some((step) => step.at.file === file && step.at.start >= pos && step.at.end <= end);
      return parent.expression === at && [...readings].some(isInside);
    }
    if (ts.isFunctionLike(parent) || ts.isStatement(parent)) return false;
  }
  return false;
}
