import { type Ts, ts } from '../../syntax/ts.ts';
import { isCarrier } from './carriers.ts';
import { counted, relateComputed } from './computed-keys.ts';
import { bindingsKey, heldKey, idOf, lockKey, ordersKey, valueKey } from './keys.ts';
import { namesOfParts } from './own-parts.ts';
import {
  type Crossing,
  crossBindings,
  inTemplate,
  isDescendingRoot,
  isKeeper,
  isPrefix,
  lastKey,
  orderOfPlaces,
  partsOfNames,
  restPath,
  templateText,
  UNKNOWN_PATH,
} from './paths.ts';
import {
  type Bindings,
  type Collection,
  EMPTY_BINDINGS,
  type Held,
  type LockRef,
  membersOf,
  type Opaque,
  type Orders,
  type Outcome,
  type Path,
  type Session,
  UNIT,
  type Value,
} from './values.ts';

/**
 * One state that control may be in at a point of a function. Several worlds stand side by side where paths that
 * differ in what they hold meet, so that `if (x) acquire … if (x) release` is not taken for a leak.
 */
export interface World {
  readonly held: readonly Held[];
  /** What the waiting caller holds around a task that is evaluated apart from it. */
  readonly outer: readonly Held[];
  /** Variables by declaration, `this.x` by the field's declaration, evaluated expressions by node. */
  readonly bindings: Bindings;
  readonly released: readonly LockRef[];
  readonly releasedTokens: readonly string[];
  /** What was held on the way here and is no longer. Worlds are not told apart by it. */
  readonly gone: readonly Gone[];
  /** Assignments to variables of enclosing functions and to fields. */
  readonly writes: Bindings;
  /** The last suspension point passed: calls with the same number ran without a pause in between. */
  readonly segment: number;
  /** Conditions known to hold or not, by the text of the condition. */
  readonly facts: ReadonlyMap<string, boolean>;
  /** Pairs of paths that a comparison has put in order. */
  readonly ordered: Orders;
  readonly result: Value | undefined;
  /** It belongs to a task that is not waited for right where it is started. */
  readonly isApart: boolean;
}

/** A grant that was given back: by what stands for it, or by the name of the lock. */
export interface Gone {
  readonly held: Held;
  readonly by: 'grant' | 'name';
}

/** A value that may be anything. */
export const UNKNOWN: Opaque = { kind: 'opaque', path: UNKNOWN_PATH };

export const START: World = {
  held: [],
  outer: [],
  bindings: EMPTY_BINDINGS,
  released: [],
  releasedTokens: [],
  gone: [],
  writes: EMPTY_BINDINGS,
  segment: 0,
  facts: new Map(),
  ordered: [],
  result: undefined,
  isApart: false,
};

/** Worlds that go on alike have equal keys. */
export function worldKey(world: World): string {
  return [
    heldKey(world.held),
    // Whether a pause lies behind what is held: an acquisition from here on may be one batch with it, or not.
    world.held.some(({ segment }) => segment === world.segment) ? world.segment : '',
    bindingsKey(world.bindings),
    bindingsKey(world.writes),
    [...world.releasedTokens].sort().join(),
    world.released.map(lockKey).sort().join(),
    [...world.facts]
      .map((fact) => fact.join('='))
      .sort()
      .join(),
    ordersKey(world.ordered),
    valueKey(world.result),
  ].join('\n');
}

/**
 * The world in which any of the given may be the case: held is what may be held, and given back only what is given
 * back in all of them.
 */
export function mergeWorlds(worlds: readonly World[]): World {
  const [first, ...rest] = worlds;
  if (!first) return START;
  let merged = first;
  for (const one of rest) {
    const [before, world] = withOneWalker(merged, one);
    merged = before;
    merged = {
      ...mergeEffects(merged, world),
      outer: merged.outer,
      bindings: joinBindings(merged.bindings, world.bindings),
      segment: merged.segment === world.segment ? merged.segment : -1,
      gone: merged.gone.filter((one) => world.gone.some((other) => isSameGone(one, other))),
      facts: new Map([...merged.facts].filter(([text, holds]) => world.facts.get(text) === holds)),
      result: joinValues(merged.result, world.result),
      isApart: merged.isApart || world.isApart,
    };
  }
  return merged;
}

/**
 * A variable that goes from object to object (`node = node.next`) stands for another one in each state. In the state
 * that stands for both it is one object still, by the name of the variable, and what hangs on it hangs on that.
 */
function withOneWalker(a: World, b: World): readonly [World, World] {
  let [one, other] = [a, b];
  for (const node of a.bindings.keys()) {
    if (!ts.isVariableDeclaration(node)) continue;
    const [from, to] = [one, other].map(({ bindings }) => walkerPath(bindings.get(node)));
    const own = `v${idOf(node)}`;
    const isWalker = from !== to && from !== undefined && to !== undefined;
    if (!isWalker || !(from === own || to === own || isPrefix(from, to) || isPrefix(to, from))) continue;
    if (!isHeldBelow(one, from) || !isHeldBelow(other, to)) continue;
    [one, other] = [renamePath(one, from, own), renamePath(other, to, own)];
  }
  return [one, other];
}

function walkerPath(value: Value | undefined): Path | undefined {
  const paths = new Set(
    membersOf(value).map((one) => (one.kind === 'instance' || one.kind === 'opaque' ? one.path : undefined)),
  );
  const [path] = paths;
  return paths.size === 1 ? path : undefined;
}

function isHeldBelow({ held }: World, path: Path): boolean {
  return held.some(({ lock }) => lock.path !== undefined && isPrefix(path, lock.path));
}

/** A world that knows an object by another name. */
function renamePath(world: World, from: Path, to: Path): World {
  return crossWorld(world, (path) => (isPrefix(from, path) ? to + path.slice(from.length) : path));
}

function crossWorld(world: World, path: (path: Path) => Path): World {
  const crossing: Crossing = { path, token: (token) => token, via: (via) => via };
  return {
    ...world,
    held: crossPaths(world.held, path),
    bindings: crossBindings(world.bindings, crossing),
    writes: crossBindings(world.writes, crossing),
  };
}

function crossPaths(held: readonly Held[], path: (path: Path) => Path): readonly Held[] {
  return held.map((one) => {
    const known = one.lock.path;
    return known === undefined ? one : { ...one, lock: { ...one.lock, path: path(known) } };
  });
}

/**
 * Few states for many: those that hold the same, and have given back the same, become one by `merge`, so that flags that
 * go with what is held keep their meaning. Where even then there are more than `most`, one stands for all. What has to be
 * alike for that may be said by `likeness`.
 */
export function mergeAlike<T extends Effects>(
  states: readonly T[],
  most: number,
  merge: (states: readonly T[]) => T,
  likeness: (state: T) => string = holdings,
): readonly T[] {
  const groups = new Map<string, T[]>();
  for (const state of states) {
    const key = likeness(state);
    const group = groups.get(key);
    if (group) group.push(state);
    else groups.set(key, [state]);
  }
  return groups.size > most ? [merge(states)] : [...groups.values()].map(merge);
}

function holdings(state: Effects): string {
  const tokens = state.held.map(({ token }) => token);
  return `${tokens.sort().join()}|${givenBack(state)}`;
}

/** What was given back, as a text; empty where that is nothing. */
export function givenBack({
  released,
  releasedTokens,
}: Pick<Effects, 'released' | 'releasedTokens'>): string {
  return [...released.map(lockKey), ...releasedTokens].sort().join();
}

/** The outcome that stands for any of the given. */
export function mergeOutcomes(outcomes: readonly Outcome[]): Outcome {
  const [first = UNIT, ...rest] = outcomes;
  let merged = first;
  for (const outcome of rest) {
    merged = { ...mergeEffects(merged, outcome), value: joinValues(merged.value, outcome.value) };
  }
  return merged;
}

type Effects = Pick<World & Outcome, 'held' | 'released' | 'releasedTokens' | 'writes' | 'ordered'>;

function mergeEffects(a: Effects, b: Effects): Effects {
  return {
    held: uniteHeld(a.held, b.held),
    released: a.released.filter((lock) => b.released.some((other) => isSameLock(lock, other))),
    releasedTokens: a.releasedTokens.filter((token) => b.releasedTokens.includes(token)),
    writes: joinWrites(a.writes, b.writes),
    ordered: a.ordered.filter((pair) =>
      b.ordered.some((other) => other[0] === pair[0] && other[1] === pair[1]),
    ),
  };
}

/**
 * One grant may stand for a lock under two names, or in two stretches: then both are held. A lock that only one side
 * holds is in doubt.
 */
function uniteHeld(a: readonly Held[], b: readonly Held[]): readonly Held[] {
  const [inA, inB] = [surelyHeld(a), surelyHeld(b)];
  const united = new Map<string, Held>();
  for (const held of [...onlyPerhaps(a, b), ...onlyPerhaps(b, a)]) {
    const key = modeKey(held);
    const isCommon = held.doubt !== undefined || (inA.has(key) && inB.has(key));
    const one: Held = isCommon ? held : { ...held, doubt: 'merged' };
    united.set(heldKey([one]), one);
  }
  const isAsBefore = united.size === a.length && a.every((held) => united.get(heldKey([held])) === held);
  return isAsBefore ? a : [...united.values()];
}

/** Grants of one state, those that the other one knows nothing of marked as uncertain. */
function onlyPerhaps(held: readonly Held[], others: readonly Held[]): readonly Held[] {
  return held.map((one) => {
    const isSure = others.some(({ token, perhaps }) => token === one.token && !perhaps);
    return isSure || one.perhaps ? one : { ...one, perhaps: true };
  });
}

function isSameGone(a: Gone, b: Gone): boolean {
  return a.held.token === b.held.token && a.by === b.by;
}

function surelyHeld(held: readonly Held[]): ReadonlySet<string> {
  return new Set(held.filter(({ doubt }) => !doubt).map(modeKey));
}

function modeKey({ lock, mode }: Held): string {
  return `${lockKey(lock)}${mode}`;
}

/** Grants that were asked for, and that nobody has waited for. */
export function asked(held: readonly Held[]): readonly Held[] {
  return held.map((one) => (one.doubt ? one : { ...one, doubt: 'awaited' }));
}

export function isSameLock(a: LockRef, b: LockRef): boolean {
  return a.cls === b.cls && a.path === b.path && a.session?.path === b.session?.path && a.all === b.all;
}

/** Whether giving back a lock, or all that a session holds, gives a grant back. */
export function isOf({ lock, ofTransaction }: Held, given: LockRef): boolean {
  if (!given.all) return isSameLock(lock, given);
  // Whoever ends a transaction ends the one at hand, by whatever name it is known.
  if (given.all === 'transaction') return ofTransaction === true && !areApart(lock.session, given.session);
  return lock.session?.path !== undefined && lock.session.path === given.session?.path;
}

/** A flag that only one side has set may say anything afterwards. */
function joinWrites(a: Bindings, b: Bindings): Bindings {
  const joined = new Map(joinBindings(a, b));
  for (const [node, value] of joined) {
    if (value.kind === 'constant' && !(a.has(node) && b.has(node))) joined.set(node, UNKNOWN);
  }
  return joined;
}

/** Where a variable is known on one side only, it may be anything: unless the other side never declared it. */
export function joinBindings(a: Bindings, b: Bindings): Bindings {
  const joined = new Map<Ts.Node, Value>();
  for (const [node, value] of a) {
    const other = b.get(node);
    const value2 = other ? joinValues(value, other) : value;
    if (value2) joined.set(node, value2);
  }
  for (const [node, value] of b) if (!a.has(node)) joined.set(node, value);
  return joined;
}

/** At most this many alternatives are told apart. */
export const MAX_MEMBERS = 16;

export function joinValues(a: Value | undefined, b: Value | undefined): Value | undefined {
  if (!a || !b) return a ?? b;
  if (a === b) return a;
  const members = new Map<string, Value>();
  for (const member of [...membersOf(a), ...membersOf(b)]) members.set(valueKey(member), member);
  let all = [...members.values()];
  if (all.some((member) => member.kind === 'opaque' && member.tooMany)) return oneOfTooMany(all);
  // An object that may be this one or that one is no object in particular.
  const isPlain = (member: Value): boolean => member.kind === 'opaque' && !member.settles && !member.keeps;
  if (all.filter(isPlain).length > 1) all = all.filter((member) => !isPlain(member));
  if (all.length === 0) return undefined;
  if (all.length > MAX_MEMBERS) return oneOfTooMany(all);
  return all.length === 1 ? all[0] : { kind: 'union', members: all };
}

/** Stands for all that it was joined from, whatever is joined to it later: nothing is known of it but what may be lost. */
function oneOfTooMany(members: readonly Value[]): Value {
  return { ...UNKNOWN, tooMany: members.some((member) => isCarrier(member)) ? 'carriers' : 'others' };
}

/** What a collection holds: its releasers are one, as whoever goes over them calls them all. */
export function joinElements(before: Value | undefined, added: Value | undefined): Value | undefined {
  if (before?.kind !== 'releaser' || added?.kind !== 'releaser') return joinValues(before, added);
  return {
    ...added,
    tokens: [...new Set([...before.tokens, ...added.tokens])].sort(),
    locks: [
      ...before.locks,
      ...added.locks.filter((lock) => !before.locks.some((one) => isSameLock(one, lock))),
    ],
  };
}

/** One collection for all that a value may be, if it is sure to be one. */
export function asCollection(value: Value | undefined): Collection | undefined {
  if (value?.kind === 'collection') return value;
  let joined: Collection | undefined;
  for (const member of membersOf(value)) {
    if (member.kind !== 'collection') return undefined;
    joined = joined
      ? {
          ...joined,
          items: undefined,
          element: joinElements(joined.element, member.element),
          keys: undefined,
          sorted: joined.sorted === member.sorted && joined.path === member.path && joined.sorted,
        }
      : member;
  }
  return joined;
}

/** What is left of a collection from a place on. */
export function restOf(collection: Collection, index: number): Collection {
  const { path, sorted, items } = collection;
  const rest = { ...collection, path: sorted ? restPath(path, sorted, index) : path };
  if (!items) return rest;
  const left = items.slice(index);
  return { ...rest, items: left, element: left.reduce(joinValues, undefined) };
}

export function bind(world: World, node: Ts.Node, value: Value | undefined): World {
  if (world.bindings.get(node) === value) return world;
  const bindings = new Map(world.bindings);
  if (value) bindings.set(node, value);
  else bindings.delete(node);
  return { ...world, bindings };
}

/** Takes the evaluated expressions of a finished statement out of the world. */
export function forgetExpressions(world: World, isVariable: (node: Ts.Node) => boolean): World {
  let dropped = false;
  const bindings = new Map<Ts.Node, Value>();
  for (const [node, value] of world.bindings) {
    if (isVariable(node)) bindings.set(node, value);
    else dropped = true;
  }
  return dropped ? { ...world, bindings } : world;
}

export function addHeld(world: World, held: readonly Held[]): World {
  const tokens = new Set(held.map(({ token }) => token));
  return { ...world, held: [...world.held.filter(({ token }) => !tokens.has(token)), ...held] };
}

/**
 * Grants of a place that may have given others before which are still held: a loop that collects grants, a lock taken
 * twice. The earlier ones are kept beside the new ones, and values that stand for them go on doing so.
 */
export function addHeldAgain(world: World, held: readonly Held[]): World {
  const again = held.filter((one) => world.held.some(({ token }) => token === one.token));
  if (again.length === 0) return addHeld(world, held);
  const isAgain = (token: string): boolean =>
    again.some((one) => token.startsWith(one.token) && /^~*$/.test(token.slice(one.token.length)));
  return addHeld(
    renameTokens(world, (token) => (isAgain(token) ? older(token) : token)),
    held,
  );
}

/** The name of a grant after one more of the same place; of many the oldest are not told apart. */
function older(token: string): string {
  return token.endsWith('~~~') ? token : `${token}~`;
}

/** The name of a grant without the marks that tell it from later ones of the same place. */
export function placeOf(token: string): string {
  return token.replace(/~+$/, '');
}

/** Gives grants new names, wherever they are known. */
export function renameTokens(world: World, token: (token: string) => string): World {
  const crossing: Crossing = { path: (path) => path, token, via: (via) => via };
  const held = new Map<string, Held>();
  for (const one of world.held) {
    const name = token(one.token);
    held.set(name, name === one.token ? one : { ...one, token: name, segment: undefined });
  }
  return {
    ...world,
    held: [...held.values()],
    bindings: crossBindings(world.bindings, crossing),
    writes: crossBindings(world.writes, crossing),
  };
}

/**
 * What is known to be kept in fields, and in variables of modules: grants, for whoever is called to give back. They may
 * be grants of a caller's.
 */
export function keptGrants({ bindings }: World): Bindings {
  const kept = new Map<Ts.Node, Value>();
  for (const [node, value] of bindings) if (isSlot(node) && holdsGrant(value)) kept.set(node, value);
  return kept;
}

function isSlot(node: Ts.Node): boolean {
  return (
    ts.isPropertyDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isParameterPropertyDeclaration(node, node.parent) ||
    (ts.isVariableDeclaration(node) && ts.isSourceFile(node.parent.parent.parent))
  );
}

/** Whether a value is, or holds, what gives a lock back. Functions hold each other, so each part is looked at once. */
export function holdsGrant(value: Value | undefined, seen = new Set<Value>()): boolean {
  return membersOf(value).some((member) => {
    if (member.kind === 'releaser') return true;
    if (seen.has(member)) return false;
    seen.add(member);
    return partsOf(member).some((part) => holdsGrant(part, seen));
  });
}

function partsOf(value: Value): readonly (Value | undefined)[] {
  switch (value.kind) {
    case 'collection':
      return [value.element];
    case 'object':
      return [...value.properties.values()];
    case 'instance':
      return [...value.fields.values()];
    case 'closure':
      return [...value.captured.values()];
    default:
      return [];
  }
}

export function dropTokens(world: World, tokens: readonly string[]): World {
  const held = world.held.filter(({ token }) => !tokens.includes(token));
  return held.length === world.held.length ? world : { ...world, held };
}

function giveBack(world: World, tokens: readonly string[], by: Gone['by']): World {
  const given = world.held.filter(({ token }) => tokens.includes(token)).map((held): Gone => ({ held, by }));
  if (given.length === 0) return world;
  const before = world.gone.filter((one) => !given.some((other) => isSameGone(one, other)));
  return { ...dropTokens(world, tokens), gone: [...before, ...given] };
}

/** Gives back what a releaser stands for; what was taken by a caller is noted for the caller. */
export function releaseTokens(world: World, tokens: readonly string[]): World {
  const given = world.held.filter(({ token }) => tokens.includes(token));
  const own = given.map(({ token }) => token);
  const asked =
    given.length > 0 ? given.filter(({ isAdopted }) => isAdopted).map(({ token }) => token) : tokens;
  const foreign = asked.filter((token) => !world.releasedTokens.includes(token));
  const next = giveBack(world, own, 'grant');
  return foreign.length === 0 ? next : { ...next, releasedTokens: [...next.releasedTokens, ...foreign] };
}

/** Gives back a lock by name: `mutex.release()`. */
export function releaseLock(world: World, lock: LockRef): World {
  if (lock.session) return releaseInSession(world, lock, lock.session);
  const sameClass = world.held.filter((held) => held.lock.cls === lock.cls);
  const exact = sameClass.filter((held) => held.lock.path === lock.path);
  const chosen = exact.length > 0 ? exact : sameClass.length === 1 ? sameClass : sameClass.slice(-1);
  const last = chosen[chosen.length - 1];
  if (last) return giveBack(world, [last.token], 'name');
  const known = world.released.some((other) => isSameLock(other, lock));
  return known ? world : { ...world, released: [...world.released, lock] };
}

/** A session gives back what it holds itself, one grant at a time or all; the end of a transaction gives back its own. */
function releaseInSession(world: World, lock: LockRef, session: Session): World {
  const given = lock.all
    ? world.held.filter((held) => isOf(held, lock))
    : heldBySession(world, lock, session);
  const chosen = lock.all ? given : given.slice(-1);
  const next =
    chosen.length > 0
      ? giveBack(
          world,
          chosen.map(({ token }) => token),
          'name',
        )
      : world;
  const isElsewhere = session.path === undefined || /^[nv]/.test(session.path);
  if (isElsewhere || (chosen.length > 0 && !lock.all)) return next;
  const known = next.released.some((other) => isSameLock(other, lock));
  return known ? next : { ...next, released: [...next.released, lock] };
}

/** The grants of a lock that a session may give back: its own, or else those of a session that may be the same. */
function heldBySession({ held }: World, lock: LockRef, session: Session): readonly Held[] {
  const possible = held.filter(
    (one) => one.lock.cls === lock.cls && !one.ofTransaction && !areApart(one.lock.session, session),
  );
  const exact = possible.filter((one) => isSameLock(one.lock, lock));
  if (exact.length > 0) return exact;
  const sameKey = possible.filter((one) => one.lock.path === lock.path);
  return sameKey.length > 0 ? sameKey : possible.length === 1 ? possible : [];
}

/**
 * Whether two sessions are certain to be two: both were taken from one pool, and are with who took them; or one was,
 * and the other is any that the pool has left.
 */
export function areApart(a: Session | undefined, b: Session | undefined): boolean {
  if (!a?.path || !b?.path || a.path === b.path || !isSamePool(a.pool, b.pool)) return false;
  const kinds = [a.kind, b.kind];
  return !kinds.includes('given') && kinds.includes('taken');
}

/** Whether two paths lead to one pool: two pools may be those of two databases. */
export function isSamePool(a: Path | undefined, b: Path | undefined): boolean {
  if (a === undefined || b === undefined || isVague(a) || isVague(b)) return false;
  if (a === b) return true;
  const [rootA, rootB] = [a, b].map((path) => path.replace(/[.[].*$/, ''));
  const isRestSame = a.slice(rootA?.length) === b.slice(rootB?.length);
  return isRestSame && rootA !== undefined && rootB !== undefined && isKept(rootA, rootB);
}

/** Applies what a call released of its caller's locks. */
export function releaseAll(world: World, outcome: Outcome): World {
  let next = world;
  // One by one: of what a callee gives back, some may be held here, and some by a caller.
  for (const token of outcome.releasedTokens) next = releaseTokens(next, [token]);
  for (const lock of outcome.released) next = releaseLock(next, lock);
  return next;
}

/** A variable is bound anew: what hung on its old value is another object from here on. */
export function retirePath(world: World, root: Path): World {
  if (!isAbout(world, root)) return world;
  return { ...world, held: crossPaths(world.held, (path) => retired(path, root)) };
}

/** The same, where the new value may itself hang on the old one: `node = node.next`. */
export function retireOldValue(world: World, root: Path): World {
  return isAbout(world, root) ? crossWorld(world, (path) => retired(path, root)) : world;
}

function isAbout({ held }: World, root: Path): boolean {
  return held.some(({ lock }) => lock.path?.includes(root));
}

/** The path with `~` behind a root wherever it stands as one, and not as a part of a string. */
function retired(path: Path, root: Path): Path {
  const parts = new RegExp(`"(?:[^"\\\\]|\\\\.)*"|(?<![\\w$])${root}(?![\\w$~])`, 'g');
  return path.replace(parts, (part) => (part === root ? `${root}~` : part));
}

/**
 * How two locks of one class relate: the same object, a part of the other (reached from it, or leading back to a
 * parent), one that a comparison has put before or behind the other, an element of a sorted sequence, a neighbour on
 * a ring, two that the program tells apart by name, or another object of which nothing is known.
 */
export type Relation =
  | 'same'
  | 'part'
  | 'parent'
  | 'ascending'
  | 'descending'
  | 'next'
  | 'previous'
  | 'fixed'
  | 'different'
  | 'unknown';

/** How the inner lock relates to the outer one. */
export function relateInstances(outer: LockRef, inner: LockRef, ordered: Orders): Relation {
  const [a, b] = [outer.path, inner.path];
  if (a === undefined || b === undefined || isVague(a) || isVague(b)) return 'unknown';
  if (a === b) return 'same';
  if (isKeeper(a) || isKeeper(b)) return isKept(a, b) ? 'same' : 'unknown';
  if (isPrefix(a, b)) return direction(b.slice(a.length));
  if (isPrefix(b, a)) return OPPOSITE[direction(a.slice(b.length))];
  const steps = counted(lastKey(a) ?? a, lastKey(b) ?? b);
  const byKey = steps ? undefined : relateKeys(a, b);
  if (byKey) return byKey;
  const [keyA, keyB] = steps ?? partsOfNames(lastKey(a) ?? a, lastKey(b) ?? b);
  const byPlace = orderOfPlaces(keyA, keyB) ?? orderOfPlaces(a, b);
  if (byPlace) return byPlace;
  const [sortedA, sortedB] = [sortedSource(keyA) ?? sortedSource(a), sortedSource(keyB) ?? sortedSource(b)];
  if (sortedA !== undefined && sortedA === sortedB) {
    return isDescendingRoot(sortedA) ? 'descending' : 'ascending';
  }
  const isAboutA = (subject: Path): boolean => isPrefix(subject, a) || subject === keyA;
  const isAboutB = (subject: Path): boolean => isPrefix(subject, b) || subject === keyB;
  if (ordered.some(([small, large]) => isAboutA(small) && isAboutB(large))) return 'ascending';
  if (ordered.some(([small, large]) => isAboutB(small) && isAboutA(large))) return 'descending';
  return fixedNames(outer, inner) ? 'fixed' : 'different';
}

/** How the locks of one container relate by what their keys are made of: one of the other, or both by calculation. */
function relateKeys(a: Path, b: Path): Relation | undefined {
  const [keyA, keyB] = [lastKey(a), lastKey(b)];
  if (keyA === undefined || keyB === undefined) return undefined;
  const computed = relateComputed(keyA, keyB);
  if (computed) return computed;
  if (a.slice(0, -keyA.length - 1) !== b.slice(0, -keyB.length - 1)) return undefined;
  if (isMadeOf(keyB, keyA)) return 'part';
  return isMadeOf(keyA, keyB) ? 'parent' : undefined;
}

/** Whether a key is a longer text with another key in it: `${folder}/${name}` and `folder`. */
function isMadeOf(key: Path, other: Path): boolean {
  const text = templateText(key);
  const part = inTemplate(other);
  return text !== undefined && part.includes('${') && text.length > part.length && text.includes(part);
}

/**
 * Whether an object is the one that has put away a function which is called while the object's lock is held: it is
 * `this` that keeps what calls the function, and did so when the function was put there.
 */
function isKept(a: Path, b: Path): boolean {
  return /^\^*this$/.test(isKeeper(a) ? b : a) && /^o\d+$/.test(isKeeper(a) ? a : b);
}

/**
 * Names by which two locks of one class are told apart wherever they are met: two objects that one owner has made for
 * itself, two of a module, or two constant keys of one container. A key made by a template goes by its constant parts.
 */
export function fixedNames(outer: LockRef, inner: LockRef): readonly [string, string] | undefined {
  const [ownerA, ownerB] = [ownerOf(outer), ownerOf(inner)];
  const parts = ownerA && ownerB ? namesOfParts(ownerA, ownerB) : undefined;
  if (parts) return parts;
  const [a, b] = [fixedName(outer.path), fixedName(inner.path)];
  // Two tables of a module have two sets of locks, whatever the keys.
  if (ownerA?.startsWith('g:') && ownerB?.startsWith('g:') && ownerA !== ownerB && !(a?.key && b?.key)) {
    return ownerA.includes('[') || ownerB.includes('[') ? undefined : [ownerA, ownerB];
  }
  if (!a || !b || (a.key === undefined) !== (b.key === undefined)) return undefined;
  const isGlobal = a.holder.startsWith('g:') && b.holder.startsWith('g:');
  if (!isGlobal && (a.holder !== b.holder || a.key === undefined)) return undefined;
  const names = isGlobal
    ? ([`${a.holder}${a.key ?? ''}`, `${b.holder}${b.key ?? ''}`] as const)
    : ([a.key ?? '', b.key ?? ''] as const);
  return names[0] === names[1] ? undefined : names;
}

/** What has a lock: of one that is kept in a table under a key, the object that has the table. */
function ownerOf({ cls, path }: LockRef): Path | undefined {
  if (!cls.name.endsWith('[*]')) return path;
  return path && /^(?<owner>.+)\.[^.[\]]+\[[^[\]]*\]$/.exec(path)?.groups?.owner;
}

/** The holder of a lock and the constant key that it is kept under, if it is kept under one. */
function fixedName(path: Path | undefined): { readonly holder: Path; readonly key?: string } | undefined {
  if (path === undefined) return undefined;
  const keyed = /^([^[]*)\[("(?:[^"\\]|\\.)*"|\d+|`[^`]*`)\]$/.exec(path);
  if (keyed?.[1] !== undefined && keyed[2] !== undefined) {
    return { holder: keyed[1], key: `[${keyed[2].replace(/\$\{[^}]*\}/g, '*')}]` };
  }
  return path.includes('[') ? undefined : { holder: path };
}

/** Where a link leads, by its name: back to what an object is part of, to one beside it, or else to a part. */
function direction(link: string): 'parent' | 'part' | 'different' {
  if (/^\.[#_]?(?:parent|owner|container|prev|previous|predecessor)\b/i.test(link)) return 'parent';
  if (
    /^\.[#_]?(?:peer|sibling|other|partner|twin|buddy|mate|neighbou?r|counterpart|opposite)s?\b/i.test(link)
  ) {
    return 'different';
  }
  return 'part';
}

const OPPOSITE = { parent: 'part', part: 'parent', different: 'different' } as const;

function isVague(path: Path): boolean {
  return path.includes(UNKNOWN_PATH);
}

/** The sorted sequence that a path takes an element of. */
function sortedSource(path: Path): string | undefined {
  return /^\^*[sz]\d+/.exec(path)?.[0];
}
