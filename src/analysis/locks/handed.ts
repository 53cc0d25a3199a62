import { type Ts, ts } from '../../syntax/ts.ts';
import type { Context, Contexts } from './contexts.ts';
import { type Path, pathOf, type Value } from './values.ts';

/**
 * What a call hands in for each parameter, as far as nothing is known of it: the caller's own parameters by their
 * paths, and `?` for anything else. Arguments that are known are left out.
 */
export type Handed = ReadonlyMap<number, ReadonlySet<Path>>;

const NOTHING: Handed = new Map();

/** What a call hands in that is not known. */
export function handedIn(args: readonly (Value | undefined)[]): Handed {
  const handed = new Map<number, ReadonlySet<Path>>();
  for (const [index, value] of args.entries()) {
    if (value && value.kind !== 'opaque') continue;
    handed.set(index, new Set([parameterOf(pathOf(value)) ?? '?']));
  }
  return handed.size > 0 ? handed : NOTHING;
}

/** What either of two calls hands in. */
export function joinHanded(a: Handed, b: Handed): Handed {
  if (a === b || b.size === 0) return a;
  const joined = new Map(a);
  for (const [index, paths] of b) joined.set(index, new Set([...(a.get(index) ?? []), ...paths]));
  return joined;
}

/** The parameter, of the function itself or of one around it, that a path begins with. */
export function parameterOf(path: Path | undefined): Path | undefined {
  return path === undefined ? undefined : /^\^*p\d+/.exec(path)?.[0];
}

/**
 * Whether nobody in the program knows what a parameter is: some caller hands in what it does not know itself, or
 * nobody calls the function at all. Who uses a lock is not seen to call its methods.
 */
export function isHandedUnknown(
  contexts: Contexts,
  context: Context,
  parameter: Path,
  isLock: (cls: Ts.ClassLikeDeclaration) => boolean,
  seen: Set<string> = new Set(),
): boolean {
  const key = `${context.key}|${parameter}`;
  if (seen.has(key)) return false;
  seen.add(key);
  let isCalled = false;
  for (const [caller, { handed }] of context.callers) {
    if (caller === 'outside') continue;
    isCalled = true;
    const outer = parameter.startsWith('^')
      ? [parameter.slice(1)]
      : [...(handed.get(Number(parameter.slice(1))) ?? [])];
    if (outer.some((path) => path === '?' || isHandedUnknown(contexts, caller, path, isLock, seen)))
      return true;
  }
  return !isCalled && !contexts.isCalled(context.call.fn) && !isMethodOf(context.call.fn, isLock);
}

function isMethodOf(fn: Ts.Node, isWanted: (cls: Ts.ClassLikeDeclaration) => boolean): boolean {
  const { parent } = fn;
  return parent !== undefined && ts.isClassLike(parent) && isWanted(parent);
}
