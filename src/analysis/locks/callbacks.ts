import type { Span } from '../../engine/finding.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { memberName, nameText, skipParentheses } from '../code.ts';
import { propertyOf } from '../shapes.ts';
import type { Activation } from './activation.ts';
import { type GivenBack, isGivenBack } from './around.ts';
import { type CallbackName, CallbackNames } from './callback-names.ts';
import {
  CallbackOrigins,
  ITERATING,
  isCallbackMember,
  isEmit,
  type Origin,
  type ParameterOrigin,
} from './callback-origins.ts';
import { heldBy } from './calls.ts';
import type { Context } from './contexts.ts';
import type { LockEngine } from './engine.ts';
import { functionName } from './function-name.ts';
import { isJoined } from './joined.ts';
import { idOf } from './keys.ts';
import { isMember } from './members.ts';
import { callSpan } from './record.ts';
import { type CallChain, chain, type Held, membersOf, type Value } from './values.ts';
import { belowLocks, WatchedCalls } from './watched-calls.ts';
import type { LockWatcher, Step, WatchedCall } from './watcher.ts';
import { isWholeSection } from './whole-section.ts';
import { START, type World } from './world.ts';

/** A callback that runs while a lock is held. */
export interface CallbackUnderLock {
  /** The lock that was taken last of those that are held. */
  readonly held: Held;
  /** What is called, by the names that a config may use; the first is the one that reports show. */
  readonly names: readonly CallbackName[];
  /** A method of an object that is merely used: only a config makes it a callback. */
  readonly isPlain: boolean;
  readonly at: Span;
  /** The calls that lead from where the lock is held to the callback. */
  readonly via: CallChain | undefined;
}

/** A call of a callback, in one context. */
interface Noted {
  readonly node: Ts.Node;
  /** Undefined for what is certainly not the author's. */
  readonly origin: ParameterOrigin | undefined;
  readonly names: readonly CallbackName[];
  readonly isPlain: boolean;
  readonly held: Held | undefined;
  readonly givenBack: GivenBack;
  readonly isBeforePause: boolean;
}

/** Where the way up from a callback has got to. */
interface Way {
  readonly noted: Noted;
  readonly context: Context;
  /** The parameter that the callback came in by, as long as it is not known what is handed in. */
  readonly origin: ParameterOrigin | undefined;
  /** By what it is known, where it comes from first. */
  readonly names: readonly CallbackName[];
  /** The call of the callback, or by which it is handed on. */
  readonly call: Ts.Node;
  readonly held: Held | undefined;
  /** The calls from where the lock is held. */
  readonly via: CallChain | undefined;
  /** All calls on the way. */
  readonly path: CallChain | undefined;
  /** The lock is taken further down than the function that the way has come to. */
  readonly isTakenBelow: boolean;
  readonly isBeforePause: boolean;
  /** What has been given back on the way of the locks of callers. */
  readonly givenBack: readonly GivenBack[];
}

/**
 * Looks for callbacks that run while a lock is held. It takes note of every call of a function that somebody else may
 * have put there, and of who calls whom under what; in the end it goes up from each such call to the first lock that
 * is held, and to what is handed in for the parameters on the way.
 */
export class CallbackWatcher implements LockWatcher {
  readonly #engine: LockEngine;
  readonly #origins: CallbackOrigins;
  readonly #names: CallbackNames;
  readonly #noted = new Map<Context, Noted[]>();
  readonly #calls = new WatchedCalls();

  constructor(engine: LockEngine) {
    this.#engine = engine;
    this.#origins = new CallbackOrigins(engine.code);
    this.#names = new CallbackNames();
  }

  follows(fn: CfgOwner): boolean {
    return this.#engine.reach.callsBack(fn);
  }

  begins(context: Context): void {
    this.#noted.delete(context);
    this.#calls.begins(context);
  }

  calls(call: WatchedCall): void {
    this.#calls.add(call);
  }

  performs({ context, activation, node: { action }, world }: Step): void {
    if (action.kind !== 'call' || !ts.isCallExpression(action.node)) return;
    const call = action.node;
    const callee = skipParentheses(call.expression) as Ts.Expression;
    if (isEmit(callee, this.#engine.code)) {
      const names = this.#names.ofEmit(callee);
      this.#note(context, world, {
        node: call,
        origin: undefined,
        names,
        isPlain: false,
        held: world.held.at(-1),
      });
      return;
    }
    const origin = this.#origins.of(callee);
    if (origin) this.#noteOrigin(context, activation, call, callee, origin, world, world.held.at(-1));
    else this.#noteHanded(context, activation, call, callee, world);
  }

  /** What is handed to a lock to be run under it, or to a loop of the language to be run for each element. */
  #noteHanded(
    context: Context,
    activation: Activation,
    call: Ts.CallExpression,
    callee: Ts.Expression,
    world: World,
  ): void {
    const [first] = call.arguments;
    const name = memberName(callee);
    if (!first || !name || !isMember(callee)) return;
    const text = nameText(name) ?? '';
    const receiver = activation.evaluate(callee.expression, world);
    const lock = membersOf(receiver).find((member) => member.kind === 'lock')?.lock;
    const { scoped = [], scopedShared = [] } = lock?.cls.primitive ?? {};
    const runs = lock && [...scoped, ...scopedShared].includes(text);
    const isLoop =
      ITERATING.has(text) && !lock && this.#engine.code.entities(name).every(({ kind }) => kind !== 'node');
    // What is chained to a promise runs while whoever waits for the chain holds what they hold.
    const isLink = !lock && LINKING.has(text) && isJoined(call);
    if (!runs && !isLoop && !isLink) return;
    const held = runs ? heldBy(activation, call, lock, 'exclusive', world.segment) : world.held.at(-1);
    for (const argument of isLoop ? [first] : call.arguments) {
      const origin = this.#origins.of(argument);
      // Who hands a function to such a wrapper has it run under the lock on purpose.
      if (!origin || (runs && origin.kind === 'parameter')) continue;
      this.#noteOrigin(context, activation, call, argument, origin, world, held);
    }
  }

  #noteOrigin(
    context: Context,
    activation: Activation,
    call: Ts.CallExpression,
    callee: Ts.Expression,
    origin: Origin,
    world: World,
    held: Held | undefined,
  ): void {
    const names = this.#names.of(origin);
    const isPlain = origin.slot !== undefined && !isCallbackMember(origin.slot);
    const noted = { node: call, names, isPlain, held };
    if (origin.kind === 'slot') {
      if (this.#origins.isForeign(origin)) this.#note(context, world, { ...noted, origin: undefined });
      return;
    }
    if (!isKnown(activation.evaluate(callee, world))) this.#note(context, world, { ...noted, origin });
  }

  #note(context: Context, world: World, call: Omit<Noted, 'isBeforePause' | 'givenBack'>): void {
    const noted = { ...call, givenBack: world, isBeforePause: world.segment === START.segment };
    const known = this.#noted.get(context);
    if (known) known.push(noted);
    else this.#noted.set(context, [noted]);
  }

  /** The callbacks that run while a lock is held, one for each place where the lock is taken. */
  found(): readonly CallbackUnderLock[] {
    const callers = this.#calls.byCallee();
    const below = belowLocks(callers);
    const found = new Map<string, CallbackUnderLock>();
    for (const [context, all] of this.#noted) {
      for (const noted of distinct(all)) {
        if (noted.held || below.has(context)) this.#ascend(context, noted, callers, below, found);
      }
    }
    return [...found.values()];
  }

  #ascend(
    context: Context,
    noted: Noted,
    callers: ReadonlyMap<Context, readonly WatchedCall[]>,
    below: ReadonlySet<Context>,
    found: Map<string, CallbackUnderLock>,
  ): void {
    const seen = new Set<string>();
    const { node, held, isBeforePause } = noted;
    const origin = isHandedIn(noted.origin, context, callers) ? noted.origin : undefined;
    // A function that was put away, and runs where nobody knows what it was made with.
    if (noted.origin && !origin && !this.#origins.isForeignCapture(noted.origin.parameter)) return;
    const { names, givenBack } = noted;
    const start = { noted, context, origin, names, call: node, held, isBeforePause, givenBack: [givenBack] };
    const ways: Way[] = [{ ...start, via: undefined, path: undefined, isTakenBelow: false }];
    for (const way of ways) {
      const key = keyOf(way);
      if (seen.has(key)) continue;
      seen.add(key);
      const at = asSection(way);
      if (at.held && (!at.origin || isOfAnybody(at.context, at.origin))) {
        keep(found, this.#result(at, at.held));
        continue;
      }
      for (const call of callers.get(at.context) ?? []) {
        const next = this.#above(at, call);
        if (next && (next.held || below.has(next.context))) ways.push(next);
      }
    }
  }

  /** The way as it goes on in a caller; undefined where it ends. */
  #above(way: Way, { caller, node, around: call }: WatchedCall): Way | undefined {
    const { under, atStart, isWithin, isAtOnce, isDirect } = call;
    const around = under || way.isBeforePause ? atStart : [];
    const reaching = around.findLast(
      (one) => !way.givenBack.some((back, index) => isGivenBack(one, back, way.givenBack.length - index)),
    );
    if (!way.held && !reaching && !isWithin && !(isAtOnce && way.isBeforePause)) return undefined;
    const handed = way.origin && this.#handedIn(way.origin, way.context.call.fn, isDirect ? node : undefined);
    if (handed === 'seen') return undefined;
    const origin = handed?.kind === 'parameter' ? handed : undefined;
    const isPassed = handed !== way.origin;
    const path = chain(callSpan(this.#engine.code, node), functionName(way.context.call.fn), way.path);
    return {
      noted: way.noted,
      context: caller,
      origin,
      names: handed && isPassed ? [...this.#names.of(handed), ...way.names] : way.names,
      call: isPassed ? node : way.call,
      held: way.held ?? reaching,
      isTakenBelow: way.held !== undefined,
      via: way.held ? way.via : path,
      path,
      isBeforePause: way.isBeforePause && call.isBeforePause,
      givenBack: [...way.givenBack, call.givenBack],
    };
  }

  /** What a call hands in: a parameter of the caller, what others have put somewhere, or what can be seen. */
  #handedIn(origin: ParameterOrigin, fn: CfgOwner, call: Ts.Node | undefined): Origin | 'seen' {
    const { parameter, parts } = origin;
    if (parameter.parent !== fn) return origin;
    if (!call || !ts.isCallExpression(call)) return 'seen';
    const given = call.arguments[parameter.parent.parameters.indexOf(parameter)];
    if (!given) return 'seen';
    const [part, ...rest] = parts;
    const own = part === undefined ? given : (propertyOf(given, part) ?? given);
    const handed = this.#origins.of(own);
    if (!handed) return 'seen';
    if (handed.kind === 'slot') return this.#origins.isForeign(handed) ? handed : 'seen';
    return { ...handed, parts: [...handed.parts, ...(own === given ? parts : rest)], slot: origin.slot };
  }

  #result({ noted: { node, isPlain }, names, via }: Way, held: Held): CallbackUnderLock {
    return { held, names, isPlain, at: callSpan(this.#engine.code, node), via };
  }
}

const LINKING: ReadonlySet<string> = new Set(['then', 'catch', 'finally']);

/** Calls at one place that differ in nothing that matters here are one. */
function distinct(all: readonly Noted[]): Iterable<Noted> {
  const found = new Map<string, Noted>();
  for (const noted of all) {
    const { node, held, givenBack, isBeforePause } = noted;
    const back = [...givenBack.releasedTokens, ...givenBack.released.map(({ cls }) => cls.id)];
    found.set([idOf(node), held?.token ?? '', back.join(), isBeforePause].join('|'), noted);
  }
  return found.values();
}

/** A lock that was taken for the callback alone does not count: the callback is its critical section. */
function asSection(way: Way): Way {
  const { held, origin, call, isTakenBelow } = way;
  // Whoever only hands the callback on to where the lock is taken makes it no section: that was asked there.
  if (!held || !origin || isTakenBelow || !isWholeSection(call, origin.parameter.parent, held)) return way;
  return { ...way, held: undefined, via: undefined };
}

/** Whether a parameter is of the function of a context, and anybody may call that. */
function isOfAnybody({ call: { fn }, callers }: Context, { parameter }: ParameterOrigin): boolean {
  return parameter.parent === fn && callers.has('outside');
}

/** Whether those who call a function, or what runs it, know what a parameter stands for. */
function isHandedIn(
  origin: ParameterOrigin | undefined,
  context: Context,
  callers: ReadonlyMap<Context, readonly WatchedCall[]>,
): boolean {
  if (!origin) return false;
  const above = new Set([context]);
  for (const one of above) {
    if (one.call.fn === origin.parameter.parent) return true;
    for (const { caller } of callers.get(one) ?? []) above.add(caller);
  }
  return false;
}

function isKnown(value: Value | undefined): boolean {
  const members = membersOf(value);
  return members.length > 0 && members.every(({ kind }) => kind !== 'opaque' && kind !== 'instance');
}

function keyOf({ context, origin, call, held, isBeforePause }: Way): string {
  const parameter = origin ? `${idOf(origin.parameter)}.${origin.parts.join('.')}` : '';
  return [context.key, parameter, idOf(call), held?.token ?? '', isBeforePause].join('\n');
}

/** One callback under one acquisition is one cause: the shortest way to it is kept. */
function keep(found: Map<string, CallbackUnderLock>, one: CallbackUnderLock): void {
  const { at } = acquiredAt(one.held);
  const key = `${at.file}:${at.start}|${one.held.lock.cls.id}|${one.names[0]?.file}#${one.names[0]?.name}`;
  const known = found.get(key);
  if (
    !known ||
    length(one) < length(known) ||
    (length(one) === length(known) && one.at.start < known.at.start)
  ) {
    found.set(key, one);
  }
}

function length({ via }: CallbackUnderLock): number {
  return via?.length ?? 0;
}

/** Where a function takes a lock: itself, or by a call of what takes it for its caller. */
export function acquiredAt({ at, via }: Held): { readonly at: Span } {
  return { at: via?.at ?? at };
}
