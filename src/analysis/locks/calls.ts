import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { memberName, type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';
import type { AcquisitionSink, Activation } from './activation.ts';
import { type Around, allHeld, innermost } from './around.ts';
import { atOnce, inCall, takeAtOnce } from './at-once.ts';
import { isLost } from './carriers.ts';
import { isChain } from './chain-locks.ts';
import { chained } from './chains.ts';
import { collectionCall, iterate } from './collections.ts';
import { queryCall } from './database-calls.ts';
import { inDatabase } from './database-transactions.ts';
import { extremeOf } from './extremes.ts';
import { failedWaits } from './failures.ts';
import { noLongerFree, nothingSeenFree, seenFree } from './free-locks.ts';
import { parameterOf } from './handed.ts';
import { handToCallback } from './handing.ts';
import {
  DETACHED_FUNCTIONS,
  DETACHED_METHODS,
  detach,
  keepingGrants,
  leaveRunning,
  putAway,
} from './handover.ts';
import { isJoined } from './joined.ts';
import { constructorOf } from './kept-fields.ts';
import { idOf } from './keys.ts';
import { isAsyncFunction } from './links.ts';
import { isMember, symbolName } from './members.ts';
import { leadsTo } from './own-release.ts';
import { UNKNOWN_PATH } from './paths.ts';
import { presentArguments } from './presence.ts';
import { CALL, RELEASES } from './primitives.ts';
import { combine, isNeverAwaited, isPromiseStatic } from './promises.ts';
import { callSpan } from './record.ts';
import { givenTo, settledBy, waitBeforeSettling, withSettledIn } from './settling.ts';
import { callSigned } from './signatures.ts';
import { KEEPING_METHODS } from './state-methods.ts';
import { onStore } from './store-calls.ts';
import { type Phases, phasesOfCall, phasesOfTask, SOMETIME, surroundings } from './surroundings.ts';
import { performTagged, substitutionsOf } from './tagged.ts';
import { promisedList, promiseOf } from './thenables.ts';
import { NOT_TRACED } from './traced-callees.ts';
import { isPartlyKnown, isWhollyKnown, notePartlyKnown, noteUnknown } from './unknown-calls.ts';
import {
  type Acquisition,
  type Closure,
  EMPTY_BINDINGS,
  type Generator,
  type Held,
  type Instance,
  isGivenBackBy,
  type LockRef,
  type LockValue,
  type Mode,
  membersOf,
  type Outcome,
  pathOf,
  type Releaser,
  type Task,
  UNIT,
  type Value,
} from './values.ts';
import {
  addHeld,
  addHeldAgain,
  asked,
  bind,
  isSameLock,
  joinValues,
  keptGrants,
  MAX_MEMBERS,
  releaseLock,
  START,
  type World,
} from './world.ts';

/** The worlds after a call, with its value bound to the call expression. */
export function performCall(activation: Activation, node: CallLike, world: World): readonly World[] {
  if (ts.isNewExpression(node)) return construct(activation, node, world);
  const queried = queryCall(activation, node, world);
  if (queried) return queried;
  if (ts.isTaggedTemplateExpression(node)) return performTagged(activation, node, world);
  const callee = skipParentheses(node.expression);
  const name = rightmostName(callee);
  const method = isMember(callee) ? ((name && nameText(name)) ?? symbolName(callee)) : undefined;
  const receiverNode = isMember(callee) ? callee.expression : undefined;

  const wrapped = activation.evaluate(node, { ...world, bindings: withoutNode(world, node) });
  if (wrapped?.kind === 'lock') return [bind(world, node, wrapped)];

  const end = extremeOf(node, activation.engine.conditions);
  if (end) return [bind(world, node, end)];

  const disposal = receiverNode && /^\[Symbol\.(asyncD|d)ispose\]$/.exec(method ?? '');
  if (disposal) {
    const disposed = activation.dispose(
      activation.evaluate(receiverNode, world),
      disposal[1] === 'asyncD',
      world,
      node,
    );
    return [bind(disposed, node, undefined)];
  }
  if (receiverNode && method !== undefined && name) {
    if (isPromiseStatic(receiverNode)) return promiseStatic(activation, node, method, world);
    const stored =
      /^(?:run|getStore)$/.test(method) && onStore(activation, node, receiverNode, method, world);
    if (stored) return stored;
    const receiver = activation.evaluate(receiverNode, world);
    const onLock = lockCall(activation, node, receiverNode, receiver, method, name, world);
    if (onLock) return onLock;
    const builtin = memberCall(activation, node, receiver, method, world);
    if (builtin) return builtin;
  }
  const target = activation.evaluate(callee, world);
  const called = membersOf(target).flatMap((member) =>
    member.kind === 'lock' ? (lockOperation(activation, node, member, CALL, world) ?? []) : [],
  );
  if (called.length > 0) return called;
  const byName = name && !isMember(callee) ? functionOfModule(activation, node, name, world) : undefined;
  if (byName) return byName;
  const args = argumentsOf(activation, node, world);
  const given = givenTo(activation, target, args[0], world);
  const after = settledBy(activation, target, given);
  if (given !== world) return [bind(after, node, undefined)];
  const subject = { self: receiverNode && activation.evaluate(receiverNode, after), args };
  return (
    callSigned(activation, node, name, subject, after) ??
    callFunction(activation, node, callee, receiverNode, target, after) ??
    inDatabase(activation, node, after) ??
    callTraced(activation, node, callee, target, args, after) ??
    unknownCall(activation, node, callee, name, method, target, after)
  );
}

/** A call of what is known of the callee, by its value or by its declarations; undefined when nothing is. */
export function callFunction(
  activation: Activation,
  node: Ts.CallExpression | Ts.TaggedTemplateExpression,
  callee: Ts.Node,
  receiverNode: Ts.Expression | undefined,
  target: Value | undefined,
  world: World,
): readonly World[] | undefined {
  if (target?.kind === 'inert') {
    notePartlyKnown(activation, node, callee, target, world);
    return [bind(world, node, undefined)];
  }
  const callables = membersOf(target).filter(
    ({ kind }) => kind === 'releaser' || kind === 'closure' || kind === 'operation',
  );
  if (callables.length > 0 && !isOverridable(target, receiverNode, activation, world)) {
    const args = argumentsOf(activation, node, world);
    const others = [
      ...otherClosures(activation, callee, target),
      ...replacingTargets(activation, callee, receiverNode, world),
    ];
    // Functions that were put there from elsewhere, and others that could not be followed.
    if (isPartlyKnown(target)) noteUnknown(activation, node, callee, rightmostName(callee), target, world);
    else notePartlyKnown(activation, node, callee, target, world);
    return [...callables, ...others].flatMap((member) => {
      if (member.kind === 'closure') {
        return invokeCallee(activation, node, member, args, world);
      }
      if (member.kind === 'operation') {
        const performed =
          ts.isCallExpression(node) && lockOperation(activation, node, member.lock, member.method, world);
        return performed || [bind(world, node, undefined)];
      }
      return afterRelease(activation, node, activation.release(member as Releaser, world), args);
    });
  }
  const declared = declaredTargets(activation, callee, rightmostName(callee), receiverNode, world);
  if (declared.length === 0) return undefined;
  notePartlyKnown(activation, node, callee, target, world);
  const args = argumentsOf(activation, node, world);
  const all = [...declared, ...replacingTargets(activation, callee, receiverNode, world)];
  return all.flatMap((closure) => invokeCallee(activation, node, closure, args, world));
}

/** `given ?? ownDefault`: the program may know what is given, where this function does not. */
function otherClosures(
  { engine: { traced } }: Activation,
  callee: Ts.Node,
  target: Value | undefined,
): readonly Closure[] {
  const isChoice = membersOf(target).some((member) => member.kind === 'opaque' && !member.keeps);
  const known = membersOf(target).map((member) => (member.kind === 'closure' ? member.fn : undefined));
  return isChoice ? traced.of(callee).closures.filter(({ fn }) => !known.includes(fn)) : [];
}

/** `release(callback)`: what a releaser is given to call, it calls when the lock has been given back. */
function afterRelease(
  activation: Activation,
  node: Ts.CallExpression | Ts.TaggedTemplateExpression,
  world: World,
  args: readonly (Value | undefined)[],
): readonly World[] {
  let worlds: readonly World[] = [world];
  for (const member of args.flatMap((argument) => membersOf(argument))) {
    if (member.kind === 'closure') {
      worlds = worlds.flatMap((before) => invoke(activation, node, member, [], before));
    }
  }
  return worlds.map((after) => bind(after, node, undefined));
}

/** A method found on an object whose class may have heirs: the declarations know them all. */
function isOverridable(
  target: Value | undefined,
  receiverNode: Ts.Expression | undefined,
  activation: Activation,
  world: World,
): boolean {
  return (
    receiverNode !== undefined &&
    receiverNode.kind !== ts.SyntaxKind.SuperKeyword &&
    activation.evaluate(receiverNode, world)?.kind !== 'object' &&
    membersOf(target).every((member) => member.kind === 'closure' && ts.isMethodDeclaration(member.fn))
  );
}

// -- locks

/** `lock(path)`, where the functions of a module are the methods of a lock. */
function functionOfModule(
  activation: Activation,
  node: Ts.CallExpression,
  name: NameNode,
  world: World,
): readonly World[] | undefined {
  const local = ts.isIdentifier(name) ? resolveLocal(name) : undefined;
  if (!local || !ts.isImportSpecifier(local)) return undefined;
  const lock = activation.engine.locks.ofModule(activation, [name]);
  return lock && lockOperation(activation, node, lock, (local.propertyName ?? local.name).text, world);
}

/** A call of a method of a lock; undefined when the receiver is none. */
function lockCall(
  activation: Activation,
  node: Ts.CallExpression,
  receiverNode: Ts.Expression,
  receiver: Value | undefined,
  method: string,
  name: NameNode,
  world: World,
): readonly World[] | undefined {
  // A chain goes on after a failure as it does otherwise.
  if (isChain(receiver) && method === 'catch') return [bind(world, node, receiver)];
  const locks = membersOf(receiver).filter((member) => member.kind === 'lock');
  if (locks.length > 0) {
    const results = locks.flatMap((lock) => lockOperation(activation, node, lock, method, world) ?? []);
    return results.length > 0 ? results : undefined;
  }
  const grants = membersOf(receiver).filter((member) => member.kind === 'releaser');
  const renewed = grants.filter(({ locks }) =>
    locks.some(({ cls }) => cls.primitive.renews?.includes(method)),
  );
  if (renewed.length > 0) return renewed.map((grant) => bind(world, node, promiseOfValue(grant)));
  const given = grants.filter((grant) => RELEASES.test(method) && isGivenBackBy(grant, method));
  if (given.length > 0) {
    const next = given.reduce((before, grant) => activation.release(grant, before), world);
    return [bind(next, node, undefined)];
  }
  if (isLost(receiver) && activation.engine.locks.isMethod(method)) {
    const what = `${method} of one of more than ${MAX_MEMBERS} locks`;
    activation.engine.record.noteUnresolved(node, what);
    return runCallbacks(activation, node, world);
  }
  const named = activation.engine.locks.byMethod(activation, receiverNode, receiver, name, method, world);
  if (named === 'parameter') {
    activation.carriesLocks = true;
    activation.engine.record.noteUnresolved(node, 'a lock that is passed as a parameter');
    return runCallbacks(activation, node, world);
  }
  return named && lockOperation(activation, node, named, method, world);
}

/** The promise of a grant that the caller has already. */
function promiseOfValue(value: Value): Value {
  return { kind: 'promise', task: { acquisitions: [], outcomes: [{ ...UNIT, value }] } };
}

function lockOperation(
  activation: Activation,
  node: Ts.CallExpression,
  value: LockValue,
  method: string,
  world: World,
): readonly World[] | undefined {
  const { primitive } = value.lock.cls;
  const takes = (list: readonly string[] | undefined): boolean => list?.includes(method) ?? false;
  // What lets in any number keeps nobody waiting.
  const isOpen = value.lock.cls.permits === Number.POSITIVE_INFINITY;
  const locks = isOpen ? [] : activation.engine.locks.keyed(activation, value.lock, node, world);
  const [only, another] = locks;
  const free = only && !another ? seenFree(only, world) : undefined;
  const taken: Taken = { locks, tries: value.tries || free !== undefined };
  const after = locks.reduce((next, lock) => noLongerFree(lock, next), world);
  // What was asked for until it was free was waited for: with nothing held here, but perhaps by a caller.
  if (only && free === 'at last') {
    activation.waitsFor(acquisitionOf(heldBy(activation, node, only, 'exclusive', world.segment)), [], world);
  }
  const waits = [primitive.scoped, primitive.acquire, primitive.callback].some(takes);
  if (primitive.keysInTurn && waits && !value.tries) takeInTurn(activation, node, locks, world);
  const handing = takes(primitive.callback)
    ? 'exclusive'
    : takes(primitive.callbackShared)
      ? 'shared'
      : undefined;
  if (handing) {
    const isOtherwise = [primitive.scoped, primitive.acquire, primitive.acquireShared].some(takes);
    const isPromise = takes(primitive.scoped);
    const handed = handToCallback(activation, node, taken, handing, after, { isOtherwise, isPromise });
    if (handed) return handed;
  }
  if (takes(primitive.scoped)) return scoped(activation, node, taken, 'exclusive', after);
  if (takes(primitive.scopedShared)) return scoped(activation, node, taken, 'shared', after);
  if (takes(primitive.acquire)) return acquire(activation, node, taken, 'exclusive', after);
  if (takes(primitive.acquireShared)) return acquire(activation, node, taken, 'shared', after);
  const until = takes(primitive.waits) ? 'free' : takes(primitive.drains) ? 'idle' : undefined;
  if (until)
    return waitUntil(activation, node, locks, until, until === 'idle' ? takenAgain(locks, world) : world);
  if (takes(primitive.takesFree)) return [bind(takenAgain(locks, world), node, undefined)];
  if (takes(primitive.try)) return tryAcquire(activation, node, locks, world);
  const grants = argumentsOf(activation, node, world).flatMap((argument) =>
    membersOf(argument).filter((member) => member.kind === 'releaser'),
  );
  if (takes(primitive.renews) && grants.length > 0) {
    return grants.map((grant) => bind(world, node, promiseOfValue(grant)));
  }
  if (takes(primitive.release)) {
    // `redlock.unlock(lock)`: the grant says what is given back.
    if (grants.length > 0) {
      const next = grants.reduce((before, grant) => activation.release(grant, before), world);
      return [bind(next, node, undefined)];
    }
    for (const lock of locks) activation.engine.passedOn.noteGivingBack(node, lock);
    return [
      bind(
        locks.reduce((next, lock) => releaseLock(next, lock), world),
        node,
        undefined,
      ),
    ];
  }
  return undefined;
}

/** `acquire(['a', 'b'])`: the second is waited for with the first in hand. */
function takeInTurn(
  activation: Activation,
  node: Ts.CallExpression,
  locks: readonly LockRef[],
  world: World,
): void {
  const all = heldAll(activation, node, locks, 'exclusive', world);
  for (const [index, held] of all.entries()) {
    const before = all.slice(0, index);
    const around = [...world.held, ...before];
    for (const outer of before) {
      // What is in hand was granted, and not only asked for in the same step.
      const granted = { ...outer, segment: undefined };
      activation.engine.edge(activation.call.fn, granted, acquisitionOf(held), around, world, false);
    }
  }
}

/** `waitForUnlock()`: waits like one that takes the lock, and takes nothing. */
function waitUntil(
  activation: Activation,
  node: Ts.CallExpression,
  locks: readonly LockRef[],
  until: 'free' | 'idle',
  world: World,
): readonly World[] {
  const asked = heldAll(activation, node, locks, 'exclusive', world);
  const acquisitions = asked.map((held) => ({ ...acquisitionOf(held), until }));
  return [startTask(node, { acquisitions, outcomes: [UNIT] }, world)];
}

/** What was given back before may have been taken by what takes any number: whoever gives it back has had it. */
function takenAgain(locks: readonly LockRef[], world: World): World {
  const gone = world.gone.filter(({ held }) => !locks.some((lock) => isSameLock(lock, held.lock)));
  return gone.length === world.gone.length ? world : { ...world, gone };
}

/** What one call takes: one lock, or several of a family. */
export interface Taken {
  readonly locks: readonly LockRef[];
  /** Only if they are free. */
  readonly tries: boolean;
}

/** Holds of all that a call takes, each with a token of its own. */
export function heldAll(
  activation: Activation,
  node: Ts.Node,
  locks: readonly LockRef[],
  mode: Mode,
  { segment }: World,
): readonly Held[] {
  return locks.map((lock, index) => {
    const held = heldBy(activation, node, lock, mode, segment);
    return index === 0 ? held : { ...held, token: `${index}/${held.token}` };
  });
}

export function heldBy(
  activation: Activation,
  node: Ts.Node,
  lock: LockRef,
  mode: Mode,
  segment: number,
): Held {
  return {
    token: activation.engine.code.key(node),
    lock,
    mode,
    at: callSpan(activation.engine.code, node),
    via: undefined,
    segment,
  };
}

export function acquisitionOf(held: Held): Acquisition {
  return {
    lock: held.lock,
    mode: held.mode,
    at: held.at,
    via: undefined,
    segment: held.segment,
    gates: [],
    without: [],
    withoutLocks: [],
    settled: [],
    combined: false,
    atOnce: false,
    token: held.token,
  };
}

/** `acquire()`: the moment of the call counts, so the lock may be held from here on, awaited or not. */
function acquire(
  activation: Activation,
  node: Ts.CallExpression,
  { locks, tries }: Taken,
  mode: Mode,
  world: World,
): readonly World[] {
  const held = heldAll(activation, node, locks, mode, world);
  activation.engine.record.noteTaking(callSpan(activation.engine.code, node), locks[0]);
  for (const { lock, at } of held) activation.engine.passedOn.noteTaking(node, at, lock);
  const acquisitions = tries ? [] : held.map(acquisitionOf);
  if (locks[0]?.cls.primitive.immediate) {
    takeAtOnce(activation, { acquisitions, outcomes: [] }, world);
    return [bind(addHeldAgain(world, held), node, grantOf(held))];
  }
  const outcome: Outcome = { ...UNIT, held, value: grantOf(held) };
  const task: Task = { acquisitions, outcomes: [outcome] };
  return [bind(addHeldAgain(world, asked(held)), node, { kind: 'promise', task })];
}

export function grantOf(held: readonly Held[]): Releaser {
  return {
    kind: 'releaser',
    tokens: held.map(({ token }) => token),
    locks: held.map(({ lock }) => lock),
    pair: held[0]?.lock.cls.primitive.grants === 'value-and-releaser',
  };
}

/** `tryAcquire()` gets the lock or goes on without: nobody waits for anybody. */
function tryAcquire(
  activation: Activation,
  node: Ts.CallExpression,
  locks: readonly LockRef[],
  world: World,
): readonly World[] {
  const held = heldAll(activation, node, locks, 'exclusive', world);
  activation.engine.record.noteTaking(callSpan(activation.engine.code, node), locks[0]);
  const isVoid = locks[0]?.cls.primitive.grants === 'void';
  const won: Value = isVoid ? { kind: 'constant', value: true } : grantOf(held);
  const lost: Value = { kind: 'constant', value: isVoid ? false : undefined };
  return [bind(addHeld(world, held), node, won), bind(world, node, lost)];
}

/** `runExclusive(callback)`: the callback, and the promise it returns, run under the lock. */
function scoped(
  activation: Activation,
  node: Ts.CallExpression,
  { locks, tries }: Taken,
  mode: Mode,
  world: World,
): readonly World[] {
  const options = optionsOf(activation, node, world);
  const shared = options?.get('mode');
  const actual: Mode = shared?.kind === 'constant' && shared.value === 'shared' ? 'shared' : mode;
  // What is taken away from its holder is not waited for either.
  const isAtOnce = [options?.get('ifAvailable'), options?.get('steal')].some(isTrue);
  const waits = !tries && !isAtOnce;
  const held = heldAll(activation, node, locks, actual, world);
  for (const lock of locks) activation.engine.passedOn.noteScoped(lock);
  const tokens = new Set(held.map(({ token }) => token));
  activation.engine.record.noteTaking(callSpan(activation.engine.code, node), locks[0]);
  const callback = callbackOf(activation, node, world);
  const bodies = functionsOf(callback);
  // A callback that is not known: whoever hands it in is looked at.
  if (bodies.length === 0 && callback?.kind === 'opaque') activation.carriesLocks = true;
  const acquisitions: Acquisition[] = waits ? held.map(acquisitionOf) : [];
  const outcomes: Outcome[] = [];
  const failed: Outcome[] = [];
  const outside = (outcome: Outcome): Outcome => ({
    ...outcome,
    held: outcome.held.filter(({ token }) => !tokens.has(token)),
  });
  for (const body of bodies) {
    const inner = runUnder(activation, node, body, [grantOf(held)], held, world);
    acquisitions.push(...inner.acquisitions);
    outcomes.push(...inner.outcomes.map(outside));
    // What gives something back on every way that is known has done so where it fails: nobody else will.
    failed.push(...(inner.rejections ?? inner.outcomes).map(outside));
  }
  const tells = outcomes.some(({ released, releasedTokens }) => released.length + releasedTokens.length > 0);
  const rejections = failed.map((outcome) => ({ ...outcome, value: undefined }));
  const task: Task = {
    acquisitions,
    outcomes: outcomes.length > 0 ? outcomes : [UNIT],
    ...(tells && { rejections }),
  };
  const isOver = locks[0]?.cls.primitive.immediate && bodies.every(({ fn }) => !isAsyncFunction(fn));
  if (isOver) return activation.join({ kind: 'promise', task }, world, node, atOnce(activation.waitsFor));
  return [startTask(node, task, world)];
}

function isTrue(value: Value | undefined): boolean {
  return value?.kind === 'constant' && value.value === true;
}

/** The call's value is the promise of a task; what the task releases of ours, it releases from now on. */
export function startTask(node: Ts.Node, task: Task, world: World): World {
  let next = world;
  for (const { held } of task.outcomes) next = addHeldAgain(next, asked(held));
  return bind(next, node, { kind: 'promise', task });
}

/**
 * Runs a function as part of a task that holds `held`, apart from what the caller holds, and waits for the promise
 * it returns.
 */
export function runUnder(
  activation: Activation,
  node: Ts.Node,
  body: Closure,
  args: readonly (Value | undefined)[],
  held: readonly Held[],
  world: World,
  starts: 'here' | 'later' = 'here',
  reaches: Phases = phasesOfTask(node),
): Task {
  const outer = held.length > 0 ? [...world.outer, ...world.held] : [];
  const joined = isJoined(node);
  const apart: World = {
    ...world,
    held,
    outer,
    released: [],
    releasedTokens: [],
    gone: [],
    writes: new Map(),
    isApart: world.isApart || !joined,
  };
  // Its own locks are held around it in any case.
  const around: Around = {
    held: joined ? [...held, ...world.outer, ...world.held] : held,
    isJoined: joined && !world.isApart,
    kept: keptGrants(world),
    under: held.at(-1) ?? (joined ? innermost(world) : undefined),
    atStart: starts === 'here' ? [...allHeld(world), ...held] : held,
    givenBack: world,
    isBeforePause: world.segment === START.segment,
    isAtOnce: starts === 'here',
    isWithin: joined,
    isDirect: false,
    isSection: held.length > 0,
    surroundings: surroundings(world, reaches, held),
    ordered: world.ordered,
  };
  const acquisitions: Acquisition[] = [];
  const outcomes: Outcome[] = [];
  const rejections: Outcome[] = [];
  const sink: AcquisitionSink = (acquisition, around, at) =>
    acquisitions.push({ ...gated(acquisition, around, at), atOnce: false });
  for (const after of invoke(activation, node, body, args, apart, around, startWithin(sink))) {
    const value = after.bindings.get(node);
    for (const failed of failedWaits(value, after)) rejections.push(endIn(failed, undefined));
    for (const end of activation.join(value, after, node, sink)) {
      outcomes.push(endIn(end, end.bindings.get(node)));
    }
  }
  return { acquisitions, outcomes, ...(rejections.length > 0 && { rejections }) };
}

/** The end of a task in a world. */
function endIn({ held, released, releasedTokens, writes }: World, value: Value | undefined): Outcome {
  return { held, released, releasedTokens, value, writes, ordered: [] };
}

/** An acquisition made inside a critical section has its lock as a gate. */
export function gated(acquisition: Acquisition, held: readonly Held[], world: World): Acquisition {
  return {
    ...acquisition,
    gates: [...acquisition.gates, ...held.flatMap(({ lock, mode }) => (mode === 'exclusive' ? lock : []))],
    without: [...acquisition.without, ...world.releasedTokens],
    withoutLocks: [...acquisition.withoutLocks, ...world.released],
    settled: withSettledIn(world, acquisition.settled),
    combined: false,
  };
}

function optionsOf(
  activation: Activation,
  node: Ts.CallExpression,
  world: World,
): ReadonlyMap<string, Value> | undefined {
  for (const argument of node.arguments) {
    const value = activation.evaluate(argument, world);
    if (value?.kind === 'object') return value.properties;
  }
  return undefined;
}

/** The function among the arguments, or the list of functions: the last one by convention. */
function callbackOf(activation: Activation, node: Ts.CallExpression, world: World): Value | undefined {
  const values = node.arguments.map((argument) => activation.evaluate(argument, world));
  return (
    values.findLast((value) => membersOf(value).some(({ kind }) => kind === 'closure')) ??
    values.findLast((value) => functionsOf(value).length > 0) ??
    values.findLast((value) => value?.kind === 'opaque')
  );
}

/** A function, or each of a list: `queue.addAll([first, second])`. */
function functionsOf(value: Value | undefined): readonly Closure[] {
  return membersOf(value)
    .flatMap((member) => (member.kind === 'collection' ? (member.items ?? [member.element]) : member))
    .flatMap((one) => membersOf(one))
    .filter((member) => member.kind === 'closure');
}

// -- functions

export function argumentsOf(activation: Activation, node: CallLike, world: World): (Value | undefined)[] {
  if (ts.isTaggedTemplateExpression(node)) return substitutionsOf(activation, node, world);
  return (node.arguments ?? []).flatMap((argument) => {
    if (!ts.isSpreadElement(argument))
      return [activation.upToDate(activation.evaluate(argument, world), world)];
    const spread = activation.evaluate(argument.expression, world);
    if (spread?.kind === 'collection' && spread.items) return [...spread.items];
    const path = pathOf(spread);
    if (path === undefined || parameterOf(path) === undefined) return [undefined];
    return Array.from({ length: MAX_SPREAD }, (_, at): Value => ({ kind: 'opaque', path: `${path}[${at}]` }));
  });
}

/** So many of the arguments that a function is given, and hands on as they are, are told apart. */
const MAX_SPREAD = 4;

/** Calls what a call names. */
function invokeCallee(
  activation: Activation,
  node: Ts.CallExpression | Ts.TaggedTemplateExpression,
  closure: Closure,
  args: readonly (Value | undefined)[],
  world: World,
): readonly World[] {
  const { code, reach } = activation.engine;
  const leads = reach.leads(closure.fn);
  const given = leads && ts.isCallExpression(node) ? presentArguments(code, node, closure, args) : args;
  const mayTake = leads || args.some((value) => membersOf(value).some(({ kind }) => kind === 'closure'));
  const around = mayTake ? nothingSeenFree(world) : world;
  const callee = activation.withCaptured(closure, around);
  const direct: Around = { ...aroundCall(node, callee, around), isDirect: true };
  return invoke(activation, node, callee, given, around, direct);
}

/** Calls a function of the program: its effect on what is held, and its value. */
export function invoke(
  activation: Activation,
  node: Ts.Node,
  closure: Closure,
  args: readonly (Value | undefined)[],
  world: World,
  around: Around = aroundCall(node, closure, world),
  start: Start = startHere,
): readonly World[] {
  const effect = activation.engine.apply(activation, closure, [...closure.bound, ...args], node, around);
  // Declared, with its body elsewhere: nothing is known of it, but that control comes back.
  if (!effect) return [bind(world, node, undefined)];
  const { kind } = effect;
  const { now, later: task } =
    kind === 'generator' ? { now: NOTHING, later: effect.task } : inCall(effect.task);
  takeAtOnce(activation, now, world, start.sink);
  // Before somebody settles the promise, its waiters wait: for this as well.
  const isSettling = settles(closure) || args.some((value) => settles(value));
  if (kind === 'sync' || isSettling) {
    // Not for what comes after that, where this is the executor itself.
    const before = task.acquisitions.filter(({ settled }) => !settled.includes(closure.fn));
    waitBeforeSettling(activation, before, world);
  }
  if (kind === 'sync') {
    noteFailure(activation, node, task);
    return task.outcomes.map((outcome) => {
      let next = activation.settle(outcome, world);
      // A promise that is handed out has its task under way.
      for (const member of membersOf(outcome.value)) {
        if (member.kind !== 'promise') continue;
        for (const { held } of member.task.outcomes) next = addHeldAgain(next, asked(held));
      }
      return bind(next, node, outcome.value);
    });
  }
  if (kind === 'generator') {
    return [bind(world, node, { kind: 'generator', task, yields: effect.yields })];
  }
  if (task.outcomes.length === 0 && task.acquisitions.length === 0) {
    return [bind(world, node, { kind: 'promise', task })];
  }
  return [start.run(activation, node, task, args, world)];
}

const NOTHING: Task = { acquisitions: [], outcomes: [] };

/** How a function is started. */
interface Start {
  /** Starts the task of an async one. */
  readonly run: (
    activation: Activation,
    node: Ts.Node,
    task: Task,
    args: readonly (Value | undefined)[],
    world: World,
  ) => World;
  /** Takes note of what is taken at once; without one it is the function that makes the call that does. */
  readonly sink?: AcquisitionSink;
}

/** How a function that gives something back fails is known to the call until it has been looked at. */
function noteFailure({ failed }: Activation, node: Ts.Node, { outcomes, rejections }: Task): void {
  const givesBack = outcomes.some(
    ({ released, releasedTokens }) => released.length + releasedTokens.length > 0,
  );
  if (givesBack) failed.set(node, [...(failed.get(node) ?? []), ...(rejections ?? [UNIT])]);
}

/** In the function that makes the call: a task that it never waits for is left running. */
const startHere: Start = {
  run: (activation, node, task, args, world) => {
    if (!isNeverAwaited(node)) return startTask(node, task, world);
    const given = args.flatMap((value) => membersOf(value)).filter((member) => member.kind === 'releaser');
    return startTask(node, keepingGrants(task), leaveRunning(activation, node, task, world, given));
  },
};

/** As part of another task, which waits for it. */
const startWithin = (sink: AcquisitionSink): Start => ({
  run: (_activation, node, task, _args, world) => startTask(node, task, world),
  sink,
});

export function aroundCall(node: Ts.Node, { fn }: Closure, world: World): Around {
  const joined = isJoined(node);
  // A function that is not async runs to its end before its caller goes on.
  const isWithin = joined || !isAsyncFunction(fn);
  return {
    held: joined ? [...world.held, ...world.outer] : [],
    isJoined: joined && !world.isApart,
    kept: keptGrants(world),
    under: isWithin ? innermost(world) : undefined,
    atStart: allHeld(world),
    givenBack: world,
    isBeforePause: world.segment === START.segment,
    isAtOnce: true,
    isWithin,
    isDirect: false,
    isSection: false,
    surroundings: surroundings(world, phasesOfCall(node, fn)),
    ordered: world.ordered,
  };
}

/** Whether a value is, or captures, the `resolve` of a promise under construction. */
export function settles(value: Value | undefined, depth = 0): boolean {
  if (depth > 3) return false;
  return membersOf(value).some(
    (member) =>
      (member.kind === 'opaque' && member.settles !== undefined) ||
      (member.kind === 'closure' && [...member.captured.values()].some((part) => settles(part, depth + 1))),
  );
}

/** Functions that a callee may be, by its declarations: methods of classes, implementations of interfaces. */
function declaredTargets(
  activation: Activation,
  callee: Ts.Node,
  name: NameNode | undefined,
  receiverNode: Ts.Expression | undefined,
  world: World,
): readonly Closure[] {
  if (!name) return [];
  const receiver = receiverNode && activation.evaluate(receiverNode, world);
  return activation.engine.targets.of(callee, name, receiver);
}

/** Functions that stand in the place of a method that is called. */
function replacingTargets(
  activation: Activation,
  callee: Ts.Node,
  receiverNode: Ts.Expression | undefined,
  world: World,
): readonly Closure[] {
  return activation.engine.targets.replacing(
    callee,
    () => receiverNode && activation.evaluate(receiverNode, world),
  );
}

function construct(activation: Activation, node: Ts.NewExpression, world: World): readonly World[] {
  const value = activation.evaluate(node, { ...world, bindings: withoutNode(world, node) });
  const name = rightmostName(node.expression);
  if (name && nameText(name) === 'Promise' && ts.isIdentifier(name) && !resolveLocal(name)) {
    const [executor] = argumentsOf(activation, node, world);
    if (executor?.kind === 'closure') {
      const { task, world: next } = promiseOf(activation, node, executor, world);
      return [startTask(node, task, next)];
    }
  }
  if (value?.kind === 'lock') activation.engine.record.noteSite(activation.engine.code.span(node));
  if (value?.kind === 'instance') return makeInstance(activation, node, value, world);
  return [bind(world, node, value)];
}

/** What a constructor is given may give back what is held here, and the constructor may run it at once. */
function makeInstance(
  activation: Activation,
  node: Ts.NewExpression,
  made: Instance,
  world: World,
): readonly World[] {
  const args = argumentsOf(activation, node, world);
  const mayGiveBack = args.some((value) => world.held.some((held) => leadsTo(value, held)));
  const fn = mayGiveBack ? constructorOf(made.cls, activation.engine.code) : undefined;
  if (!fn) return [bind(world, node, made)];
  const making: Closure = { kind: 'closure', fn, captured: EMPTY_BINDINGS, self: made, bound: [] };
  return invoke(activation, node, making, args, world).map((after) => bind(after, node, made));
}

// -- built-ins

function promiseStatic(
  activation: Activation,
  node: Ts.CallExpression,
  method: string,
  world: World,
): readonly World[] {
  const [argument] = argumentsOf(activation, node, world);
  return [bind(world, node, combine(method, promisedList(activation, argument, node, world)))];
}

/** Methods of promises, functions, collections and timers; undefined for anything else. */
function memberCall(
  activation: Activation,
  node: Ts.CallExpression,
  receiver: Value | undefined,
  method: string,
  world: World,
): readonly World[] | undefined {
  const args = argumentsOf(activation, node, world);
  if (receiver?.kind === 'closure') {
    if (method === 'bind')
      return [bind(world, node, { ...receiver, self: args[0] ?? receiver.self, bound: args.slice(1) })];
    if (method === 'call') return invoke(activation, node, withSelf(receiver, args[0]), args.slice(1), world);
    if (method === 'apply') {
      const list = args[1];
      const items = list?.kind === 'collection' ? (list.items ?? []) : [];
      return invoke(activation, node, withSelf(receiver, args[0]), items, world);
    }
  }
  if (receiver?.kind === 'operation' && method === 'bind') return [bind(world, node, receiver)];
  if (receiver?.kind === 'generator' && method === 'next') return [bind(world, node, stepOf(receiver, node))];
  if (method === 'then' || method === 'catch' || method === 'finally') {
    // A `then` of the program's own is a method like any other.
    if (receiver?.kind !== 'promise' && hasDeclaredMember(activation, node)) return undefined;
    return chained(activation, node, receiver, method, args, world);
  }
  if (DETACHED_METHODS.test(method)) {
    const next = detach(activation, node, args, world);
    const isObject = receiver?.kind === 'instance' || receiver?.kind === 'object';
    const isOwn = isObject && hasDeclaredMember(activation, node);
    return isOwn ? undefined : [bind(next, node, undefined)];
  }
  if (receiver?.kind === 'instance' || isUnderKey(activation, node, receiver, method)) return undefined;
  if (KEEPING_METHODS.test(method)) putAway(activation, node, args, world);
  if (receiver?.kind === 'collection' || !hasDeclaredMember(activation, node)) {
    return collectionCall(activation, node, receiver, method, args, world);
  }
  return undefined;
}

/** `handlers.delete()`, where `delete` is a key of a table and no method. */
function isUnderKey(
  activation: Activation,
  node: Ts.CallExpression,
  receiver: Value | undefined,
  method: string,
): boolean {
  if (receiver?.kind !== 'collection' || !receiver.keys?.has(method)) return false;
  const name = memberName(skipParentheses(node.expression));
  return name !== undefined && activation.engine.code.entities(name).length === 0;
}

/** What `next` of a generator hands out: any of what it yields. */
function stepOf({ yields }: Generator, node: Ts.Node): Value {
  let value: Value | undefined;
  for (const one of yields) value = joinValues(value, one.value);
  return { kind: 'object', path: `e${idOf(node)}`, properties: new Map(value && [['value', value]]) };
}

function withSelf(closure: Closure, self: Value | undefined): Closure {
  return ts.isArrowFunction(closure.fn) ? closure : { ...closure, self: self ?? closure.self };
}

function hasDeclaredMember(activation: Activation, node: Ts.CallExpression): boolean {
  const name = memberName(skipParentheses(node.expression));
  return name !== undefined && activation.engine.code.entities(name).some(({ kind }) => kind === 'node');
}

/** A call of what nothing is known of in place, where all that it can be is known from where it comes. */
function callTraced(
  activation: Activation,
  node: Ts.CallExpression,
  callee: Ts.Node,
  target: Value | undefined,
  args: readonly (Value | undefined)[],
  world: World,
): readonly World[] | undefined {
  const { traced, reach } = activation.engine;
  const { closures, isWhole } = isWhollyKnown(target) ? NOT_TRACED : traced.of(callee);
  // What calls a function that it is given is run only if there is more to it: the call is to be told here, then.
  const isTold = closures.every(({ fn }) => reach.leads(fn) || reach.isOpen(fn) || !reach.callsBack(fn));
  if (closures.length === 0 || !isTold) return undefined;
  // Whoever hands in what it is a member of knows more of it.
  if (parameterOf(pathOf(target)) !== undefined) activation.callsGiven(world.held.length > 0);
  if (!isWhole) noteUnknown(activation, node, callee, rightmostName(callee), target, world);
  return closures.flatMap((closure) => invokeCallee(activation, node, closure, args, world));
}

// -- calls out of the program

function unknownCall(
  activation: Activation,
  node: Ts.CallExpression,
  callee: Ts.Node,
  name: NameNode | undefined,
  method: string | undefined,
  target: Value | undefined,
  world: World,
): readonly World[] {
  const text = name ? nameText(name) : undefined;
  const args = argumentsOf(activation, node, world);
  if (text !== undefined && DETACHED_FUNCTIONS.test(text)) {
    return [bind(detach(activation, node, args, world), node, undefined)];
  }
  if (text === 'from' && method !== undefined && membersOf(args[1]).some(({ kind }) => kind === 'closure')) {
    const source = args[0];
    const element = source?.kind === 'collection' ? source.element : undefined;
    return iterate(activation, node, element, 'map', args[1], pathOf(source) ?? UNKNOWN_PATH, false, world);
  }
  if (method !== undefined && /^(?:values|keys|entries|from)$/.test(method)) {
    const [source] = args;
    if (source?.kind === 'collection') return [bind(world, node, source)];
  }
  noteUnknown(activation, node, callee, name, target, world);
  return runCallbacks(activation, node, world);
}

/** A function outside of the program runs the callbacks that it is given, as part of the promise it returns. */
export function runCallbacks(activation: Activation, node: CallLike, world: World): readonly World[] {
  const callbacks = argumentsOf(activation, node, world)
    .flatMap((argument) => membersOf(argument))
    .filter((member) => member.kind === 'closure');
  if (callbacks.length === 0) return [bind(world, node, undefined)];
  const acquisitions: Acquisition[] = [];
  const writes = new Map<Ts.Node, Value>();
  for (const callback of callbacks) {
    const task = runUnder(activation, node, callback, [], [], world, 'here', SOMETIME);
    acquisitions.push(...task.acquisitions);
    for (const outcome of task.outcomes)
      for (const [declaration, value] of outcome.writes) writes.set(declaration, value);
  }
  const outcome: Outcome = { ...UNIT, writes };
  return [bind(world, node, { kind: 'promise', task: { acquisitions, outcomes: [outcome] } })];
}

function withoutNode(world: World, node: Ts.Node): World['bindings'] {
  if (!world.bindings.has(node)) return world.bindings;
  const bindings = new Map(world.bindings);
  bindings.delete(node);
  return bindings;
}
