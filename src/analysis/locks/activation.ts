import { owningFunction, resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { Action, Cfg, CfgNode, CfgOwner } from '../cfg.ts';
import { type NameNode, nameText, skipParentheses } from '../code.ts';
import { isInside } from '../shapes.ts';
import type { Aliases } from './aliases.ts';
import type { AsyncStore } from './async-stores.ts';
import { atOnce } from './at-once.ts';
import { gated, performCall } from './calls.ts';
import { isLost } from './carriers.ts';
import { isChainSlot } from './chain-shape.ts';
import type { Context } from './contexts.ts';
import { countingOf } from './counters.ts';
import { afterTransaction } from './database-transactions.ts';
import { endsTransaction } from './database-words.ts';
import { dispose } from './disposal.ts';
import { loopOf, takenFrom } from './drains.ts';
import type { LockEngine } from './engine.ts';
import { caseOf, type Equality, equalityIn, knownEquality, subjectKey } from './equalities.ts';
import type { Env } from './evaluator.ts';
import { failureOf, failures } from './failures.ts';
import { afterPause, isHeldHere, lockAskedAbout, stateSeen } from './free-locks.ts';
import { putAway } from './handover.ts';
import { closeIteration, nextElement } from './iteration.ts';
import { iteratorOf } from './iterators.ts';
import { idOf, outcomeKey } from './keys.ts';
import { frameOf, isAsyncFunction } from './links.ts';
import { withoutAssumed } from './lock-annotations.ts';
import { MinQueue } from './min-queue.ts';
import { comparisonOfTexts, isOneObject, orderOf } from './objects.ts';
import { beyond, joinOrders } from './orders.ts';
import { parametersOf } from './parameters.ts';
import { isPrefix, MANY_PATH, sortedRoot, UNKNOWN_PATH } from './paths.ts';
import { asTyped } from './presence.ts';
import type { LockReach } from './reach.ts';
import { afterItsRelease } from './released-flags.ts';
import type { Summary } from './summary.ts';
import { promised } from './thenables.ts';
import {
  type Acquisition,
  type Bindings,
  type Closure,
  type Generator,
  type Held,
  type LockClass,
  type LockRef,
  type Mode,
  membersOf,
  nullishnessOf,
  type Orders,
  type Outcome,
  pathOf,
  type Task,
  truthOf,
  UNIT,
  type Value,
} from './values.ts';
import {
  addHeldAgain,
  bind,
  dropTokens,
  forgetExpressions,
  holdsGrant,
  isOf,
  joinValues,
  MAX_MEMBERS,
  mergeAlike,
  mergeOutcomes,
  mergeWorlds,
  releaseAll,
  releaseLock,
  releaseTokens,
  retireOldValue,
  retirePath,
  START,
  UNKNOWN,
  type World,
  worldKey,
} from './world.ts';

/** What one function is analysed with. */
export interface Call {
  readonly fn: CfgOwner;
  readonly self: Value | undefined;
  readonly args: readonly (Value | undefined)[];
  readonly captured: Bindings;
  readonly aliases: Aliases;
  /** Objects that its caller has put in order. */
  readonly ordered: Orders;
  /** Where values are stored for whatever is called here. */
  readonly within: readonly AsyncStore[];
}

/** Takes note of an acquisition that is waited for while `held` is held. */
export type AcquisitionSink = (acquisition: Acquisition, held: readonly Held[], world: World) => void;

/** Worlds side by side at one point, before they are merged into one. */
const MAX_WORLDS = 8;
/** Ways in which a function can end that its callers tell apart. */
const MAX_OUTCOMES = 6;
/** Instances of one lock class that the callers of a function tell apart. */
const MAX_INSTANCES = 16;
/** Places at which a function is known to wait for one lock. */
const MAX_SITES = 4;

/**
 * One function, run on abstract values: a forward data flow over its control-flow graph. What it learns about
 * locks being acquired while others are held goes to the engine; what its callers need is the {@link Summary}.
 */
export class Activation {
  readonly engine: LockEngine;
  readonly context: Context;
  readonly call: Call;
  readonly cfg: Cfg;
  /** Conditions that are tested more than once: only these are worth remembering. */
  readonly #repeated: ReadonlySet<string>;
  /** What an annotation of the function says that its callers hold. */
  readonly #assumed: readonly Held[];
  readonly #acquisitions = new Map<string, Acquisition[]>();
  readonly #instances = new Map<LockClass, number>();
  readonly #yields = new Map<string, Generator['yields'][number]>();
  /** How functions that the call at hand runs may fail. */
  readonly failed = new Map<Ts.Node, readonly Outcome[]>();
  /** The ways in which an exception leaves it. */
  readonly #thrown = new Map<string, Outcome>();
  /** Its callers must be looked at: it calls what they hand in, or changes what they hold. */
  carriesLocks = false;
  /** The same, of those of its callers that hold a lock. */
  callsGivenBelow = false;

  constructor(engine: LockEngine, context: Context, cfg: Cfg) {
    this.engine = engine;
    this.context = context;
    this.call = context.call;
    this.cfg = cfg;
    this.#repeated = repeatedConditions(cfg);
    this.#assumed = engine.annotations?.assumed(context.call) ?? [];
  }

  run(): Summary {
    const isEnd = this.engine.databases !== undefined && endsTransaction(this.call.fn);
    const outcomes = isEnd ? this.#flow().map(afterTransaction) : this.#flow();
    const thrown = [...this.#thrown.values()];
    const isAsync = isAsyncFunction(this.call.fn);
    return {
      kind: isGenerator(this.call.fn) ? 'generator' : isAsync ? 'async' : 'sync',
      acquisitions: [...this.#acquisitions.values()].flat(),
      outcomes,
      rejections: failureOf(isEnd ? thrown.map(afterTransaction) : thrown, outcomes),
      yields: [...this.#yields.values()],
      carriesLocks: this.carriesLocks,
      callsGivenBelow: this.callsGivenBelow,
    };
  }

  /** Takes note of a call of what the callers hand in: who holds a lock around it is to be asked what that is. */
  callsGiven(holdsLock: boolean): void {
    if (holdsLock) this.carriesLocks = true;
    else if (this.context.isUnder) this.callsGivenBelow = true;
  }

  env(world: World): Env {
    return { bindings: world.bindings, self: this.call.self, owner: this.call.fn };
  }

  evaluate(node: Ts.Node | undefined, world: World): Value | undefined {
    return this.engine.evaluator.evaluate(node, this.env(world));
  }

  // -- data flow

  #flow(): readonly Outcome[] {
    const { nodes, entry, exit, throwExit } = this.cfg;
    const incoming: Map<string, World>[] = nodes.map(() => new Map());
    const merged: boolean[] = nodes.map(() => false);
    const pending = new Set<number>([entry]);
    const queue = new MinQueue();
    queue.push(entry);
    incoming[entry]?.set('start', {
      ...START,
      held: this.#assumed,
      bindings: this.call.captured,
      ordered: this.call.ordered,
    });
    const outcomes = new Map<string, Outcome>();
    const done: Set<string>[] = nodes.map(() => new Set());

    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      pending.delete(id);
      const node = nodes[id] as CfgNode;
      const arrived = incoming[id] as Map<string, World>;
      if (arrived.size > MAX_WORLDS || merged[id]) {
        merged[id] = true;
        const fewer = mergeAlike([...arrived.values()], MAX_WORLDS, mergeWorlds);
        arrived.clear();
        for (const world of fewer) arrived.set(worldKey(world), world);
      }
      for (const [key, world] of [...arrived]) {
        if (done[id]?.has(key)) continue;
        done[id]?.add(key);
        if (id === exit) {
          this.engine.watcher.ends?.(this.context, this, world, 'return', key);
          for (const outcome of this.#finish(world)) outcomes.set(outcomeKey(outcome), outcome);
          continue;
        }
        const step = { context: this.context, activation: this, node, world, key };
        this.engine.watcher.performs?.(step);
        for (const [edge, next] of this.#transfer(node, world)) {
          const nextKey = worldKey(next);
          this.engine.watcher.passes?.(step, edge, next, nextKey);
          for (const { to, when } of node.successors) {
            if (when !== edge) continue;
            if (to === throwExit) {
              this.engine.watcher.ends?.(this.context, this, next, 'throw', nextKey);
              this.#noteThrown(next);
              continue;
            }
            const target = incoming[to] as Map<string, World>;
            if (target.has(nextKey) && done[to]?.has(nextKey)) continue;
            target.set(nextKey, next);
            if (!pending.has(to)) {
              pending.add(to);
              queue.push(to);
            }
          }
        }
      }
    }
    const all = [...outcomes.values()];
    return all.length > MAX_OUTCOMES ? mergeAlike(all, MAX_OUTCOMES, mergeOutcomes) : all;
  }

  /** Of the worlds in which an exception leaves the function, its callers ask only what is held and given back. */
  #noteThrown(world: World): void {
    const { releasedTokens } = world;
    const outcome: Outcome = { ...UNIT, ...withoutAssumed(world, this.#assumed), releasedTokens };
    this.#thrown.set(outcomeKey(outcome), outcome);
  }

  /** The worlds after an action, each with the kind of edge by which it goes on. */
  #transfer(node: CfgNode, world: World): (readonly ['next' | 'true' | 'false' | 'throw', World])[] {
    const { action } = node;
    switch (action.kind) {
      case 'branch':
        return this.#branch(action, world);
      case 'next':
        return nextElement(this, action.node, paused(action.node, node.id, afterPause(world)));
      case 'throw':
        return [['throw', world]];
      case 'call':
      case 'await':
      case 'yield': {
        this.failed.delete(action.node);
        const done = this.#perform(node, world);
        const failed = failures(this, action, world, done);
        return [
          ...failed.map((next) => ['throw', next] as const),
          ...done.map((next) => ['next', next] as const),
        ];
      }
      default:
        return this.#perform(node, world).flatMap((next) => [
          ['next', next] as const,
          // A copy of a `finally` block that an exception goes through leaves by its exception edge.
          ...(node.successors.some(({ when }) => when === 'throw') ? [['throw', next] as const] : []),
        ]);
    }
  }

  #perform({ action, id }: CfgNode, world: World): readonly World[] {
    switch (action.kind) {
      case 'call':
        return performCall(this, action.node, world);
      case 'await': {
        const value = this.evaluate(action.promise, world);
        return this.join(value, { ...afterPause(world), segment: id }, action.node);
      }
      case 'yield':
        return this.#yield(action.node, world, id);
      case 'declare':
        return this.#declareGranted(action, world);
      case 'assign':
        return [this.#assign(action.node, world)];
      case 'count':
        return [this.#count(action.node.operand, world)];
      case 'pick': {
        const value: Value | undefined = action.from
          ? this.evaluate(action.from, world)
          : { kind: 'constant', value: undefined };
        return [bind(world, action.node, value)];
      }
      case 'return':
        return [
          action.into
            ? bind(world, action.into, this.evaluate(action.value, world))
            : { ...world, result: this.#returned(action.value, world) },
        ];
      case 'close':
        return [closeIteration(this, action.node, world)];
      case 'dispose':
        return this.#dispose(action, world);
      case 'discard':
        return [this.#forget(action.node, this.#abandon(this.evaluate(action.node, world), world))];
      default:
        return [world];
    }
  }

  /** An async function waits for the promise that it returns, so for an object with a `then` as well. */
  #returned(node: Ts.Expression | undefined, world: World): Value | undefined {
    const value = this.evaluate(node, world);
    return node && isAsyncFunction(this.call.fn) ? promised(this, value, node, world) : value;
  }

  /** The end of the function: an async one waits for the promise it returns. */
  #finish(world: World): Outcome[] {
    return this.#settled(world).map((end) => {
      const value = end.result;
      const inPromise = value?.kind === 'promise' ? tokensOf(value.task) : [];
      const { held, released } = withoutAssumed(end, this.#assumed);
      const outcome: Outcome = {
        held: held.filter(({ token }) => !inPromise.includes(token)),
        released,
        releasedTokens: end.releasedTokens,
        value,
        writes: end.writes,
        // Only what the caller has a name for means anything to it, and what it has said itself is no news.
        ordered: beyond(this.call.ordered, end.ordered).filter((pair) =>
          pair.every((path) => /^(?:\^|p\d|this)/.test(path)),
        ),
      };
      if (
        outcome.held.length > 0 ||
        outcome.released.length > 0 ||
        outcome.releasedTokens.length > 0 ||
        carries(value, this.engine.reach)
      ) {
        this.carriesLocks = true;
      }
      return outcome;
    });
  }

  /** An async function ends when the promise does that it returns: its callers know nothing of that one. */
  #settled(world: World): readonly World[] {
    const results = membersOf(world.result);
    if (!isAsyncFunction(this.call.fn) || results.every(({ kind }) => kind !== 'promise')) return [world];
    return results.flatMap((result) =>
      result.kind === 'promise' ? this.join(result, world, undefined) : [{ ...world, result }],
    );
  }

  // -- waiting

  /**
   * Waits for a value: what its task acquires is acquired while everything in `world` is held. Other values pass.
   * The result is bound to `node`; without one it becomes the result of the function.
   */
  join(
    value: Value | undefined,
    world: World,
    node: Ts.Node | undefined,
    sink: AcquisitionSink = this.waitsFor,
  ): readonly World[] {
    const next: World[] = [];
    const settle = (to: World, result: Value | undefined): World =>
      node ? bind(to, node, result) : { ...to, result };
    const awaited = node ? promised(this, value, awaitedIn(node), world) : value;
    if (isLost(awaited)) {
      const at = node ?? this.call.fn;
      this.engine.unknown(at, `wait for one of more than ${MAX_MEMBERS} promises`, world.held[0]);
    }
    for (const member of membersOf(awaited)) {
      if (member.kind !== 'promise') {
        next.push(settle(world, member));
        continue;
      }
      this.wait(member.task, world, sink);
      const own = tokensOf(member.task);
      for (const outcome of member.task.outcomes) {
        const rest = dropTokens(world, own);
        const adopted = { ...outcome, held: outcome.held.map((held) => adoptedIn(held, world)) };
        next.push(settle(this.settle(granted(adopted, rest), rest), outcome.value));
      }
    }
    return next.length > 0 || membersOf(awaited).some(({ kind }) => kind === 'promise')
      ? next
      : [settle(world, undefined)];
  }

  /** Records that a task is waited for in this world. */
  wait(task: Task, world: World, sink: AcquisitionSink = this.waitsFor): void {
    const own = new Set(tokensOf(task));
    const outer = world.held.filter(({ token }) => !own.has(token));
    this.waitTogether(task, world);
    for (const acquisition of task.acquisitions) {
      this.engine.record.noteOwner(acquisition.lock);
      const around = outer.filter((held) => !isReleased(held, acquisition));
      for (const held of around) this.engine.edge(this.call.fn, held, acquisition, around, world, false);
      sink({ ...acquisition, atOnce: false }, around, world);
    }
  }

  /** Of several that are started together, each is waited for while the others may be held already. */
  waitTogether(task: Task, world: World): void {
    const together = task.acquisitions.filter(({ combined }) => combined);
    if (together.length === 0) return;
    const own = new Set(tokensOf(task));
    for (const acquisition of together) {
      const around = world.held.filter((held) => !own.has(held.token) && !isReleased(held, acquisition));
      const siblings = world.held.filter(({ token }) => own.has(token) && token !== acquisition.token);
      for (const held of siblings) this.engine.edge(this.call.fn, held, acquisition, around, world, true);
    }
  }

  /** A world after a task has ended in one of its ways. */
  settle(outcome: Outcome, world: World): World {
    let next = releaseAll(world, outcome);
    next = addHeldAgain(next, outcome.held);
    const ordered = joinOrders(next.ordered, outcome.ordered);
    if (ordered !== next.ordered) next = { ...next, ordered };
    for (const [node, value] of outcome.writes) next = this.write(node, value, next);
    return next;
  }

  /** What the function itself waits for, and so its callers do. */
  readonly waitsFor: AcquisitionSink = (acquisition, held, world) => {
    const lock = this.#told(acquisition.lock, acquisition.mode);
    const key = acquisitionKey(lock, acquisition.mode);
    const known = this.#acquisitions.get(key) ?? [];
    const noted = { ...gated(acquisition, held, world), lock, combined: acquisition.combined };
    const same = known.findIndex(
      ({ at }) => at.file === acquisition.at.file && at.start === acquisition.at.start,
    );
    if (same >= 0) {
      const before = known[same] as Acquisition;
      const isShorter = (noted.via?.length ?? 0) < (before.via?.length ?? 0);
      known[same] = {
        ...(isShorter ? noted : before),
        atOnce: before.atOnce || noted.atOnce,
        gates: commonLocks(before.gates, noted.gates),
        without: before.without.filter((token) => noted.without.includes(token)),
        withoutLocks: commonLocks(before.withoutLocks, noted.withoutLocks),
        settled: before.settled.filter((one) => noted.settled.includes(one)),
      };
    } else if (known.length < MAX_SITES) {
      known.push(noted);
    }
    this.#acquisitions.set(key, known);
  };

  /** A lock as callers get to know it: of one class, only so many instances are told apart. */
  #told(lock: LockRef, mode: Mode): LockRef {
    if (this.#acquisitions.has(acquisitionKey(lock, mode))) return lock;
    const count = this.#instances.get(lock.cls) ?? 0;
    if (count >= MAX_INSTANCES)
      return { cls: lock.cls, path: this.#isPartOfKnown(lock) ? UNKNOWN_PATH : MANY_PATH };
    this.#instances.set(lock.cls, count + 1);
    return lock;
  }

  /** Whether a lock is that of a part of an object whose own lock is known: recursion goes from part to part. */
  #isPartOfKnown({ cls, path }: LockRef): boolean {
    return [...this.#acquisitions.values()].some((known) =>
      known.some(({ lock }) => lock.cls === cls && lock.path && path && isPrefix(lock.path, path)),
    );
  }

  // -- actions

  #branch(
    { condition, test }: Extract<Action, { kind: 'branch' }>,
    world: World,
  ): (readonly ['true' | 'false', World])[] {
    const value = this.evaluate(condition, world);
    const pathOfObject = (node: Ts.Node) => pathOf(this.evaluate(node, world));
    const known =
      test === 'case'
        ? this.#isCase(condition, value, world)
        : test === 'truthy'
          ? (truthOf(value) ??
            comparisonOfTexts(condition, (node) => this.evaluate(node, world)) ??
            isOneObject(condition, pathOfObject, world.ordered))
          : nullishnessOf(value);
    const equality = this.#equalityOf(condition, test);
    const asked = test === 'truthy' ? lockAskedAbout(this, condition, world) : undefined;
    // Others take a lock and give it back, so its state is no fact that lasts.
    const fact = test === 'case' || asked ? undefined : this.#factOf(condition, test);
    const answer =
      known ??
      (asked && isHeldHere(asked, world)) ??
      (equality && knownEquality(equality, world.facts)) ??
      (fact === undefined ? undefined : world.facts.get(fact));
    const outgoing: (readonly ['true' | 'false', World])[] = [];
    const compared = orderOf(condition, pathOfObject);
    const loop = loopOf(condition);
    for (const way of [true, false]) {
      if (answer !== undefined && answer !== way) continue;
      // A loop over a collection that holds grants runs: the collection is not empty.
      if (loop && !way && !world.bindings.has(loop) && this.#isFullOfGrants(loop, world)) continue;
      let next = compared
        ? { ...world, ordered: joinOrders(world.ordered, [way ? compared : reversed(compared)]) }
        : world;
      if (equality) {
        const isEqual = way === equality.ifTrue;
        next = { ...next, facts: new Map(next.facts).set(equality.text, isEqual) };
      } else if (fact !== undefined) next = { ...next, facts: withFact(next.facts, fact, way) };
      if (test !== 'case') next = this.#narrow(condition, value, test, way, next);
      if (test === 'truthy') next = afterItsRelease(this, condition, way, next);
      if (asked) next = stateSeen(asked, way, next);
      if (loop) next = bind(next, loop, way ? RUNNING : undefined);
      outgoing.push([way ? 'true' : 'false', next]);
    }
    return outgoing;
  }

  #isFullOfGrants(loop: Ts.ForStatement | Ts.WhileStatement, world: World): boolean {
    return takenFrom(loop).some((source) => {
      const value = this.evaluate(source, world);
      return value?.kind === 'collection' && givesBack(value.element, world);
    });
  }

  /** Whether the value of a `switch` is that of a `case`, if both are known. */
  #isCase(label: Ts.Expression, value: Value | undefined, world: World): boolean | undefined {
    const { parent } = label.parent.parent;
    if (!ts.isSwitchStatement(parent)) return undefined;
    const subject = this.evaluate(parent.expression, world);
    if (this.engine.conditions.isLastOfAll(label, parent)) return true;
    if (subject?.kind !== 'constant' || value?.kind !== 'constant') return undefined;
    return subject.value === value.value;
  }

  /** Leaves out the alternatives of a value that the branch rules out. */
  #narrow(
    condition: Ts.Expression,
    value: Value | undefined,
    test: 'truthy' | 'nullish',
    way: boolean,
    world: World,
  ): World {
    if (value?.kind !== 'union') return world;
    const target = this.#variableOf(condition);
    if (!target) return world;
    const members = value.members.filter((member) => {
      const answer = test === 'truthy' ? truthOf(member) : nullishnessOf(member);
      return answer === undefined || answer === way;
    });
    let narrowed: Value | undefined;
    for (const member of members) narrowed = joinValues(narrowed, member);
    return bind(world, target, narrowed);
  }

  #variableOf(node: Ts.Expression): Ts.Node | undefined {
    const bare = skipParentheses(node);
    return ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  }

  /** The comparison of a variable that nobody assigns with a constant: by `===`, or by a `case`. */
  #equalityOf(condition: Ts.Expression, test: 'truthy' | 'nullish' | 'case'): Equality | undefined {
    const compared =
      test === 'case' ? caseOf(condition) : test === 'truthy' ? equalityIn(condition) : undefined;
    if (!compared || !this.#repeated.has(subjectKey(compared.subject))) return undefined;
    const names = identifiersIn(compared.subject);
    const isStable = names?.every((name) => {
      const local = resolveLocal(name);
      return local !== undefined && this.engine.conditions.isNeverReassigned(local);
    });
    return isStable ? compared : undefined;
  }

  /** A condition whose outcome stays what it is while control goes on: on a variable that nobody assigns. */
  #factOf(condition: Ts.Expression, test: 'truthy' | 'nullish'): string | undefined {
    const bare = skipParentheses(condition);
    const text = factText(bare, test);
    if (text === undefined || !this.#repeated.has(text)) return undefined;
    const names = identifiersIn(bare);
    if (names === undefined) return undefined;
    const isStable = names.every((name) => {
      const local = resolveLocal(name);
      return local !== undefined && this.engine.conditions.isNeverReassigned(local);
    });
    return isStable ? text : undefined;
  }

  /** A promise cannot be disposed of: what `using` binds without an `await` is what a lock grants at once. */
  #declareGranted({ node, given }: Extract<Action, { kind: 'declare' }>, world: World): readonly World[] {
    if (ts.isVariableDeclaration(node) && node.initializer && isUsing(node)) {
      const value = this.evaluate(node.initializer, world);
      if (membersOf(value).some(({ kind }) => kind === 'promise')) {
        const sink = atOnce(this.waitsFor);
        return this.join(value, world, node.initializer, sink).map((granted) =>
          this.#declare(node, undefined, granted),
        );
      }
    }
    return [this.#declare(node, given, world)];
  }

  #declare(
    node: Ts.VariableDeclaration | Ts.ParameterDeclaration,
    given: Ts.Expression | undefined,
    world: World,
  ): World {
    const value = ts.isParameter(node) ? this.#argument(node, given, world) : this.#initial(node, world);
    return this.#forget(node, this.#bindPattern(node.name, node, value, world));
  }

  /** The end of a statement: what was evaluated in it is needed no longer, or all that was in a link of a chain. */
  #forget(statement: Ts.Node, world: World): World {
    const around = owningFunction(statement);
    if (around === this.call.fn) return forgetExpressions(world, isVariableKey);
    return forgetExpressions(world, (node) => isVariableKey(node) || !isInside(node, around));
  }

  #initial(node: Ts.VariableDeclaration, world: World): Value | undefined {
    const chain = this.engine.evaluator.chainIn(node);
    if (chain) return chain;
    const counting = countingOf(node);
    if (counting) return { kind: 'opaque', path: sortedRoot(idOf(node), counting) };
    if (node.initializer) {
      const value = this.evaluate(node.initializer, world);
      if (value || this.call.fn !== node.getSourceFile()) return value;
      return this.engine.evaluator.declared(node, undefined);
    }
    const statement = node.parent.parent;
    if (ts.isForOfStatement(statement)) return world.bindings.get(statement);
    return undefined;
  }

  #argument(
    node: Ts.ParameterDeclaration,
    handedOn: Ts.Expression | undefined,
    world: World,
  ): Value | undefined {
    const { fn, args } = this.call;
    if (node.parent !== fn) return this.evaluate(handedOn ?? node.initializer, world);
    const index = parametersOf(fn).indexOf(node);
    if (node.dotDotDotToken) {
      const items = args.slice(Math.max(index, 0));
      // Of what is called from outside nothing is known, not even how much it is given.
      if (items.length === 0) return { kind: 'opaque', path: `p${index}` };
      let element: Value | undefined;
      for (const item of items) element = joinValues(element, item);
      return { kind: 'collection', path: `p${index}`, items, element, sorted: false };
    }
    const given = args[index];
    if (given?.kind === 'opaque' && (given.settles || given.keeps || given.tooMany === 'carriers'))
      return given;
    const isMissing = index >= args.length || (given?.kind === 'constant' && given.value === undefined);
    if (node.initializer && isMissing) return this.evaluate(node.initializer, world);
    if (given && given.kind !== 'opaque') return given;
    return asTyped(given, this.engine.evaluator.declared(node, undefined), `p${index}`);
  }

  #bindPattern(name: Ts.BindingName, declaration: Ts.Node, value: Value | undefined, world: World): World {
    if (ts.isIdentifier(name)) {
      const root = `v${idOf(declaration)}`;
      const sorted = (['ascending', 'descending'] as const).map((way) => sortedRoot(idOf(declaration), way));
      const fresh = [root, ...sorted].reduce(retirePath, world);
      // A variable of which nothing is known needs no entry: it stands for itself.
      return bind(fresh, declaration, value);
    }
    let next = world;
    for (const element of name.elements) {
      if (!ts.isBindingElement(element)) continue;
      let root: Ts.Node = element;
      while (ts.isBindingElement(root) || ts.isObjectBindingPattern(root) || ts.isArrayBindingPattern(root)) {
        root = root.parent;
      }
      let part = this.engine.evaluator.destructured(element, root, value, this.env(world));
      if (!part || (part.kind === 'constant' && part.value === undefined)) {
        part = element.initializer ? (this.evaluate(element.initializer, world) ?? part) : part;
      }
      next = ts.isIdentifier(element.name)
        ? this.#bindPattern(element.name, element, part, next)
        : this.#bindPattern(element.name, element, value, next);
    }
    return next;
  }

  #assign(node: Ts.BinaryExpression, world: World): World {
    const isPlain = node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
    const right = this.evaluate(node.right, world);
    const isLogical =
      node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionEqualsToken ||
      node.operatorToken.kind === ts.SyntaxKind.BarBarEqualsToken ||
      node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandEqualsToken;
    const value = isPlain || isLogical ? right : undefined;
    const next = bind(world, node, value);
    const target = skipParentheses(node.left);
    if (!ts.isIdentifier(target)) putAway(this, node, [value], world);
    if (ts.isArrayLiteralExpression(target)) return this.#assignElements(target, right, next);
    const declaration = this.slotOf(target, value, world);
    if (!declaration) return next;
    const fresh = retireOldValue(next, `v${idOf(declaration)}`);
    return this.write(declaration, fresh.bindings.get(node), fresh);
  }

  /** What hung on the old value of a counter is another object from here on. */
  #count(operand: Ts.Expression, world: World): World {
    const declaration = ts.isIdentifier(operand) ? resolveLocal(operand) : undefined;
    if (!declaration) return world;
    const way = countingOf(declaration);
    const root = way ? sortedRoot(idOf(declaration), way) : `v${idOf(declaration)}`;
    const fresh = retireOldValue(world, root);
    return this.write(declaration, way && { kind: 'opaque', path: root }, fresh);
  }

  /** `[a, b] = [b, a]` */
  #assignElements(target: Ts.ArrayLiteralExpression, value: Value | undefined, world: World): World {
    let next = world;
    for (const [index, element] of target.elements.entries()) {
      const bare = skipParentheses(element);
      const declaration = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
      const part = value?.kind === 'collection' ? value.items?.[index] : undefined;
      if (declaration) next = this.write(declaration, part, next);
    }
    return next;
  }

  /**
   * The declaration under which a value is kept that is assigned to a variable or a member. Members of other objects
   * than `this` are told apart by their declaration alone, and only grants are kept under them.
   */
  slotOf(target: Ts.Node, value: Value | undefined, world: World): Ts.Node | undefined {
    if (ts.isIdentifier(target)) return resolveLocal(target);
    if (!ts.isPropertyAccessExpression(target)) return undefined;
    const object = this.evaluate(target.expression, world);
    if (object?.kind === 'instance' && target.expression.kind === ts.SyntaxKind.ThisKeyword) {
      return this.engine.code.member(object.cls, nameText(target.name) ?? '');
    }
    return holdsGrant(value) ? this.engine.code.declarationNode(target.name as NameNode) : undefined;
  }

  /** A function with the variables of ours that it captures as they are now. */
  withCaptured(closure: Closure, world: World): Closure {
    let captured: Map<Ts.Node, Value> | undefined;
    for (const declaration of this.engine.evaluator.freeVariables(closure.fn)) {
      if (frameOf(declaration) !== this.call.fn) continue;
      const value = world.bindings.get(declaration);
      if (!value || closure.captured.get(declaration) === value) continue;
      captured ??= new Map(closure.captured);
      captured.set(declaration, value);
    }
    return captured ? { ...closure, captured } : closure;
  }

  /** A value that is handed on: functions in it see our variables as they are now. */
  upToDate(value: Value | undefined, world: World): Value | undefined {
    return value?.kind === 'closure' ? this.withCaptured(value, world) : value;
  }

  /** Gives a variable or field a value, for the rest of the function and, where it outlives it, for the caller. */
  write(declaration: Ts.Node, value: Value | undefined, world: World): World {
    const next = bind(world, declaration, value);
    // What a promise is given is asked for where it is made.
    const isLocal = frameOf(declaration) === this.call.fn && !ts.isNewExpression(declaration);
    // A type that is written at a parameter stands in the function, and what has it comes from outside.
    const isMember = ts.isPropertyDeclaration(declaration) || ts.isPropertySignature(declaration);
    if ((isLocal && !isMember) || isChainSlot(declaration)) return next;
    const writes = new Map(next.writes);
    // That a grant is no longer kept where it was is as good to know as where it is.
    const isCleared = isNothing(value) && holdsGrant(world.bindings.get(declaration));
    // What is written to an executor is whether its promise is settled.
    const isMark = ts.isVariableDeclaration(declaration) || ts.isFunctionLike(declaration);
    const isFlag = isMark && value?.kind === 'constant';
    if (value && (isPortable(value) || isCleared || isFlag)) writes.set(declaration, value);
    // The caller is not to go by what a flag of its own said before.
    else if (this.call.captured.get(declaration)?.kind === 'constant') writes.set(declaration, UNKNOWN);
    else writes.delete(declaration);
    return { ...next, writes };
  }

  #yield(node: Ts.YieldExpression, world: World, id: number): readonly World[] {
    const given = this.evaluate(node.expression, world);
    const after = { ...afterPause(world), segment: id };
    const value =
      node.asteriskToken && node.expression
        ? iteratorOf(this, given, isAsyncFunction(this.call.fn), node.expression, world)
        : given;
    if (node.asteriskToken && value?.kind === 'generator') {
      this.wait(value.task, world);
      for (const inner of value.yields) this.#noteYield([...world.held, ...inner.held], inner.value);
      return value.task.outcomes.map((outcome) => bind(this.settle(outcome, after), node, outcome.value));
    }
    this.#noteYield(world.held, value);
    return [bind(after, node, undefined)];
  }

  /** A task that nobody waits for: what it gives back of ours is gone sooner or later. */
  #abandon(value: Value | undefined, world: World): World {
    let next = world;
    for (const member of membersOf(value)) {
      if (member.kind !== 'promise') continue;
      for (const outcome of member.task.outcomes) next = releaseAll(next, outcome);
    }
    return next;
  }

  #noteYield(around: readonly Held[], value: Value | undefined): void {
    const held = around.filter(({ isAssumed }) => !isAssumed);
    if (held.length > 0) this.carriesLocks = true;
    const key = held
      .map(({ token }) => token)
      .sort()
      .join();
    const known = this.#yields.get(key);
    this.#yields.set(key, { held, value: known ? joinValues(known.value, value) : value });
  }

  #dispose({ node, awaits }: Extract<Action, { kind: 'dispose' }>, world: World): readonly World[] {
    return [this.dispose(world.bindings.get(node), awaits, world, node)];
  }

  /** Runs what disposes of a value. */
  dispose(value: Value | undefined, awaits: boolean, world: World, node: Ts.Node): World {
    let next = world;
    for (const member of membersOf(value)) {
      const parts = member.kind === 'collection' ? membersOf(member.element) : [member];
      for (const part of parts) {
        if (part.kind === 'releaser') next = this.release(part, next);
        else if (part.kind === 'instance' || part.kind === 'closure' || part.kind === 'object') {
          next = dispose(this, part, awaits, next, node) ?? next;
        }
      }
    }
    return next;
  }

  /** Gives back what a releaser stands for. */
  release(value: Extract<Value, { kind: 'releaser' }>, world: World): World {
    for (const lock of value.locks) this.engine.passedOn.noteScoped(lock);
    let next = value.tokens.length > 0 ? releaseTokens(world, value.tokens) : world;
    for (const lock of value.tokens.length > 0 ? [] : value.locks) next = releaseLock(next, lock);
    return next;
  }
}

/** A loop that awaits its elements pauses at each of them. */
function paused(node: Ts.ForOfStatement | Ts.ForInStatement, segment: number, world: World): World {
  return ts.isForOfStatement(node) && node.awaitModifier ? { ...world, segment } : world;
}

/** Whether a declaration is one of `using`, without `await`. */
function isUsing({ parent }: Ts.VariableDeclaration): boolean {
  return (parent.flags & ts.NodeFlags.AwaitUsing) === ts.NodeFlags.Using;
}

/** What an `await` waits for. */
function awaitedIn(node: Ts.Node): Ts.Node {
  return ts.isAwaitExpression(node) ? node.expression : node;
}

/** Stands for a loop that has begun. */
const RUNNING: Value = { kind: 'inert' };

/** Whether a value gives back something that is held here, or that a caller has taken and nobody has given back here. */
export function givesBack(value: Value | undefined, { held, releasedTokens }: World): boolean {
  const isOut = (token: string): boolean =>
    token.startsWith('^') ? !releasedTokens.includes(token) : held.some((one) => one.token === token);
  return membersOf(value).some((member) => member.kind === 'releaser' && member.tokens.some(isOut));
}

function reversed([a, b]: readonly [string, string]): readonly [string, string] {
  return [b, a];
}

/** Evaluated expressions last until the end of their statement, variables longer. */
function isVariableKey(node: Ts.Node): boolean {
  return (
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isBindingElement(node) ||
    ts.isClassElement(node) ||
    ts.isPropertySignature(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isIterationStatement(node, false) ||
    isIterated(node)
  );
}

/** What a loop goes over is evaluated once and lasts as long as the loop. */
function isIterated(node: Ts.Node): boolean {
  const { parent } = node;
  return parent && (ts.isForOfStatement(parent) || ts.isForInStatement(parent)) && parent.expression === node;
}

export function isGenerator(fn: CfgOwner): boolean {
  return 'asteriskToken' in fn && fn.asteriskToken !== undefined;
}

/** A grant that has arrived is part of a batch only as long as others of the batch are still on their way. */
function granted(outcome: Outcome, world: World): Outcome {
  const isPending = (segment: number | undefined): boolean =>
    world.held.some((other) => other.segment === segment);
  if (outcome.held.every(({ segment }) => segment === undefined || isPending(segment))) return outcome;
  return {
    ...outcome,
    held: outcome.held.map((held) => (isPending(held.segment) ? held : { ...held, segment: undefined })),
  };
}

/** A grant that was asked for elsewhere: whoever gives it back does so for those who asked, too. */
function adoptedIn(held: Held, world: World): Held {
  return world.held.some(({ token }) => token === held.token) ? held : { ...held, isAdopted: true };
}

/** All grants that a task may end with. */
export function tokensOf(task: Task): string[] {
  return task.outcomes.flatMap(({ held }) => held.map(({ token }) => token));
}

function acquisitionKey({ cls, path }: LockRef, mode: Mode): string {
  return `${cls.id}/${path ?? ''}/${mode}`;
}

function isNothing(value: Value | undefined): boolean {
  return value?.kind === 'constant' && (value.value === null || value.value === undefined);
}

/** Values that mean something outside of the function that made them. */
function isPortable(value: Value): boolean {
  return value.kind !== 'opaque' && value.kind !== 'constant';
}

/** Whether a value brings a lock, a grant or lock-taking code to whoever gets it. */
function carries(value: Value | undefined, reach: LockReach): boolean {
  return membersOf(value).some((member) => {
    switch (member.kind) {
      case 'releaser':
      case 'lock':
      case 'operation':
        return true;
      case 'closure':
        // One that only calls what it is given matters to whoever holds a lock, or hands one in.
        return (
          reach.leads(member.fn) ||
          [...member.captured.values(), ...member.bound].some((part) => carries(part, reach))
        );
      case 'object':
        return [...member.properties.values()].some((part) => carries(part, reach));
      case 'promise':
        return (
          tokensOf(member.task).length > 0 ||
          member.task.outcomes.some(({ value: result }) => carries(result, reach))
        );
      default:
        return false;
    }
  });
}

/** Given back by the task itself before it waits. */
function isReleased(held: Held, { without, withoutLocks }: Acquisition): boolean {
  return without.includes(held.token) || withoutLocks.some((other) => isOf(held, other));
}

function commonLocks(a: readonly LockRef[], b: readonly LockRef[]): readonly LockRef[] {
  return a.filter((gate) => b.some((other) => other.cls === gate.cls && other.path === gate.path));
}

function factText(bare: Ts.Node, test: 'truthy' | 'nullish'): string | undefined {
  const isSimple =
    ts.isIdentifier(bare) || ts.isPropertyAccessExpression(bare) || ts.isBinaryExpression(bare);
  return isSimple ? `${test}:${bare.getText()}` : undefined;
}

function repeatedConditions(cfg: Cfg): ReadonlySet<string> {
  const seen = new Map<string, Ts.Node>();
  const repeated = new Set<string>();
  for (const { action } of cfg.nodes) {
    if (action.kind !== 'branch') continue;
    const compared = action.test === 'case' ? caseOf(action.condition) : equalityIn(action.condition);
    if (compared) {
      const subject = subjectKey(compared.subject);
      if (seen.has(subject)) repeated.add(subject);
      seen.set(subject, action.condition);
    }
    if (action.test === 'case') continue;
    const text = factText(skipParentheses(action.condition), action.test);
    if (text === undefined) continue;
    const before = seen.get(text);
    // A copy of a `finally` block tests the same expression again; that is a repetition all the same.
    if (before) repeated.add(text);
    seen.set(text, action.condition);
  }
  for (const text of seen.keys()) {
    const other = otherTest(text);
    if (other !== undefined && seen.has(other)) repeated.add(text).add(other);
  }
  return repeated;
}

/** What is there is not nullish, and what is nullish is not there. */
function withFact(facts: World['facts'], text: string, holds: boolean): World['facts'] {
  const known = new Map(facts).set(text, holds);
  const other = holds ? otherTest(text) : undefined;
  return other === undefined ? known : known.set(other, false);
}

/** The same subject, asked about in the other way. */
function otherTest(text: string): string | undefined {
  const [, test, subject] = /^(truthy|nullish):(.*)$/s.exec(text) ?? [];
  return test && `${test === 'truthy' ? 'nullish' : 'truthy'}:${subject}`;
}

/** The variables of a condition; undefined when it calls something, so that its outcome may change. */
function identifiersIn(node: Ts.Node): Ts.Identifier[] | undefined {
  const found: Ts.Identifier[] = [];
  let isPure = true;
  const visit = (at: Ts.Node): void => {
    if (
      ts.isCallExpression(at) ||
      ts.isNewExpression(at) ||
      ts.isAwaitExpression(at) ||
      at.kind === ts.SyntaxKind.ThisKeyword
    )
      isPure = false;
    if (ts.isPropertyAccessExpression(at)) visit(at.expression);
    else if (ts.isIdentifier(at)) {
      if (at.text !== 'undefined') found.push(at);
    } else ts.forEachChild(at, visit);
  };
  visit(node);
  return isPure && found.length > 0 ? found : undefined;
}
