import { type Ts, ts } from '../../syntax/ts.ts';
import type { Action, Cfg, CfgEdge, CfgNode } from '../cfg.ts';
import { nameText, skipParentheses } from '../code.ts';
import { namesIn } from '../name-index.ts';
import {
  type Answer,
  either,
  type Fact,
  NULLISH,
  partOf,
  SILENT,
  type Slot,
  sameAnswer,
  speaks,
  under,
} from './answers.ts';
import { equality, evaluate, type Surroundings } from './evaluation.ts';
import { idOf } from './frames.ts';
import { cfgOf, isFunctionNode, ownerOf } from './functions.ts';
import { isWritten, localDeclaration } from './identifiers.ts';
import { isSortedOut } from './signatures.ts';

/** What is known at a point of a function. */
export interface State {
  /** What has been decided about the row on every path to here. */
  readonly fact: Fact;
  /** Variables that say something, by {@link keyOf}. */
  readonly variables: ReadonlyMap<string, Answer>;
}

export const NOTHING_KNOWN: State = { fact: 'unknown', variables: new Map() };

/** What the solver asks about calls and about names from outside of the function. */
export interface Oracle {
  /** What the value of a call says. */
  answer(call: Ts.CallExpression | Ts.TaggedTemplateExpression): Answer;
  /** What the value of a call says, given what its arguments say. */
  applied(call: Ts.CallExpression, args: readonly Answer[]): Answer;
  /** What follows when a call has returned at all: `found` or `absent` for one that throws otherwise. */
  outcome(call: Ts.CallExpression): Fact;
  /** What a function that an expression stands for answers, given what its arguments say. */
  callback(fn: Ts.Expression, args: readonly Answer[]): Answer;
  /** What it answers when it is called because something has failed. */
  rescue(fn: Ts.Expression): Answer;
  /** A variable or parameter of a function around the one that is solved. */
  captured(declaration: Ts.VariableDeclaration | Ts.ParameterDeclaration, name: string): Answer;
}

/** What is known before each node, on every path from `start` to it that does not come through `start` again. */
export function solve(cfg: Cfg, start: number, initial: State, oracle: Oracle): ReadonlyMap<number, State> {
  return new Solver(cfg, oracle).solve(start, initial);
}

/** The state in which a function starts whose arguments say something. */
export function entered(parameters: readonly Ts.ParameterDeclaration[], args: readonly Answer[]): State {
  let state = NOTHING_KNOWN;
  for (const [index, parameter] of parameters.entries()) {
    if (!parameter.dotDotDotToken) state = bind(parameter.name, parameter, args[index] ?? SILENT, state);
  }
  return state;
}

function keyOf(declaration: Ts.Node, name: string): string {
  return `${idOf(declaration)}.${name}`;
}

class Solver {
  readonly #cfg: Cfg;
  readonly #oracle: Oracle;

  constructor(cfg: Cfg, oracle: Oracle) {
    this.#cfg = cfg;
    this.#oracle = oracle;
  }

  solve(start: number, initial: State): ReadonlyMap<number, State> {
    const before = new Map<number, State>([[start, initial]]);
    const queue = [start];
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const node = this.#cfg.nodes[id];
      const state = before.get(id);
      if (!node || !state) continue;
      for (const edge of node.successors) {
        const next = edge.to === start ? undefined : this.#after(node, edge, state);
        if (!next) continue;
        const known = before.get(edge.to);
        const merged = known ? meet(known, next) : next;
        if (known && same(known, merged)) continue;
        before.set(edge.to, merged);
        queue.push(edge.to);
      }
    }
    return before;
  }

  /** What is known when control has gone on by an edge; undefined when it cannot. */
  #after({ action }: CfgNode, { when }: CfgEdge, state: State): State | undefined {
    if (action.kind === 'branch') {
      const slot = when === 'true' || when === 'false' ? this.#test(action, when, state) : 'unknown';
      if (slot === 'never' && isSwitch(action.condition)) return undefined;
      return decided(slot, state);
    }
    // What an action that throws would have done is not done.
    return when === 'throw' ? this.#failed(action, state) : this.#perform(action, state);
  }

  /** A lookup that fails for want of the row says so to the `catch` that throws other failures on. */
  #failed(action: Action, state: State): State {
    if (action.kind !== 'call' && action.kind !== 'await') return state;
    const asked = action.kind === 'call' ? action.node : action.promise;
    const isLookup = isSortedOut(asked) && evaluate(asked, this.#around(state)).present === 'found';
    return isLookup ? decided('absent', state) : state;
  }

  #test(action: Action & { kind: 'branch' }, when: 'true' | 'false', state: State): Slot {
    const { condition, test } = action;
    const clause = condition.parent;
    if (test === 'case' && ts.isCaseClause(clause)) {
      const answer = equality(clause.parent.parent.expression, condition, this.#around(state));
      return when === 'true' ? answer.truthy : answer.falsy;
    }
    const answer = evaluate(condition, this.#around(state));
    if (test === 'nullish') return when === 'true' ? answer.nullish : answer.present;
    return when === 'true' ? answer.truthy : answer.falsy;
  }

  #perform(action: Action, state: State): State {
    switch (action.kind) {
      case 'declare':
        return this.#declare(action.node, state);
      case 'assign':
        return this.#assign(action.node, state);
      case 'call':
        return ts.isCallExpression(action.node) ? this.#call(action.node, state) : state;
      case 'await':
        return this.#settle(skipParentheses(action.promise), state);
      default:
        return state;
    }
  }

  #declare(node: Ts.VariableDeclaration | Ts.ParameterDeclaration, state: State): State {
    if (ts.isParameter(node)) {
      const answer = this.#parameter(node);
      return speaks(answer) ? bind(node.name, node, answer, state) : state;
    }
    const { initializer } = node;
    if (initializer) return bind(node.name, node, evaluate(initializer, this.#around(state)), state);
    const isElement = ts.isForOfStatement(node.parent.parent) || ts.isForInStatement(node.parent.parent);
    return bind(node.name, node, isElement ? SILENT : NULLISH, state);
  }

  /** `lookup(…).then((existing) => …)`: the parameter is the answer. */
  #parameter(node: Ts.ParameterDeclaration): Answer {
    const fn = node.parent;
    const call = fn.parent;
    if (!call || !ts.isCallExpression(call) || call.arguments[0] !== fn || fn.parameters[0] !== node)
      return SILENT;
    const callee = skipParentheses(call.expression);
    if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 'then') return SILENT;
    return evaluate(callee.expression, this.#around(NOTHING_KNOWN));
  }

  #assign(node: Ts.BinaryExpression, state: State): State {
    const target = skipParentheses(node.left);
    const value = VALUE_ASSIGNMENTS.has(node.operatorToken.kind)
      ? evaluate(node.right, this.#around(state))
      : SILENT;
    if (!ts.isIdentifier(target)) return forgetAssigned(target, state);
    const local = localDeclaration(target);
    return local ? set(keyOf(local, target.text), value, state) : state;
  }

  #call(node: Ts.CallExpression, state: State): State {
    const callee = skipParentheses(node.expression);
    const literals = [callee, ...node.arguments.map(skipParentheses)].filter(
      (one) => ts.isArrowFunction(one) || ts.isFunctionExpression(one),
    );
    let after = state;
    for (const literal of literals) after = this.#runCallback(literal, after);
    return isAsync(node) ? after : this.#settle(node, after);
  }

  /** A callback that is handed to a call is taken to have run when the call has: its assignments count. */
  #runCallback(fn: Ts.ArrowFunction | Ts.FunctionExpression, state: State): State {
    if (!assignsOuter(fn)) return state;
    const cfg = cfgOf(fn);
    const end = solve(cfg, cfg.entry, state, this.#oracle).get(cfg.exit);
    return end ? { ...state, variables: end.variables } : state;
  }

  #settle(node: Ts.Node, state: State): State {
    if (!ts.isCallExpression(node)) return state;
    return decided(this.#oracle.outcome(node), state);
  }

  #around(state: State): Surroundings {
    return surroundings(this.#cfg, state, this.#oracle);
  }
}

/** Once a lookup has found nothing, what another one finds is another row. */
function decided(slot: Slot, state: State): State {
  const isNews = slot === 'absent' || (slot === 'found' && state.fact !== 'absent');
  return isNews ? { ...state, fact: slot } : state;
}

/** What an expression of a function is evaluated in, at a point of it. */
export function surroundings(cfg: Cfg, state: State, oracle: Oracle): Surroundings {
  return {
    variable: (name) => {
      const local = localDeclaration(name);
      if (!local) return SILENT;
      const known = state.variables.get(keyOf(local, name.text));
      if (known || ownerOf(local) === cfg.owner) return known ?? SILENT;
      const isOuter = ts.isVariableDeclaration(local) || ts.isParameter(local);
      return isOuter ? oracle.captured(local, name.text) : SILENT;
    },
    call: (call) => oracle.answer(call),
    applied: (call, args) => oracle.applied(call, args),
    callback: (fn, args) => oracle.callback(fn, args),
    rescue: (fn) => oracle.rescue(fn),
  };
}

const VALUE_ASSIGNMENTS: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
]);

/** The value of one name of a pattern, given the value that the pattern is applied to. */
export function boundAnswer(pattern: Ts.BindingName, name: string, answer: Answer): Answer {
  if (ts.isIdentifier(pattern)) return pattern.text === name ? answer : SILENT;
  for (const [key, element] of elementsOf(pattern)) {
    const inner = boundAnswer(element.name, name, partOf(answer, key));
    if (speaks(inner)) return inner;
  }
  return SILENT;
}

/** The elements of a pattern, and under which name or index of the value each finds its own. */
function elementsOf(
  pattern: Ts.ObjectBindingPattern | Ts.ArrayBindingPattern,
): [string, Ts.BindingElement][] {
  const isObject = ts.isObjectBindingPattern(pattern);
  return pattern.elements.flatMap((element, index): [string, Ts.BindingElement][] => {
    if (!ts.isBindingElement(element)) return [];
    const key = isObject ? nameText(element.propertyName ?? element.name) : String(index);
    return [[key ?? '', element]];
  });
}

function bind(pattern: Ts.BindingName, declaration: Ts.Node, answer: Answer, state: State): State {
  if (ts.isIdentifier(pattern)) return set(keyOf(declaration, pattern.text), answer, state);
  let after = state;
  for (const [key, element] of elementsOf(pattern)) {
    after = bind(element.name, declaration, partOf(answer, key), after);
  }
  return after;
}

function set(key: string, answer: Answer, state: State): State {
  if (answer === SILENT && !state.variables.has(key)) return state;
  return { ...state, variables: new Map(state.variables).set(key, answer) };
}

/** A destructuring assignment: its targets hold something else from here on. */
function forgetAssigned(target: Ts.Node, state: State): State {
  let after = state;
  const visit = (node: Ts.Node): void => {
    const local = ts.isIdentifier(node) ? localDeclaration(node) : undefined;
    if (local && ts.isIdentifier(node)) after = set(keyOf(local, node.text), SILENT, after);
    ts.forEachChild(node, visit);
  };
  if (ts.isObjectLiteralExpression(target) || ts.isArrayLiteralExpression(target)) visit(target);
  return after;
}

/** What holds whichever way control came. A variable that is silent on a way says what is known on that way. */
function meet(a: State, b: State): State {
  const variables = new Map<string, Answer>();
  for (const key of new Set([...a.variables.keys(), ...b.variables.keys()])) {
    const [left, right] = [a.variables.get(key) ?? SILENT, b.variables.get(key) ?? SILENT];
    variables.set(key, either(under(left, a.fact), under(right, b.fact)));
  }
  return { fact: a.fact === b.fact ? a.fact : 'unknown', variables };
}

function same(a: State, b: State): boolean {
  if (a.fact !== b.fact || a.variables.size !== b.variables.size) return false;
  return [...a.variables].every(([key, left]) => {
    const right = b.variables.get(key);
    return right !== undefined && sameAnswer(left, right);
  });
}

/** A parameter that nothing is assigned to: what the caller has passed for it holds to the end. */
function isSwitch(condition: Ts.Expression): boolean {
  const name = skipParentheses(condition);
  const parameter = ts.isIdentifier(name) ? localDeclaration(name) : undefined;
  if (!parameter || !ts.isParameter(parameter) || !ts.isIdentifier(name)) return false;
  return (namesIn(parameter.getSourceFile()).get(name.text) ?? []).every((one) => {
    return !ts.isIdentifier(one) || localDeclaration(one) !== parameter || !isWritten(one);
  });
}

/** Whether a call's promise is awaited on the spot, so that what it decides is decided then. */
function isAsync(call: Ts.CallExpression): boolean {
  let at: Ts.Node = call;
  while (skipParentheses(at.parent) === call) at = at.parent;
  return ts.isAwaitExpression(at.parent);
}

function assignsOuter(fn: Ts.Node): boolean {
  const visit = (node: Ts.Node): boolean => {
    if (node !== fn && isFunctionNode(node)) return false;
    if (
      ts.isBinaryExpression(node) &&
      ts.isIdentifier(node.left) &&
      VALUE_ASSIGNMENTS.has(node.operatorToken.kind)
    ) {
      const local = localDeclaration(node.left);
      if (local && ownerOf(local) !== fn) return true;
    }
    return ts.forEachChild(node, visit) ?? false;
  };
  return visit(fn);
}
