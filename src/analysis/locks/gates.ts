import type { Held, LockRef, Path } from './values.ts';

/**
 * Gates: locks held around a place that let one task through at a time. Two places behind one gate are never under
 * way together; so it must be one object for both, and its holder must wait for what goes on behind it.
 *
 * A gate is written as its class and what it belongs to: the path of an object that there is one of in the program,
 * `@this` for the object of the function they are seen from, `@caller` for that of the function that calls it, and for
 * an edge the class of the lock that is kept by the same object.
 */
export type Gate = string;

const OF_THIS = '@this';
/** Of the object of the function that calls. */
const OF_CALLER = '@caller';

/** The gates that a function is called behind, as the function sees them. */
export function gatesAround(
  held: readonly Held[],
  inward: (path: Path) => Path | undefined,
): ReadonlySet<Gate> {
  const gates = new Set<Gate>();
  for (const { lock, mode } of held) {
    if (mode !== 'exclusive' || lock.cls.permits !== 1 || lock.path === undefined) continue;
    if (isSingle(lock.path)) gates.add(`${lock.cls.id}@${lock.path}`);
    else if (inward(lock.path) === 'this') gates.add(lock.cls.id + OF_THIS);
    else if (lock.path === 'this') gates.add(lock.cls.id + OF_CALLER);
  }
  return gates;
}

/** The gates around a call, where it is known or not which one in the program the object of its caller is. */
export function gatesOfCaller(gates: ReadonlySet<Gate>, caller: Path | undefined): readonly Gate[] {
  return [...gates].flatMap((gate) => {
    if (!gate.endsWith(OF_CALLER)) return gate;
    return caller === undefined ? [] : `${gate.slice(0, -OF_CALLER.length)}@${caller}`;
  });
}

/** The gates around a function that are gates around what it calls, too. */
export function gatesPassedOn(gates: ReadonlySet<Gate>, callee: 'this' | 'another'): ReadonlySet<Gate> {
  return callee === 'this' ? gates : new Set([...gates].filter((gate) => !gate.endsWith(OF_THIS)));
}

/** A lock held around an edge, as a gate of that edge. */
export function gatesOfEdge(gates: readonly LockRef[], locks: readonly LockRef[]): ReadonlySet<Gate> {
  const found = new Set<Gate>();
  for (const { cls, path } of gates) {
    if (cls.permits !== 1 || path === undefined) continue;
    if (isSingle(path)) found.add(`${cls.id}@${path}`);
    else for (const lock of locks) if (lock.path === path) found.add(`${cls.id}@${lock.cls.id}`);
  }
  return found;
}

/** The gates around a function, as gates of an edge in it. */
export function ambientGates(gates: ReadonlySet<Gate>, locks: readonly LockRef[]): ReadonlySet<Gate> {
  const found = new Set<Gate>();
  for (const gate of gates) {
    if (!gate.endsWith(OF_THIS)) found.add(gate);
    else {
      const id = gate.slice(0, -OF_THIS.length);
      for (const lock of locks) if (lock.path === 'this') found.add(`${id}@${lock.cls.id}`);
    }
  }
  return found;
}

/** Whether a gate is of a lock class. */
export function isGateOf(cls: string, gate: Gate): boolean {
  return gate === cls || gate.startsWith(`${cls}@`);
}

/** Kept by a module or a class itself, and not under a key. */
export function isSingle(path: Path): boolean {
  return path.startsWith('g:') && !path.includes('[');
}
