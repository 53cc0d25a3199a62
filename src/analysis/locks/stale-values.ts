import type { ReportStep } from '../../engine/rule.ts';
import type { Ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import type { Frame } from './stale-frames.ts';
import type { Held, LockClass } from './values.ts';

/** One lock that is held at a place, told apart from other acquisitions of it by its token. */
export interface SectionHold {
  readonly token: string;
  /** Equal for two acquisitions of one lock. */
  readonly key: string;
  readonly cls: LockClass;
  readonly held: Held;
  /** How the program gets to the acquisition. */
  readonly steps: readonly ReportStep[];
}

/** A part of some shared state, as it was read while a lock was held. */
export interface Reading {
  readonly place: StatePlace;
  readonly node: Ts.Node;
  readonly holds: readonly SectionHold[];
  /** The call of a function that makes it. */
  readonly frame: Frame;
  /** It tells only whether something is there: `has`, `includes`. */
  readonly isPresence: boolean;
}

/** What is read or written: an object's field, the contents of a collection, or one element of it. */
export interface StatePlace {
  /** Equal for the same object. */
  readonly owner: string;
  /** Within the object: `.size`, `.rows[*]`, `.rows["a"]`. */
  readonly member: string;
  /** How the code names it. */
  readonly name: string;
}

/** What is known of a value: where it is to be found, and which readings it comes from. */
export interface Known {
  readonly path: string | undefined;
  readonly readings: ReadonlySet<Reading>;
  readonly parts?: ReadonlyMap<string, Known> | undefined;
  readonly functions?: readonly KnownFunction[] | undefined;
}

export interface KnownFunction {
  readonly fn: CfgOwner;
  readonly self: Known | undefined;
}

export const NO_READINGS: ReadonlySet<Reading> = new Set();
export const NOTHING_KNOWN: Known = { path: undefined, readings: NO_READINGS };

/** What is known where either of two values may be there; the first itself, if the second adds nothing. */
export function joinKnown(a: Known, b: Known): Known {
  if (a === b) return a;
  const readings = union(a.readings, b.readings);
  const path = a.path === b.path ? a.path : undefined;
  const parts = joinParts(a.parts, b.parts);
  const functions = joinFunctions(a.functions, b.functions);
  if (readings === a.readings && path === a.path && parts === a.parts && functions === a.functions) return a;
  return { path, readings, parts, functions };
}

/** The same value, which depends on some more readings. */
export function withReadings(known: Known, more: ReadonlySet<Reading>): Known {
  const readings = union(known.readings, more);
  return readings === known.readings ? known : { ...known, readings };
}

/** The first set itself, if the second adds nothing. */
export function union<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): ReadonlySet<T> {
  let result: Set<T> | undefined;
  for (const one of b) {
    if (!a.has(one)) result = (result ?? new Set(a)).add(one);
  }
  return result ?? a;
}

/** Everything that a value depends on, in any of its parts. */
export function allReadings(known: Known, depth = 0): ReadonlySet<Reading> {
  let found = known.readings;
  if (depth < 3)
    for (const part of known.parts?.values() ?? []) found = union(found, allReadings(part, depth + 1));
  return found;
}

/** A value whose parts are told apart to a small depth only: objects that hold each other would grow for ever. */
export function flattened(known: Known, depth = MAX_NESTING): Known {
  const { parts } = known;
  if (!parts) return known;
  if (depth === 0 || parts.size > MAX_PARTS) {
    return { path: known.path, readings: allReadings(known), functions: known.functions };
  }
  return { ...known, parts: new Map([...parts].map(([name, part]) => [name, flattened(part, depth - 1)])) };
}

const MAX_NESTING = 2;
const MAX_PARTS = 16;

function joinParts(a: Known['parts'], b: Known['parts']): Known['parts'] {
  if (a === b || !b) return a;
  if (!a) return b;
  let result: Map<string, Known> | undefined;
  for (const [name, part] of b) {
    const own = a.get(name);
    const joined = own ? joinKnown(own, part) : part;
    if (joined !== own) result = (result ?? new Map(a)).set(name, joined);
  }
  return result ?? a;
}

function joinFunctions(a: Known['functions'], b: Known['functions']): Known['functions'] {
  if (a === b || !b) return a;
  if (!a) return b;
  const more = b.filter(({ fn }) => !a.some((one) => one.fn === fn));
  return more.length > 0 ? [...a, ...more] : a;
}
