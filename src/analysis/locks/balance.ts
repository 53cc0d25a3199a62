import type { LockPrimitive } from '../../config/types.ts';
import type { Span } from '../../engine/finding.ts';
import type { ReportStep } from '../../engine/rule.ts';
import { owningFunction } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgEdge, CfgNode } from '../cfg.ts';
import { skipParentheses } from '../code.ts';
import { isAsync } from '../lifecycle/promise-fate.ts';
import type { Activation } from './activation.ts';
import { arrivalAt, type Passage, type Place, placeKey, surelyHeld, walk } from './balance-flow.ts';
import { handsOn, isHandedOn, isReleasedByCallback, reaches } from './balance-handing.ts';
import { releasedOnSuccessAlone } from './balance-links.ts';
import { lateGrants } from './balance-races.ts';
import { ReleasedByName } from './balance-releases.ts';
import { replacements } from './balance-replaced.ts';
import { escapingReturns } from './balance-returns.ts';
import { keptOnReturn, noteReturn, type Return } from './balance-sessions.ts';
import {
  contradictsItself,
  dependsOnTheSame,
  isMeantFor,
  lastAction,
  nodeOf,
  releasedAt,
} from './balance-steps.ts';
import { CHAIN } from './chain-locks.ts';
import type { Context } from './contexts.ts';
import type { LockEngine } from './engine.ts';
import { isThen } from './joined.ts';
import { lockKey } from './keys.ts';
import { callSpan } from './record.ts';
import { type Held, type LockRef, membersOf } from './values.ts';
import type { LockWatcher, Step, WatchedCall } from './watcher.ts';
import { isSameLock, placeOf, type World } from './world.ts';

export type Imbalance = 'leaked' | 'doubleRelease' | 'notHeld' | 'replacedWhileHeld' | 'escapes';

/** A lock that a function does not keep in balance. */
export interface BalanceProblem {
  readonly kind: Imbalance;
  readonly lock: LockRef;
  readonly at: Span;
  readonly trace: readonly ReportStep[];
  /** How it goes wrong, in words that complete a message. */
  readonly how: string;
}

/** A grant that a function ends with. */
interface Left {
  readonly held: Held;
  readonly way: 'return' | 'throw';
  readonly isHandedOn: boolean;
  /** The state in which the function is left. */
  readonly world: string;
}

/** A release by name at which nothing of the lock is held. */
interface Excess {
  readonly node: CfgNode;
  readonly lock: LockRef;
  /** The grant that was given back before, on the same way. */
  readonly gone: Held | undefined;
  /** The state of the function in which it was seen. */
  readonly world: string;
  /** It is the lock's own method that is called here, and not a function that calls it. */
  readonly isDirect: boolean;
  /** What it does, if not what a second release by name does. */
  readonly does?: LockPrimitive['releaserTwice'];
}

/** What was seen of one context in its last run. */
export interface Notes {
  /** What the function is handed to give back: the callback of `acquire().then(…)`. */
  readonly lent: readonly Held[];
  activation: Activation | undefined;
  readonly passages: Map<number, Map<string, Passage>>;
  /** Grants by the name of their place, as they were when they were taken, with the action that took them. */
  readonly taken: Map<string, { readonly held: Held; readonly node: CfgNode; readonly isGiven: boolean }>;
  readonly left: Left[];
  readonly excess: Map<string, Excess>;
  /** Actions that hand a grant on. */
  readonly handing: Map<number, Set<string>>;
  readonly others: Map<string, BalanceProblem>;
  readonly returns: Map<number, CfgNode>;
  /** Where connections go back to their pool. */
  readonly connections: Map<string, Return>;
  /** The walks of grants through the function, by place: made when all is noted. */
  readonly walks: Map<string, ReadonlyMap<string, Place>>;
}

/** Looks on how functions take locks and give them back. */
export class BalanceWatcher implements LockWatcher {
  readonly #engine: LockEngine;
  readonly #byName: ReleasedByName;
  readonly #notes = new Map<Context, Notes>();
  /** Releases by name that were seen, and whether their function held the lock itself each time. */
  readonly #ownReleases = new Map<Ts.Node, boolean>();
  readonly #sections = new Map<Context, Map<string, Held>>();

  constructor(engine: LockEngine) {
    this.#engine = engine;
    this.#byName = new ReleasedByName(engine);
  }

  begins(context: Context): void {
    this.#notes.set(context, {
      lent: lentTo(context, this.#engine),
      activation: undefined,
      passages: new Map(),
      taken: new Map(),
      left: [],
      excess: new Map(),
      handing: new Map(),
      others: new Map(),
      returns: new Map(),
      connections: new Map(),
      walks: new Map(),
    });
  }

  /** The lock of a section, for the callback that is the section. */
  calls({ callee, around, inward }: WatchedCall): void {
    const { isSection, under } = around;
    if (!isSection || !under) return;
    const { cls, path } = under.lock;
    const lock = { cls, path: path === undefined ? undefined : inward.path(path) };
    const known = this.#sections.get(callee) ?? new Map<string, Held>();
    this.#sections.set(callee, known.set(lockKey(lock), { ...under, lock }));
  }

  performs(step: Step): void {
    const notes = this.#notes.get(step.context);
    if (!notes) return;
    notes.activation = step.activation;
    const { node, world } = step;
    const held = heldIn(world, notes);
    noteReturn(step, held, notes.connections);
    const around = [...(this.#sections.get(step.context)?.values() ?? [])];
    for (const problem of replacements(step, [...held, ...around])) note(problem, notes);
    if (held.length === 0) return;
    if (node.action.kind === 'return') notes.returns.set(node.id, node);
    for (const one of held) {
      if (!handsOn(step, one)) continue;
      const handed = notes.handing.get(node.id) ?? new Set();
      notes.handing.set(node.id, handed.add(placeOf(one.token)));
    }
    const onSuccess = releasedOnSuccessAlone(step, held, (promise) => this.#engine.throws.wait(promise));
    for (const problem of [...lateGrants(step, held), ...onSuccess]) note(problem, notes);
  }

  passes(step: Step, way: CfgEdge['when'], after: World, to: string): void {
    const notes = this.#notes.get(step.context);
    if (!notes) return;
    const { node, world, key: from } = step;
    const [before, next] = [tokensIn(world, notes), tokensIn(after, notes)];
    const unsure = new Set([...unsureIn(world), ...unsureIn(after)]);
    const key = [way, from, to, ...unsure].join('|');
    const known = notes.passages.get(node.id) ?? new Map<string, Passage>();
    if (!known.has(key))
      known.set(key, {
        node,
        way,
        from,
        to,
        before,
        after: next,
        refused: refusedIn(step, after, notes),
        unsure,
      });
    notes.passages.set(node.id, known);
    if (way === 'throw') return;
    for (const held of heldIn(after, notes)) {
      const place = placeOf(held.token);
      const isLent = notes.lent.includes(held);
      if ((before.has(place) && !isLent) || notes.taken.has(place)) continue;
      const value = node.action.kind === 'call' ? after.bindings.get(node.action.node) : undefined;
      notes.taken.set(place, { held, node, isGiven: held.via === undefined || reaches(value, held) });
    }
    this.#noteExcess(step, after, notes);
  }

  ends(context: Context, activation: Activation, world: World, way: 'return' | 'throw', key: string): void {
    const notes = this.#notes.get(context);
    if (!notes) return;
    for (const held of heldIn(world, notes)) {
      notes.left.push({ held, way, isHandedOn: isHandedOn(activation, world, held), world: key });
    }
  }

  /** Where grants were taken that some function has handed on. */
  #handedOn: ReadonlySet<string> = new Set();

  /** All that is out of balance, one problem for each place. */
  problems(): readonly BalanceProblem[] {
    const found = new Map<string, BalanceProblem>();
    this.#handedOn = new Set(
      [...this.#notes.values()].flatMap(({ handing, taken }) => {
        const places = new Set([...handing.values()].flatMap((all) => [...all]));
        return [...taken].flatMap(([place, { held }]) => (places.has(place) ? siteOf(held) : []));
      }),
    );
    for (const notes of this.#notes.values()) {
      for (const problem of this.#judge(notes)) {
        const key = `${problem.kind}@${problem.at.file}:${problem.at.start}`;
        const known = found.get(key);
        if (!known || problem.trace.length < known.trace.length) found.set(key, problem);
      }
    }
    return [...found.values()].sort((a, b) =>
      a.at.file < b.at.file ? -1 : a.at.file > b.at.file ? 1 : a.at.start - b.at.start,
    );
  }

  /**
   * Grants that go through so many states that it is not certain where they are held, in all calls of the function, and
   * that no problem is known of.
   */
  unresolved(): readonly { readonly at: Span; readonly lock: LockRef }[] {
    const judged = new Set(this.problems().map(({ at }) => keyOf(at)));
    const found = new Map<string, { readonly at: Span; readonly lock: LockRef }>();
    for (const { passages, taken } of this.#notes.values()) {
      const all = [...passages.values()].flatMap((one) => [...one.values()]);
      // How a function fails is told as one way, so of what it holds then nothing is certain in any case.
      const onward = all.filter(({ way }) => way !== 'throw');
      const unsure = new Set(onward.flatMap((one) => [...one.unsure]));
      for (const [place, { held }] of taken) {
        const at = held.via?.at ?? held.at;
        const isOfDatabase = held.ofTransaction || held.lock.cls.database !== undefined;
        if (isOfDatabase || !unsure.has(place) || this.#engine.isPassedOn(held)) judged.add(keyOf(at));
        else found.set(keyOf(at), { at, lock: held.lock });
      }
    }
    return [...found].filter(([key]) => !judged.has(key)).map(([, one]) => one);
  }

  /** A release by name that gives back nothing that is held here. */
  #noteExcess({ activation, node, world, key }: Step, after: World, notes: Notes): void {
    if (node.action.kind !== 'call') return;
    const direct = directRelease(activation, node.action.node, world);
    if (direct) {
      const isOwn = world.held.some(({ lock }) => lock.cls === direct.cls);
      this.#ownReleases.set(node.action.node, isOwn && (this.#ownReleases.get(node.action.node) ?? true));
    }
    const added = after.released.filter((lock) => !world.released.some((other) => isSameLock(other, lock)));
    for (const lock of direct ? [direct] : added) {
      if (lock.path === undefined || world.held.some((held) => held.lock.cls === lock.cls)) continue;
      const gone = world.gone.find(({ held }) => isSameLock(held.lock, lock))?.held;
      notes.excess.set(`${node.id}${gone ? '!' : ''}${lock.cls.id}${lock.path}${key}`, {
        node,
        lock,
        gone,
        world: key,
        isDirect: direct !== undefined,
      });
    }
    // What stands for a grant is harmless after itself, as a rule, but not after a release by name.
    const tokens = after.releasedTokens.filter((token) => !world.releasedTokens.includes(token));
    for (const { held, by } of world.gone) {
      const { releaserTwice = 'harmless' } = held.lock.cls.primitive;
      const isHarmless = by === 'grant' && (releaserTwice === 'harmless' || isCaught(node.action.node));
      if (isHarmless || !tokens.includes(held.token) || !isValue(held)) continue;
      notes.excess.set(`${node.id}!${held.token}${key}`, {
        node,
        lock: held.lock,
        gone: held,
        world: key,
        isDirect: true,
        ...(by === 'grant' && { does: releaserTwice }),
      });
    }
  }

  #judge(notes: Notes): readonly BalanceProblem[] {
    const { activation } = notes;
    if (!activation) return [];
    const found = [...notes.others.values()];
    for (const place of notes.taken.keys()) {
      const leak = this.#leak(activation, notes, place);
      if (leak) found.push(leak);
    }
    for (const excess of notes.excess.values()) {
      const problem = this.#tooMuch(activation, notes, excess);
      if (problem) found.push(problem);
    }
    for (const connection of notes.connections.values())
      found.push(...this.#goneWith(activation, notes, connection));
    return [
      ...found,
      ...escapingReturns(this.#engine, activation, notes, (place) => this.#walk(activation, notes, place)),
    ];
  }

  /** Where a grant may be, from the start of the function on: judged more than once, and walked once. */
  #walk(activation: Activation, notes: Notes, place: string): ReadonlyMap<string, Place> {
    let places = notes.walks.get(place);
    if (!places) {
      places = this.#walked(activation, notes, place);
      notes.walks.set(place, places);
    }
    return places;
  }

  #walked(activation: Activation, notes: Notes, place: string): ReadonlyMap<string, Place> {
    const own = notes.taken.get(place)?.held.at;
    const walking = {
      cfg: activation.cfg,
      passages: notes.passages,
      mayThrow: (node: CfgNode) => this.#mayThrow(node, own),
      handsOn: (node: CfgNode) => notes.handing.get(node.id)?.has(place) ?? false,
    };
    const isLent = notes.lent.some(({ token }) => token === place);
    return walk(walking, place, { node: activation.cfg.entry, state: isLent ? 'held' : 'never' });
  }

  /** Whether the exception edge behind an action is of this world; the failure of an acquisition is no leak of its own. */
  #mayThrow({ action }: CfgNode, own: Span | undefined): boolean {
    const isOwn = (part: Ts.Node): boolean => own !== undefined && isWithin(own, part);
    switch (action.kind) {
      case 'call':
        return this.#engine.throws.call(action.node);
      case 'await':
        return this.#engine.throws.wait(action.origin, isOwn);
      case 'next':
      case 'close':
        return ts.isForOfStatement(action.node) && action.node.awaitModifier !== undefined;
      case 'yield':
        // Whoever goes through an asynchronous generator may leave it there. Others stand for tasks that are run to the end.
        return isAsync(owningFunction(action.node));
      default:
        return true;
    }
  }

  // -- leaks

  #leak(activation: Activation, notes: Notes, place: string): BalanceProblem | undefined {
    const taken = notes.taken.get(place);
    if (!taken) return undefined;
    const { held } = taken;
    // Of what somebody further down has handed on, only what comes back as a value is known.
    if (held.via && !taken.isGiven && this.#handedOn.has(siteOf(held))) return undefined;
    const { primitive, database } = held.lock.cls;
    // The end of the transaction gives it back, whoever ends it.
    if (held.ofTransaction || this.#engine.isPassedOn(held)) return undefined;
    if (held.isLost) return held.via ? undefined : lostWithItsConnection(held);
    if (primitive === CHAIN || isReleasedByCallback(activation, taken.node, held)) return undefined;
    const places = this.#walk(activation, notes, place);
    const { exit, throwExit } = activation.cfg;
    const leaves = (way: 'return' | 'throw'): Place | undefined => {
      const node = way === 'return' ? exit : throwExit;
      const left = notes.left.filter(
        (one) => placeOf(one.held.token) === place && one.way === way && !one.isHandedOn,
      );
      const own = left.flatMap(({ world }) => places.get(placeKey(node, 'held', world)) ?? []);
      return own[0] ?? (left.length > 0 ? places.get(placeKey(node, 'held')) : undefined);
    };
    const isHanded = notes.left.some(
      (one) => placeOf(one.held.token) === place && one.way === 'return' && one.isHandedOn,
    );
    const isGiven = places.has(placeKey(exit, 'gone'));
    const isGivenOnFailure = places.has(placeKey(throwExit, 'gone'));
    const returned = leaves('return');
    const thrown = leaves('throw');
    const isHandedSomewhere = [...notes.handing.values()].some((handed) => handed.has(place));
    if (isGiven || (isGivenOnFailure && !returned && !isHandedSomewhere)) {
      if (this.#isCorrelated(activation, notes, taken.node, place)) return undefined;
      const left = returned ?? thrown;
      return left && this.#leaked(activation, held, left);
    }
    // Before it was handed on, nobody else could give it back.
    if (thrown && (isHanded || isHandedSomewhere || isGivenOnFailure)) {
      return this.#leaked(activation, held, thrown);
    }
    if (!taken.isGiven) return undefined;
    // What has no value that stands for it may be the caller's to give back; a value that nobody gets is lost.
    const isOthers = isHanded || isHandedSomewhere || isGivenOnFailure;
    if (isOthers && (!isValue(held) || !returned)) return undefined;
    // A session may keep a lock for as long as it lives: that is how one of many processes leads.
    const isOwn = (receiver: Ts.Node): boolean => this.#isOwnRelease(receiver, held.lock);
    if (places.size === 0 || database || this.#byName.has(held.lock.cls, isOwn)) return undefined;
    const left = returned ?? thrown;
    return left && this.#leaked(activation, held, left);
  }

  /** Whether a release by name is for what its own function takes, and so for nothing that others leave held. */
  #isOwnRelease(receiver: Ts.Node, { cls }: LockRef): boolean {
    const call = ts.findAncestor(receiver, ts.isCallExpression);
    if (!call) return false;
    if (this.#ownReleases.get(call)) return true;
    const owner = owningFunction(call);
    return [...this.#notes.values()].some(
      ({ activation, taken }) =>
        activation?.call.fn === owner &&
        [...taken.values()].some(
          ({ held, node }) => held.lock.cls === cls && isMeantFor(activation, nodeOf(node), call),
        ),
    );
  }

  #leaked(activation: Activation, held: Held, left: Place): BalanceProblem | undefined {
    if (contradictsItself(activation, left)) return undefined;
    const at = held.via?.at ?? held.at;
    const last = lastAction(activation, left);
    const steps: ReportStep[] = [{ at, message: 'acquired here' }];
    if (last) steps.push({ at: this.#engine.code.span(last.node), message: last.how });
    return { kind: 'leaked', lock: held.lock, at, trace: steps, how: last?.how ?? 'the function ends' };
  }

  /** Whether the same condition stands before the acquisition and before a release: both are made, or neither. */
  #isCorrelated(activation: Activation, notes: Notes, taking: CfgNode, place: string): boolean {
    const releasing = [...notes.passages.values()]
      .flatMap((all) => [...all.values()])
      .filter((one) => one.way !== 'throw' && one.before.has(place) && !one.after.has(place));
    return releasing.some(({ node }) => dependsOnTheSame(nodeOf(taking), nodeOf(node), activation.call.fn));
  }

  /** Locks that go back to the pool with their connection: whoever is given it next holds them without knowing. */
  #goneWith(activation: Activation, notes: Notes, connection: Return): readonly BalanceProblem[] {
    const how = 'the connection goes back to its pool here, with the lock held';
    const { node, at: back } = connection;
    return keptOnReturn(connection, notes.passages)
      .filter((held) => {
        const place = placeOf(held.token);
        return this.#walk(activation, notes, place).has(placeKey(node.id, 'held'));
      })
      .map(({ lock, at, via }) => {
        const taken = via?.at ?? at;
        const trace = [
          { at: taken, message: 'acquired here' },
          { at: back, message: how },
        ];
        return { kind: 'leaked', lock, at: taken, how, trace };
      });
  }

  // -- releases too many

  #tooMuch(activation: Activation, notes: Notes, excess: Excess): BalanceProblem | undefined {
    const { node, lock, gone, world } = excess;
    const { primitive } = lock.cls;
    const does = excess.does ?? primitive.releasedTwice;
    if (primitive === CHAIN || does === 'harmless') return undefined;
    const at = this.#engine.code.span(nodeOf(node) ?? activation.call.fn);
    const own = [...notes.taken].filter(([, { held }]) => isSameLock(held.lock, lock));
    const how = does === 'throws' ? 'the second release throws' : 'it may free another holder’s grant';
    if (gone) {
      const place = placeOf(gone.token);
      const places = this.#walk(activation, notes, place);
      const reached = arrivalAt(places, notes.passages, { node: node.id, state: 'gone', world });
      const first = reached && releasedAt(activation, reached);
      if (!first || first === node) return undefined;
      const before = nodeOf(first);
      return {
        kind: 'doubleRelease',
        lock,
        at,
        how,
        trace: [
          ...(before ? [{ at: this.#engine.code.span(before), message: 'released here' }] : []),
          { at, message: 'released again here' },
        ],
      };
    }
    if (own.length === 0 || !excess.isDirect) return undefined;
    const isNever = own.every(([place]) =>
      this.#walk(activation, notes, place).has(placeKey(node.id, 'never')),
    );
    if (
      !isNever ||
      own.some(([place, { node: taking }]) => this.#isCorrelated(activation, notes, taking, place))
    ) {
      return undefined;
    }
    // A lock that is given back for a while only, and taken again, is the caller's.
    const isOwnOtherwise = [...notes.passages.values()]
      .flatMap((all) => [...all.values()])
      .some(
        (one) =>
          nodeOf(one.node) === nodeOf(node) &&
          own.some(([place]) => one.before.has(place) && !one.after.has(place)),
      );
    if (!isOwnOtherwise) return undefined;
    const taking = own[0]?.[1].held;
    return {
      kind: 'notHeld',
      lock,
      at,
      how,
      trace: [
        ...(taking ? [{ at: taking.via?.at ?? taking.at, message: 'acquired here, if it is' }] : []),
        { at, message: 'released here in any case' },
      ],
    };
  }
}

function note(problem: BalanceProblem, { others }: Notes): void {
  others.set(`${problem.kind}@${problem.at.file}:${problem.at.start}`, problem);
}

/** Whether a grant is given back by a value that stands for it. */
function isValue({ lock }: Held): boolean {
  const { grants } = lock.cls.primitive;
  return grants !== undefined && grants !== 'void' && grants !== 'token';
}

/** `release().catch(…)`: that it fails is nothing to anybody. */
function isCaught(node: Ts.Node): boolean {
  const { parent } = node;
  return ts.isPropertyAccessExpression(parent) && isThen(parent) && parent.name.text === 'catch';
}

/** A lock that is taken on any connection of a pool: a release may run on another one. */
function lostWithItsConnection({ lock, at }: Held): BalanceProblem {
  const how = 'any connection of the pool may have it, and a release may run on another';
  return { kind: 'leaked', lock, at, how, trace: [{ at, message: 'acquired here' }] };
}

function siteOf({ at }: Held): string {
  return keyOf(at);
}

function keyOf({ file, start }: Span): string {
  return `${file}:${start}`;
}

/** What is certain to be held, with what the function was handed and has not given back yet. */
function heldIn(world: World, { lent }: Notes): readonly Held[] {
  if (lent.length === 0) return surelyHeld(world);
  return [...surelyHeld(world), ...lent.filter(({ token }) => !world.releasedTokens.includes(token))];
}

/** The grants that a callback gets of the acquisition that it is chained to. */
function lentTo({ call }: Context, engine: LockEngine): readonly Held[] {
  const { fn, args } = call;
  const chained = fn.parent;
  if (!chained || !ts.isCallExpression(chained) || chained.arguments[0] !== fn) return [];
  if (!isThen(chained.expression) || chained.expression.name.text !== 'then') return [];
  const acquisition = skipParentheses(chained.expression.expression);
  return args
    .flatMap((value) => membersOf(value))
    .flatMap((member): Held[] => {
      if (member.kind !== 'releaser') return [];
      const at = callSpan(engine.code, acquisition);
      const [token] = member.tokens;
      const [lock] = member.locks;
      if (token === undefined || lock === undefined) return [];
      return [{ token, lock, mode: 'exclusive', at, via: undefined, segment: undefined }];
    });
}

function unsureIn({ held }: World): readonly string[] {
  return held.filter(({ perhaps }) => perhaps).map(({ token }) => placeOf(token));
}

function tokensIn(world: World, notes: Notes): ReadonlySet<string> {
  return new Set(heldIn(world, notes).map(({ token }) => placeOf(token)));
}

/** The lock that a call gives back by its name. */
function directRelease(activation: Activation, node: Ts.Node, world: World): LockRef | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const callee = skipParentheses(node.expression);
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const method = callee.name.text;
  for (const member of membersOf(activation.evaluate(callee.expression, world))) {
    if (member.kind === 'lock' && member.lock.cls.primitive.release?.includes(method)) return member.lock;
  }
  return undefined;
}

function isWithin({ file, start, end }: Span, part: Ts.Node): boolean {
  return part.getSourceFile().fileName === file && part.getStart() <= start && end <= part.end;
}

/** What was asked for before a wait, and has neither come nor been given back by the end of it. */
function refusedIn({ node, world }: Step, after: World, notes: Notes): ReadonlySet<string> {
  if (node.action.kind !== 'await') return new Set();
  const left = new Set(
    [...after.held, ...after.gone.map(({ held }) => held)].map(({ token }) => placeOf(token)),
  );
  for (const { token } of notes.lent) left.add(token);
  return new Set([...tokensIn(world, notes)].filter((place) => !left.has(place)));
}
