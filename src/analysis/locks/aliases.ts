import { entering, type Formals, isPrefix, lastKey, UNKNOWN_PATH } from './paths.ts';
import { bringsCode, type Path, type Value } from './values.ts';

/**
 * Objects of a call by two names: as the callee has it, and as the functions know it that the callee is handed. In
 * `this.users.run(() => this.users.run(task))` the lock of `this` is that of `^this.users`.
 */
export type Aliases = readonly (readonly [formal: Path, known: Path])[];

export const NO_ALIASES: Aliases = [];

/** The aliases of a call; none where nobody could know an object by another name. */
export function aliasesOf(
  formals: Formals,
  args: readonly (Value | undefined)[],
  ofCaller: Aliases,
): Aliases {
  if (!args.some(bringsCode)) return NO_ALIASES;
  const found: (readonly [Path, Path])[] = [];
  const add = (formal: Path, actual: Path | undefined, others: Formals): void => {
    const known = actual && knownAs(actual, ofCaller);
    // Whatever hangs on a root of the caller's own is renamed together with it.
    if (known === undefined || (known === actual && OWN_ROOT.test(known))) return;
    const path = entering(others).path(known);
    if (path !== undefined && !path.includes(UNKNOWN_PATH)) found.push([formal, path]);
  };
  add('this', formals.self, { ...formals, self: undefined });
  for (const [index, actual] of formals.args.entries()) {
    add(`p${index}`, actual, { ...formals, args: formals.args.with(index, undefined) });
  }
  return found;
}

/** A path by the name under which the functions that were handed in know its object, and the key that it ends with. */
export function knownAs(path: Path, aliases: Aliases): Path {
  for (const [formal, known] of aliases) {
    if (isPrefix(formal, path)) return known + path.slice(formal.length);
  }
  const key = aliases.length > 0 ? lastKey(path) : undefined;
  const renamed = key === undefined ? undefined : knownAs(key, aliases);
  return renamed === undefined || renamed === key
    ? path
    : `${path.slice(0, -(key ?? '').length - 1)}${renamed}]`;
}

const OWN_ROOT = /^\^*(?:this|[a-df-z]\d+)$/;
