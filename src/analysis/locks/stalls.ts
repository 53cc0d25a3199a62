import type { Span } from '../../engine/finding.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Action, bodyOf, type CfgOwner } from '../cfg.ts';
import { skipParentheses } from '../code.ts';
import { comesOnlyAfter } from '../loops.ts';
import { isInside } from '../shapes.ts';
import { callSitesOf } from './call-sites.ts';
import { CallbackOrigins, ITERATING } from './callback-origins.ts';
import { CHAIN } from './chain-locks.ts';
import { type Context, intersect } from './contexts.ts';
import type { LockEngine } from './engine.ts';
import { isCfgOwner } from './evaluator.ts';
import { functionName } from './function-name.ts';
import { isAsyncFunction, linkedCfgOf, runAsPartOf } from './links.ts';
import { callSpan } from './record.ts';
import { type Signal, Signals } from './signals.ts';
import {
  type Acquisition,
  type CallChain,
  chain,
  type Held,
  type LockClass,
  membersOf,
  type Value,
} from './values.ts';
import { WatchedCalls } from './watched-calls.ts';
import type { LockWatcher, Step, WatchedCall } from './watcher.ts';

/** A wait that only a holder of the lock can end, while the lock is held. */
export interface Stall {
  readonly held: Held;
  readonly at: Span;
  /** What is waited for, as it is written. */
  readonly what: string;
  /** The calls from where the lock is held to the wait. */
  readonly via: CallChain | undefined;
  /** A call that would end the wait. */
  readonly endedAt: Span;
}

interface Wait {
  readonly node: Ts.Node;
  readonly promise: Ts.Expression;
  /** What is waited for: a signal, or a grant that another task gives back. */
  readonly signal: Signal | Acquisition;
  readonly held: readonly Held[];
  /** Who waits for what is returned: an async function itself, or else the lock whose section it is. */
  readonly by: 'function' | 'section';
}

/** Callers of callers are asked so far whether they hold a lock. */
const MAX_CALLERS = 4;

/**
 * Looks for waits on a signal (a kept `resolve`, an event) under a lock that whoever gives the signal must have: each
 * waits for the other.
 */
export class StallWatcher implements LockWatcher {
  readonly #engine: LockEngine;
  readonly #signals: Signals;
  readonly #calls = new WatchedCalls();
  readonly #waiting = new Map<CfgOwner, boolean>();
  readonly #waits = new Map<Context, Wait[]>();
  /** The locks that are held at a call whenever it is made. */
  readonly #heldAt = new Map<Ts.Node, ReadonlySet<LockClass>>();
  /** By function, the waits for locks in it, with those that are waited for whenever control comes there. */
  readonly #taken = new Map<CfgOwner, Map<Ts.Node, ReadonlySet<LockClass>>>();
  /** The locks that a call runs a function under. */
  readonly #sections = new Map<Ts.Node, Set<LockClass>>();

  constructor(engine: LockEngine) {
    this.#engine = engine;
    this.#signals = new Signals(engine.code, new CallbackOrigins(engine.code));
  }

  follows(fn: CfgOwner): boolean {
    return this.#engine.reach.leadsTo(fn, this.#waiting, (one) => this.#waitsItself(one));
  }

  begins(context: Context): void {
    this.#calls.begins(context);
    this.#waits.delete(context);
  }

  calls(call: WatchedCall): void {
    this.#calls.add(call);
    const { node, around } = call;
    if (!around.isSection || !around.under) return;
    this.#sections.set(node, (this.#sections.get(node) ?? new Set()).add(around.under.lock.cls));
  }

  performs(step: Step): void {
    const { action } = step.node;
    const { context } = step;
    const { held } = step.world;
    if (action.kind === 'call') {
      const known = this.#heldAt.get(action.node);
      if (known?.size === 0) return;
      const classes = new Set(held.map(({ lock }) => lock.cls));
      this.#heldAt.set(action.node, known ? intersect(known, classes) : classes);
    }
    if (action.kind === 'await') this.#noteTaken(action.node, action.promise, step);
    const promise = action.kind === 'await' ? action.origin : returnedIn(action);
    const signal = promise && (this.#signals.of(promise) ?? tokenAwaited(action, step));
    if (!signal) return;
    // By the time that it waits for what it returns, a function may have given back what it holds.
    const wait: Wait = {
      node: action.kind === 'await' && ts.isAwaitExpression(action.node) ? action.node : promise,
      promise,
      signal,
      // What is only asked for is not held: to wait for it is what the signal is for.
      held: action.kind === 'await' ? held.filter(({ doubt }) => doubt !== 'awaited') : [],
      by: action.kind === 'await' || isAsyncFunction(context.call.fn) ? 'function' : 'section',
    };
    const known = this.#waits.get(context);
    if (known) known.push(wait);
    else this.#waits.set(context, [wait]);
  }

  #noteTaken(node: Ts.Node, promise: Ts.Expression, { context, activation, world }: Step): void {
    const { fn } = context.call;
    const waits = this.#taken.get(fn) ?? new Map<Ts.Node, ReadonlySet<LockClass>>();
    const known = waits.get(node);
    if (known?.size === 0) return;
    const classes = takenByItself(activation.evaluate(promise, world));
    waits.set(node, known ? intersect(known, classes) : classes);
    this.#taken.set(fn, waits);
  }

  #waitsItself(fn: CfgOwner): boolean {
    const visit = (node: Ts.Node): boolean => {
      if (node !== fn && ts.isFunctionLike(node)) return false;
      if (ts.isAwaitExpression(node) && this.#signals.of(node.expression)) return true;
      if (ts.isReturnStatement(node) && node.expression && this.#signals.of(node.expression)) return true;
      return ts.forEachChild(node, visit) ?? false;
    };
    const body = bodyOf(fn);
    if (body && ts.isExpression(body) && this.#signals.of(body)) return true;
    return visit(fn);
  }

  /** The waits that nobody can end, one for each place. */
  found(): readonly Stall[] {
    if (this.#waits.size === 0) return [];
    const callers = this.#calls.byCallee();
    const found = new Map<Ts.Node, Stall>();
    for (const [context, waits] of this.#waits) {
      for (const wait of waits) {
        if (found.has(wait.node)) continue;
        const stall = this.#stall(context, wait, callers);
        if (stall) found.set(wait.node, stall);
      }
    }
    return [...found.values()];
  }

  #stall(
    context: Context,
    { node, promise, signal, held, by }: Wait,
    callers: ReadonlyMap<Context, readonly WatchedCall[]>,
  ): Stall | undefined {
    const enders = this.#enders(signal);
    const [ender] = enders;
    if (!ender) return undefined;
    const { code } = this.#engine;
    for (const [one, via] of this.#around(context, { held, by }, callers)) {
      const { cls } = one.lock;
      if (one.mode !== 'exclusive' || cls.permits !== 1 || this.#engine.isPassedOn(one)) continue;
      if (cls.primitive === CHAIN && by === 'section' && 'slot' in signal && isOfMaker(signal, node))
        continue;
      if (!enders.every((call) => this.#needs(call, cls, 0))) continue;
      return {
        held: one,
        at: code.span(node),
        what: promise.getText(),
        via,
        endedAt: callSpan(code, ender),
      };
    }
    return undefined;
  }

  /** The calls that end a wait. */
  #enders(signal: Signal | Acquisition): readonly Ts.CallExpression[] {
    if ('slot' in signal) return this.#signals.givenBy(signal);
    return this.#engine.giversOf(signal.lock.cls);
  }

  /** What is held here, and by whoever waits for the function. */
  *#around(
    context: Context,
    { held, by }: Pick<Wait, 'held' | 'by'>,
    callers: ReadonlyMap<Context, readonly WatchedCall[]>,
  ): Iterable<readonly [Held, CallChain | undefined]> {
    for (const one of held) yield [one, undefined];
    const ways = new Map<Context, CallChain | undefined>([[context, undefined]]);
    for (const [at, path] of ways) {
      for (const { caller, node, around } of callers.get(at) ?? []) {
        const isWaitedFor = around.isSection || (around.isWithin && by === 'function');
        if (!isWaitedFor) continue;
        const via = chain(callSpan(this.#engine.code, node), functionName(at.call.fn), path);
        for (const one of around.under ? around.atStart : []) yield [one, via];
        if (around.isWithin && by === 'function' && !ways.has(caller)) ways.set(caller, via);
      }
    }
  }

  /** Whether a call is made under a lock whenever it is made, or after whoever makes it has waited for the lock. */
  #needs(call: Ts.Node, lock: LockClass, depth: number): boolean {
    if (this.#heldAt.get(call)?.has(lock)) return true;
    if (depth > MAX_CALLERS) return false;
    const around = ts.findAncestor(call.parent, ts.isFunctionLike);
    const fn = around && isCfgOwner(around) ? runAsPartOf(around) : around;
    if (!fn || !ts.isFunctionLike(fn)) return false;
    if (isCfgOwner(fn) && this.#comesAfterWait(call, fn, lock)) return true;
    const handedTo = ts.isArrowFunction(fn) || ts.isFunctionExpression(fn) ? fn.parent : undefined;
    if (handedTo && ts.isCallExpression(handedTo) && handedTo.expression !== fn) {
      if (this.#sections.get(handedTo)?.has(lock)) return true;
      return isLoop(handedTo.expression) && this.#needs(handedTo, lock, depth + 1);
    }
    const { sites, isWhole } = callSitesOf(fn, this.#engine.code);
    return isWhole && sites.length > 0 && sites.every(({ node }) => this.#needs(node, lock, depth + 1));
  }

  #comesAfterWait(call: Ts.Node, fn: CfgOwner, lock: LockClass): boolean {
    const waits = [...(this.#taken.get(fn) ?? [])].filter(([, classes]) => classes.has(lock));
    const nodes = waits.map(([node]) => node);
    return nodes.length > 0 && comesOnlyAfter(linkedCfgOf(fn), call, nodes);
  }
}

/** The lock that is asked for by name where it is waited for: another task may have to give it back. */
function tokenAwaited(action: Action, { activation, world }: Step): Acquisition | undefined {
  if (action.kind !== 'await') return undefined;
  const value = activation.evaluate(action.promise, world);
  const [acquisition, another] = value?.kind === 'promise' ? value.task.acquisitions : [];
  return acquisition?.via || another ? undefined : acquisition;
}

/** The locks that a promise itself waits for, those on the further ways of functions aside. */
function takenByItself(value: Value | undefined): ReadonlySet<LockClass> {
  let classes: ReadonlySet<LockClass> | undefined;
  for (const member of membersOf(value)) {
    const own = member.kind === 'promise' ? member.task.acquisitions.filter(({ via }) => !via) : [];
    const taken = new Set(own.map(({ lock }) => lock.cls));
    classes = classes ? intersect(classes, taken) : taken;
  }
  return classes ?? new Set();
}

/** What a function returns, unless it is an `await` of its own. */
function returnedIn(action: Action): Ts.Expression | undefined {
  const value = action.kind === 'return' && !action.isWaitedFor ? action.value : undefined;
  return value && !ts.isAwaitExpression(skipParentheses(value)) ? value : undefined;
}

/**
 * `tail = tail.then(() => mine)`: the function that has made `mine` puts it into the chain to hold it, and ends it itself
 * when it has had its turn.
 */
function isOfMaker({ slot }: Signal, wait: Ts.Node): boolean {
  const maker = ts.isVariableDeclaration(slot) ? ts.findAncestor(slot, ts.isFunctionLike) : undefined;
  return maker !== undefined && isInside(wait, maker);
}

/** `waiters.forEach(…)` runs what it is handed before it returns. */
function isLoop(callee: Ts.Node): boolean {
  return ts.isPropertyAccessExpression(callee) && ITERATING.has(callee.name.text);
}
