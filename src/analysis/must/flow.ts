import { type Ts, ts } from '../../syntax/ts.ts';
import type { Action, Cfg, CfgEdge, CfgNode } from '../cfg.ts';
import { memberName, nameText, skipParentheses } from '../code.ts';
import { localDeclaration } from '../inserts/identifiers.ts';
import { nodesFor } from '../loops.ts';
import { isConst } from '../shapes.ts';
import type { Calls } from './calls.ts';
import { assignedCondition, Conditions, constantAnswer, variableKey } from './conditions.ts';
import type { Effects } from './effects.ts';
import { type Events, MARK, NO_EVENTS, START, type World, Worlds } from './worlds.ts';

/** What a flow is to look for in a function. */
export interface FlowParts {
  readonly effects: Effects;
  readonly calls: Calls;
  /** What the nodes of the graph do by themselves. */
  readonly places: ReadonlyMap<number, Events>;
  /** The function ends where it first waits. */
  readonly endsAtPause?: boolean;
  /** The nodes that leave a mark on the worlds that come through them; what happened before is forgotten there. */
  readonly marks?: ReadonlyMap<number, Marking>;
}

/** Whether what was done before a node that is marked counts after it. */
export type Marking = 'keeps' | 'forgets';

/** A fact about worlds that have come through a marked node. */
export const MARKED = `${MARK}marked`;

/** The same of those that have come there more than once, in a loop. */
const MARKED_AGAIN = `${MARK}marked again`;

/** What is certain before each node of a graph, in the worlds that can come there. */
export class Flow {
  readonly #cfg: Cfg;
  readonly #parts: FlowParts;
  readonly #conditions: Conditions;
  readonly #before = new Map<number, Worlds>();
  readonly #paused = new Worlds();

  constructor(cfg: Cfg, parts: FlowParts) {
    this.#cfg = cfg;
    this.#parts = parts;
    this.#conditions = new Conditions(cfg);
    this.#run();
  }

  /** The worlds before a node; none where control cannot come. */
  before(id: number): readonly World[] {
    return this.#before.get(id)?.all ?? [];
  }

  /** The worlds in which the function comes to its normal end. */
  get ends(): readonly World[] {
    return [...this.before(this.#cfg.exit), ...this.#paused.all];
  }

  #run(): void {
    const queue = [this.#cfg.entry];
    this.#add(this.#cfg.entry, START);
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const node = this.#cfg.nodes[id];
      if (!node) continue;
      for (const world of this.before(id)) {
        if (this.#parts.endsAtPause && isPause(node.action)) {
          this.#paused.add(world);
          continue;
        }
        for (const edge of node.successors) {
          for (const next of this.#after(node, edge, world)) {
            if (this.#add(edge.to, next) && !queue.includes(edge.to)) queue.push(edge.to);
          }
        }
      }
    }
  }

  #add(id: number, world: World): boolean {
    const worlds = this.#before.get(id) ?? new Worlds();
    this.#before.set(id, worlds);
    return worlds.add(world);
  }

  /** The worlds in which control has gone on by an edge. */
  #after({ id, action }: CfgNode, { when }: CfgEdge, world: World): readonly World[] {
    // What an action that throws would have done is not done.
    if (when === 'throw') return [world];
    if (action.kind === 'branch') return this.#branch(action, when === 'true', world);
    if (action.kind === 'next') return this.#next(id, action, when === 'true', world);
    const marking = this.#parts.marks?.get(id);
    const marked = marking === undefined ? world : withMark(world, marking);
    const places = this.#parts.places.get(id) ?? NO_EVENTS;
    return this.#perform(action, places === NO_EVENTS ? marked : did(marked, places));
  }

  #branch(action: Action & { kind: 'branch' }, isTrue: boolean, world: World): readonly World[] {
    if (!isTrue && this.#isImpossible(action)) return [];
    const constant = constantAnswer(action, (name) => this.#parts.calls.declarationsAt(name));
    if (constant !== undefined) return constant === isTrue ? [world] : [];
    const condition = this.#conditions.of(action);
    const worlds = condition ? found(world, condition.key, condition.isNegated ? !isTrue : isTrue) : [world];
    return !isTrue && this.#answersMark(action) ? worlds.flatMap(withoutMark) : worlds;
  }

  /** No value is left for the cases of a `switch`, or a parameter has no other value than its default. */
  #isImpossible({ condition, test }: Action & { kind: 'branch' }): boolean {
    if (test === 'case') return this.#parts.calls.isLastOfAll(condition);
    const { parent } = condition;
    const isDefault = test === 'nullish' && ts.isParameter(parent) && parent.initializer === condition;
    return isDefault && this.#parts.effects.isLeftOut(parent) === true;
  }

  /** `if (map.delete(key))`: where a marked node says that it has done nothing, it leaves no mark. */
  #answersMark(action: Action): boolean {
    if (!this.#parts.marks || action.kind !== 'branch' || action.test !== 'truthy') return false;
    const asked = skipParentheses(action.condition);
    const local = ts.isIdentifier(asked) ? localDeclaration(asked) : undefined;
    const isKept = local && ts.isVariableDeclaration(local) && isConst(local) && local.initializer;
    const call = isKept ? skipParentheses(local.initializer) : asked;
    if (!ts.isCallExpression(call) || memberText(call.expression) !== 'delete') return false;
    return nodesFor(this.#cfg, call).some((id) => this.#parts.marks?.has(id));
  }

  /** A turn of a loop, or its end. A collection has an element in every loop over it, or in none. */
  #next(id: number, action: Action & { kind: 'next' }, isTurn: boolean, world: World): readonly World[] {
    const walked = this.#parts.effects.walked(action.node.expression, isTurn ? 'element' : 'end');
    const condition = this.#conditions.of(action);
    if (!condition) return [did(world, walked)];
    const turning = `turn ${id}`;
    const hasTurned = world.facts.has(turning);
    const known = hasTurned ? [world] : found(world, condition.key, isTurn);
    return known.map((one) => {
      const facts = new Map(one.facts);
      if (isTurn) facts.set(turning, true);
      else facts.delete(turning);
      return did({ ...one, facts }, walked);
    });
  }

  #perform(action: Action, world: World): readonly World[] {
    const { effects, calls } = this.#parts;
    switch (action.kind) {
      case 'call': {
        if (calls.neverReturns(action.node)) return [];
        return this.#call(action, world);
      }
      case 'await':
        return [did(world, effects.fulfilled(action.promise, world))];
      case 'yield': {
        const { asteriskToken, expression } = action.node;
        return [asteriskToken && expression ? did(world, effects.walked(expression, 'end')) : world];
      }
      case 'pick': {
        const events = action.from ? effects.fulfilled(action.from, world) : NO_EVENTS;
        return [withPromise(world, action.node, events)];
      }
      case 'declare':
        return [this.#declare(action.node, world)];
      case 'assign':
        return [this.#assign(action.node, world)];
      case 'dispose':
        return [did(world, effects.disposal(action.node, action.awaits))];
      case 'return':
        return [action.value ? settling(world, effects.fulfilled(action.value, world)) : world];
      default:
        return [world];
    }
  }

  #call(action: Action & { kind: 'call' }, world: World): readonly World[] {
    const { effects } = this.#parts;
    const { atOnce, each, collection } = effects.call(action.node);
    const after = did(world, atOnce);
    const isSplit = each.settled !== NO_EVENTS && collection !== undefined && this.#conditions.of(action);
    const worlds = isSplit
      ? [
          ...found(after, collection, true).map((one) => did(one, each.atOnce)),
          ...found(after, collection, false),
        ]
      : [after];
    return worlds.map((one) => {
      const promised = effects.promised(action.node, one);
      return withPromise(effects.isEager ? did(one, promised) : one, action.node, promised);
    });
  }

  #declare(node: Ts.VariableDeclaration | Ts.ParameterDeclaration, world: World): World {
    const after = forget(world, variableKey(node));
    const { initializer } = node;
    if (!initializer || ts.isParameter(node) || !ts.isIdentifier(node.name)) return after;
    return this.#promise(node, initializer, answered(this.#conditions, after, node.name, initializer));
  }

  #assign(node: Ts.BinaryExpression, before: World): World {
    const target = skipParentheses(node.left);
    const world = this.#promise(node, node.right, before);
    if (ts.isPropertyAccessExpression(target)) {
      const after = forget(world, `.${nameText(target.name) ?? ''} `);
      return isPlain(node) ? answered(this.#conditions, after, target, node.right) : after;
    }
    const local = ts.isIdentifier(target) ? localDeclaration(target) : undefined;
    if (!local) return world;
    const after = forget(world, variableKey(local));
    if (!isPlain(node)) return withPromise(after, local, NO_EVENTS);
    return this.#promise(local, node.right, answered(this.#conditions, after, target, node.right));
  }

  #promise(variable: Ts.Node, value: Ts.Expression, world: World): World {
    return withPromise(world, variable, this.#parts.effects.fulfilled(value, world));
  }
}

function isPause(action: Action): boolean {
  if (action.kind === 'next')
    return ts.isForOfStatement(action.node) && action.node.awaitModifier !== undefined;
  return action.kind === 'await' || (action.kind === 'dispose' && action.awaits);
}

function isPlain(node: Ts.BinaryExpression): boolean {
  return node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
}

function did(world: World, events: Events): World {
  return events === NO_EVENTS ? world : settling({ ...world, done: world.done | events }, events);
}

function settling(world: World, events: Events): World {
  return { ...world, settled: world.settled | events };
}

function withMark(world: World, marking: Marking): World {
  const facts = new Map(world.facts);
  if (facts.has(MARKED)) facts.set(MARKED_AGAIN, true);
  facts.set(MARKED, true);
  return marking === 'forgets'
    ? { ...world, facts, done: NO_EVENTS, settled: NO_EVENTS }
    : { ...world, facts };
}

function withoutMark(world: World): readonly World[] {
  if (world.facts.has(MARKED_AGAIN)) return [world];
  const facts = new Map(world.facts);
  facts.delete(MARKED);
  return [{ ...world, facts }];
}

function memberText(callee: Ts.Node): string | undefined {
  const name = memberName(skipParentheses(callee));
  return name && nameText(name);
}

function withPromise(world: World, variable: Ts.Node, events: Events): World {
  if (events === NO_EVENTS && !world.promises.has(variable)) return world;
  const promises = new Map(world.promises);
  if (events === NO_EVENTS) promises.delete(variable);
  else promises.set(variable, events);
  return { ...world, promises };
}

/** The world in which a test has this answer, unless it is known to have the other one. */
function found(world: World, key: string, answer: boolean): readonly World[] {
  const known = world.facts.get(key);
  if (known !== undefined) return known === answer ? [world] : [];
  return [{ ...world, facts: new Map(world.facts).set(key, answer) }];
}

/** What was found out about a variable or member does not hold for its next value. */
function forget(world: World, part: string): World {
  const stale = [...world.facts.keys()].filter((key) => key.includes(part));
  if (stale.length === 0) return world;
  const facts = new Map(world.facts);
  for (const key of stale) facts.delete(key);
  return { ...world, facts };
}

/** `isDone = true` answers the test of `isDone`. */
function answered(conditions: Conditions, world: World, target: Ts.Node, value: Ts.Expression): World {
  const { kind } = skipParentheses(value);
  if (kind !== ts.SyntaxKind.TrueKeyword && kind !== ts.SyntaxKind.FalseKeyword) return world;
  const condition = assignedCondition(target);
  if (!condition || !conditions.isAsked(condition.key)) return world;
  return { ...world, facts: new Map(world.facts).set(condition.key, kind === ts.SyntaxKind.TrueKeyword) };
}
