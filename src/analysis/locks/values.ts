import type { LockPrimitive } from '../../config/types.ts';
import type { Span } from '../../engine/finding.ts';
import type { Ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { mayRelease } from './primitives.ts';

/**
 * The abstract values of the lock analysis. Only what can carry a lock is told apart: locks, what releases them,
 * functions, promises and the objects that hold these. Everything else is `undefined`, the unknown value.
 */
export type Value =
  | Constant
  | LockValue
  | Operation
  | Releaser
  | Closure
  | Instance
  | ObjectValue
  | PromiseValue
  | Collection
  | Generator
  | Opaque
  | Inert
  | Union;

export interface Constant {
  readonly kind: 'constant';
  readonly value: string | number | boolean | null | undefined;
}

export interface LockValue {
  readonly kind: 'lock';
  readonly lock: LockRef;
  /** Taken only if it is free: the `acquire` of such a wrapper rejects instead of waiting. */
  readonly tries: boolean;
}

/** A method of a lock as a value: `mu.runExclusive.bind(mu)`. */
export interface Operation {
  readonly kind: 'operation';
  readonly lock: LockValue;
  readonly method: string;
}

/** A function, disposable or handle that gives locks back. */
export interface Releaser {
  readonly kind: 'releaser';
  readonly tokens: readonly string[];
  /** Set when the grant is not known, but the lock is: a releaser read from a field. */
  readonly locks: readonly LockRef[];
  /** Further parts: `[value, release]` of a semaphore. */
  readonly pair: boolean;
}

/** Whether a member of what stands for a grant gives it back. */
export function isGivenBackBy({ locks }: Releaser, member: string): boolean {
  return locks.length === 0 || locks.some(({ cls }) => mayRelease(cls.primitive, member));
}

export interface Closure {
  readonly kind: 'closure';
  readonly fn: CfgOwner;
  /** Values of the variables it captures, and of `this` under its own key. */
  readonly captured: Bindings;
  readonly self: Value | undefined;
  readonly bound: readonly (Value | undefined)[];
  /** It leads to no lock, and is kept because some rule wants to see it run. */
  readonly isOnlyWatched?: boolean;
}

/** An object of a class of the program. */
export interface Instance {
  readonly kind: 'instance';
  readonly cls: Ts.ClassLikeDeclaration;
  /** Whether the class is exactly this one, and not one that extends it. */
  readonly exact: boolean;
  readonly path: Path;
  /** What its constructor was given and keeps for good, by field. */
  readonly fields: ReadonlyMap<string, Value>;
  /** There may be no object at all: known only by a type that admits `undefined`. */
  readonly mayBeMissing?: boolean;
  /** The `new` that made it, where that decides what functions are kept in it. */
  readonly origin?: number;
}

export interface ObjectValue {
  readonly kind: 'object';
  readonly path: Path;
  readonly properties: ReadonlyMap<string, Value>;
  /** It tells whether a lock was granted, some levels down. */
  readonly isAnswer?: true;
}

export interface PromiseValue {
  readonly kind: 'promise';
  readonly task: Task;
}

/** Which end of an order comes first. */
export type Sorted = 'ascending' | 'descending';

/** An array, set or map value, its elements joined into one. */
export interface Collection {
  readonly kind: 'collection';
  readonly path: Path;
  /** The elements one by one, where the literal shows them. */
  readonly items: readonly (Value | undefined)[] | undefined;
  readonly element: Value | undefined;
  /** Whether its elements come in an order that is the same for everybody, and which end comes first. */
  readonly sorted: Sorted | false;
  /** The elements by key, where all keys are known. */
  readonly keys?: ReadonlyMap<string, Value> | undefined;
  /** It stays as it is: what is among `items` is in it for certain, and perhaps more. */
  readonly isFixed?: true;
}

export interface Generator {
  readonly kind: 'generator';
  readonly task: Task;
  /** What is held at some `yield`: the consumer's code runs under it. */
  readonly yields: readonly { readonly held: readonly Held[]; readonly value: Value | undefined }[];
}

/** Nothing is known but where it came from, which tells one object from another. */
export interface Opaque {
  readonly kind: 'opaque';
  readonly path: Path;
  /** For a `resolve` or `reject`, the executor it is of: who calls it ends the wait of whoever awaits the promise. */
  readonly settles?: Ts.Node;
  /** The promise that it gives a value to, for a `resolve`. */
  readonly promise?: Ts.Node;
  /** It is an object, so that no test takes it for missing or false. */
  readonly present?: boolean;
  /** It may be any of more things than are told apart; some of them bring locks, or code that leads to some, or none do. */
  readonly tooMany?: 'carriers' | 'others';
  /** Whatever else a place holds where functions are kept: none, if all of them are known. */
  readonly keeps?: 'all' | 'some';
  /** It is a connection to a database that was taken from a pool, or a transaction on one. */
  readonly session?: Pick<Session, 'pool' | 'at'>;
}

/** A function that cannot lead to any lock: calling it changes nothing here. */
export interface Inert {
  readonly kind: 'inert';
}

export interface Union {
  readonly kind: 'union';
  readonly members: readonly Value[];
}

/**
 * How an object is reached, from a root that is fixed during one activation: `this`, `p0`, `g:` for module level,
 * `v12` for a local, `e12` for a local of a function around it. Two equal paths are the same object; two different ones may be.
 */
export type Path = string;

/** Pairs of objects that a comparison has put in order, the smaller one first. */
export type Orders = readonly (readonly [small: Path, large: Path])[];

/** Values of variables, keyed by declaration, and of already evaluated expressions, keyed by node. */
export type Bindings = ReadonlyMap<Ts.Node, Value>;

/** A lock class in lockdep's sense: all instances that one declaration creates. */
export interface LockClass {
  /** Unique in the program. */
  readonly id: string;
  /** The name that reports show: `Registry.mu`. */
  readonly name: string;
  readonly file: string;
  readonly primitive: LockPrimitive;
  /** More than one task may hold it at a time. Undefined when the number is not known. */
  readonly permits: number | undefined;
  readonly declaredAt: Span;
  /** It is kept by a database, and held by a session of it: by a key of the program's own, or by rows of a table. */
  readonly database?: 'advisory' | 'rows' | 'pool';
}

/** The connection to a database that holds a lock there, or asks for it. */
export interface Session {
  readonly path: Path | undefined;
  /**
   * Taken from a pool by the program, and so another than any that was taken before and not given back; any one of a
   * pool, taken for a single statement; or one of which it is not known where it comes from.
   */
  readonly kind: 'taken' | 'any' | 'given';
  /** The pool, by its path. */
  readonly pool: Path | undefined;
  /** Where it was taken from the pool. */
  readonly at: Span | undefined;
}

/** One lock, as far as it can be told from the others of its class. */
export interface LockRef {
  readonly cls: LockClass;
  /** The object that holds it, or undefined when nothing is known about it. */
  readonly path: Path | undefined;
  /** Of a lock that a database keeps: the session that it is about. */
  readonly session?: Session;
  /** It stands for all that a session holds, or what it holds to the end of its transaction. */
  readonly all?: 'session' | 'transaction';
}

export type Mode = 'exclusive' | 'shared';

/** A call on the way from one function to a place inside another. */
export interface CallChain {
  readonly at: Span;
  /** What is called, as reports name it. */
  readonly callee: string;
  readonly next: CallChain | undefined;
  readonly length: number;
}

/** A lock that is, or may be, held. */
export interface Held {
  readonly token: string;
  readonly lock: LockRef;
  readonly mode: Mode;
  readonly at: Span;
  readonly via: CallChain | undefined;
  /** The stretch between two suspension points in which `acquire` was called; undefined inside a callee. */
  readonly segment: number | undefined;
  /** It was asked for by somebody else, and came by the promise of it. */
  readonly isAdopted?: boolean;
  /** This very grant is held in some of the states that were merged into one, and not in all of them. */
  readonly perhaps?: boolean;
  /**
   * Why it may not be held, though it counts as held for whoever waits for another lock: it was asked for and nobody
   * has waited for it, or it is held on some of the ways that lead here and not on others.
   */
  readonly doubt?: 'awaited' | 'merged';
  /** Nobody has taken it here: an annotation of the function says that its callers have. */
  readonly isAssumed?: true;
  /** The end of a transaction gives it back. */
  readonly ofTransaction?: true;
  /** Nobody waits for it: it was granted at once, or refused. */
  readonly isTried?: true;
  /** The connection that holds it went back to its pool with the statement, and nobody can tell which one it was. */
  readonly isLost?: true;
}

/** A point at which a task waits for a lock. */
export interface Acquisition {
  readonly lock: LockRef;
  readonly mode: Mode;
  readonly at: Span;
  readonly via: CallChain | undefined;
  readonly segment: number | undefined;
  /** Locks that the task itself holds around it: they are gates to whoever waits for the task. */
  readonly gates: readonly LockRef[];
  /** What the task has given back of its caller's locks before it waits here. */
  readonly without: readonly string[];
  readonly withoutLocks: readonly LockRef[];
  /** The executors whose promises are settled by then, whichever way led here. */
  readonly settled: readonly Ts.Node[];
  /** It is one of several that a promise combinator starts together. */
  readonly combined: boolean;
  /** It is made in the call of the function itself, whether or not somebody waits for the function's end. */
  readonly atOnce: boolean;
  /** It takes nothing: it waits until the lock could be taken, or until nobody holds it. */
  readonly until?: 'free' | 'idle';
  /** Tokens of the grant that this very acquisition leads to. */
  readonly token: string;
}

/** One way in which a call can end. */
export interface Outcome {
  readonly held: readonly Held[];
  /** Locks that were released without having been taken in the call. */
  readonly released: readonly LockRef[];
  readonly releasedTokens: readonly string[];
  readonly value: Value | undefined;
  /** New values of variables of enclosing functions. */
  readonly writes: Bindings;
  /** Pairs of the caller's objects that a comparison has put in order. */
  readonly ordered: Orders;
}

/** Work that a promise stands for: what it waits for, and how it ends. */
export interface Task {
  readonly acquisitions: readonly Acquisition[];
  readonly outcomes: readonly Outcome[];
  /** How it may fail, where it is known what has been given back by then. */
  readonly rejections?: readonly Outcome[];
}

export const EMPTY_BINDINGS: Bindings = new Map();

/** An object of a class about whose making nothing is known. */
export function instanceOf(cls: Ts.ClassLikeDeclaration, exact: boolean, path: Path): Instance {
  return { kind: 'instance', cls, exact, path, fields: NO_FIELDS };
}

const NO_FIELDS: ReadonlyMap<string, Value> = new Map();

export const UNIT: Outcome = {
  held: [],
  released: [],
  releasedTokens: [],
  value: undefined,
  writes: EMPTY_BINDINGS,
  ordered: [],
};

/** A call chain with one more call in front. */
export function chain(at: Span, callee: string, next: CallChain | undefined): CallChain {
  return { at, callee, next, length: (next?.length ?? 0) + 1 };
}

/** The alternatives of a value. */
export function membersOf(value: Value | undefined): readonly Value[] {
  if (!value) return [];
  return value.kind === 'union' ? value.members : [value];
}

/** What a collection holds under a key, as far as its keys are known. */
export function valueUnder({ keys, element }: Collection, key: string): Value | undefined {
  return keys ? (keys.get(key) ?? { kind: 'constant', value: undefined }) : element;
}

/** The access path of a value, where it has one. */
export function pathOf(value: Value | undefined): Path | undefined {
  if (!value) return undefined;
  switch (value.kind) {
    case 'instance':
    case 'object':
    case 'collection':
    case 'opaque':
      return value.path;
    case 'lock':
      return value.lock.path;
    default:
      return undefined;
  }
}

/** Whether a value is a function, or has functions for properties. */
export function bringsCode(value: Value | undefined): boolean {
  return membersOf(value).some(
    (member) =>
      member.kind === 'closure' ||
      (member.kind === 'object' && [...member.properties.values()].some((part) => part.kind === 'closure')),
  );
}

/** A value as it is reached by another path. */
export function withPath(value: Value | undefined, path: Path): Value | undefined {
  if (!value) return { kind: 'opaque', path };
  if (value.kind === 'lock') return { ...value, lock: { ...value.lock, path } };
  if (
    value.kind === 'instance' ||
    value.kind === 'object' ||
    value.kind === 'opaque' ||
    value.kind === 'collection'
  )
    return { ...value, path };
  return value;
}

/** Whether a value is surely true or surely false in a condition; undefined when it can be either. */
export function truthOf(value: Value | undefined): boolean | undefined {
  if (!value) return undefined;
  if (value.kind === 'constant') return Boolean(value.value);
  if (mayBeMissing(value)) return undefined;
  if (value.kind === 'union') {
    const [first, ...rest] = value.members.map(truthOf);
    return rest.every((truth) => truth === first) ? first : undefined;
  }
  return true;
}

/** Whether a value is surely null or undefined, or surely not. */
export function nullishnessOf(value: Value | undefined): boolean | undefined {
  if (!value) return undefined;
  if (value.kind === 'constant') return value.value === null || value.value === undefined;
  if (mayBeMissing(value)) return undefined;
  if (value.kind === 'union') {
    const [first, ...rest] = value.members.map(nullishnessOf);
    return rest.every((answer) => answer === first) ? first : undefined;
  }
  return false;
}

function mayBeMissing(value: Value): boolean {
  return value.kind === 'opaque' ? !value.present : value.kind === 'instance' && value.mayBeMissing === true;
}
