import type { Context } from './contexts.ts';
import { lockKey } from './keys.ts';
import { crossLock, UNKNOWN_PATH } from './paths.ts';
import { CERTAINTY, type Certainty, certaintyOf, least, type Surroundings } from './surroundings.ts';
import type { Held, LockClass, LockRef, Mode, Path } from './values.ts';
import type { WatchedCall } from './watcher.ts';
import { isSameLock } from './world.ts';

/** A call, in what it happens in. */
export interface CallStep extends Omit<WatchedCall, 'around'> {
  readonly surroundings: Surroundings;
}

/** A lock that is held around a function, wherever it is called from. */
export interface Around {
  readonly lock: LockRef;
  readonly mode: Mode;
  readonly level: Certainty;
  /** The grants that it stands for, as the function knows them. */
  readonly tokens: readonly string[];
  /** The call that brings it, and where it was taken. */
  readonly by: { readonly call: CallStep; readonly held: Held | undefined };
}

export type Phase = 'start' | 'rest';

/** What a function runs under: until its first pause, and from then on. */
export type Ambient = Readonly<Record<Phase, ReadonlyMap<string, Around>>>;

const NOTHING: Ambient = { start: new Map(), rest: new Map() };

/** Which of two ways to look at several callers: what all of them hold, or what some may. */
type Joining = 'all' | 'any';

/** What each context runs under: the largest solution of "held by all callers", the smallest of "by any". */
export function ambientHolds(
  calls: ReadonlyMap<Context, readonly CallStep[]>,
  contexts: Iterable<Context>,
  joining: Joining,
): ReadonlyMap<Context, Ambient> {
  const around = new Map<Context, Ambient>();
  const callees = new Map<Context, Set<Context>>();
  for (const [callee, steps] of calls) {
    for (const { caller } of steps) callees.set(caller, (callees.get(caller) ?? new Set()).add(callee));
  }
  const waiting = new Set(contexts);
  for (const context of waiting) {
    waiting.delete(context);
    const next = ofContext(context, calls.get(context) ?? [], around, joining);
    const before = around.get(context);
    if (!next || (before && keyOf(before) === keyOf(next))) continue;
    around.set(context, next);
    for (const callee of callees.get(context) ?? []) waiting.add(callee);
  }
  return around;
}

function ofContext(
  context: Context,
  steps: readonly CallStep[],
  around: ReadonlyMap<Context, Ambient>,
  joining: Joining,
): Ambient | undefined {
  // Anybody may call it, with nothing held.
  if (joining === 'all' && context.callers.has('outside')) return NOTHING;
  let joined: Ambient | undefined = joining === 'any' ? NOTHING : undefined;
  for (const step of steps) {
    const outer = around.get(step.caller);
    // Of a caller that is not known yet, everything may be held.
    if (!outer && joining === 'all') continue;
    const own: Ambient = {
      start: ofCall(step, outer ?? NOTHING, 'start', joining),
      rest: ofCall(step, outer ?? NOTHING, 'rest', joining),
    };
    joined = joined
      ? { start: join(joined.start, own.start, joining), rest: join(joined.rest, own.rest, joining) }
      : own;
  }
  return joined;
}

function ofCall(call: CallStep, outer: Ambient, phase: Phase, joining: Joining): ReadonlyMap<string, Around> {
  const { surroundings, inward } = call;
  const found = new Map<string, Around>();
  const add = (one: Around): void => {
    if (one.level === CERTAINTY.nothing) return;
    const lock = crossLock(one.lock, inward);
    const named = { cls: lock.cls, path: lock.path ?? UNKNOWN_PATH };
    const key = lockKey(named);
    const known = found.get(key);
    if (known && (known.level > one.level || (known.level === one.level && known.mode === 'exclusive')))
      return;
    found.set(key, { ...one, lock: named, tokens: one.tokens.map(inward.token) });
  };
  for (const { held, ...phases } of surroundings.holds) {
    const asked =
      joining === 'any' && certaintyOf(held) === CERTAINTY.nothing ? CERTAINTY.perhaps : undefined;
    const level = asked ?? phases[phase];
    add({ lock: held.lock, mode: held.mode, level, tokens: [held.token], by: { call, held } });
  }
  const inherited = phase === 'start' && surroundings.isAtStart ? outer.start : outer.rest;
  for (const one of inherited.values()) {
    if (isGivenBack(one, surroundings)) continue;
    add({ ...one, level: least(one.level, surroundings.inherits[phase]), by: { call, held: undefined } });
  }
  return found;
}

/** Whether what was held around a function has been given back by it. */
export function isGivenBack(
  { lock, tokens }: Around,
  {
    released,
    releasedTokens,
  }: { readonly released: readonly LockRef[]; readonly releasedTokens: readonly string[] },
): boolean {
  return (
    tokens.some((token) => releasedTokens.includes(token)) ||
    released.some((other) => isSameLock(other, lock))
  );
}

function join(
  a: ReadonlyMap<string, Around>,
  b: ReadonlyMap<string, Around>,
  joining: Joining,
): ReadonlyMap<string, Around> {
  const joined = new Map<string, Around>();
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const [one, other] = [a.get(key), b.get(key)];
    if (one && other) {
      const tokens = [...new Set([...one.tokens, ...other.tokens])];
      const level = joining === 'all' ? least(one.level, other.level) : one.level;
      // Where one caller has a share and another all of it, a share is what is held.
      const weaker = one.mode === 'shared' ? one : other;
      joined.set(key, { ...(joining === 'all' ? weaker : one), level, tokens });
      continue;
    }
    const only = one ?? other;
    // Whoever is making an object is alone with it, as if holding all of its locks.
    if (only && (joining === 'any' || isMade(one ? b : a, only.lock.path))) joined.set(key, only);
  }
  return joined;
}

/** Whether the object of a path is still being made, and known to nobody else. */
export function isMade(holds: ReadonlyMap<string, Around>, path: Path | undefined): boolean {
  return [...holds.values()].some(({ lock }) => lock.cls === MAKING && lock.path === path);
}

/** Not a lock: stands for being alone with an object while it is being made. */
export const MAKING: LockClass = {
  id: '',
  name: '',
  file: '',
  primitive: { type: '' },
  permits: 1,
  declaredAt: { file: '', start: 0, end: 0 },
};

function keyOf({ start, rest }: Ambient): string {
  return [start, rest]
    .map((holds) =>
      [...holds]
        .map(([key, { level, mode, tokens }]) => `${key}${mode}${level}${tokens.length}`)
        .sort()
        .join(),
    )
    .join('|');
}
