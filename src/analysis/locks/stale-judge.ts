import type { Ts } from '../../syntax/ts.ts';
import { idOf } from './keys.ts';
import type { Frame, Point } from './stale-frames.ts';
import {
  allReadings,
  type Known,
  NO_READINGS,
  type Reading,
  type SectionHold,
  type StatePlace,
  union,
} from './stale-values.ts';

/** A part of the state is written. */
export interface Write {
  readonly place: StatePlace;
  readonly node: Ts.Node;
  readonly point: Point;
  /** What the new value comes from. */
  readonly readings: ReadonlySet<Reading>;
  readonly kind: 'value' | 'sum' | 'contents' | 'removal';
}

/** What is written under a lock by what was read under an earlier acquisition of it. */
export interface StaleDecision {
  readonly reading: Reading;
  readonly before: SectionHold;
  readonly place: StatePlace;
  readonly node: Ts.Node;
  readonly after: SectionHold;
  readonly frame: Frame;
}

/** Two readings of one object, made under two acquisitions, that are put together. */
export interface TornSnapshot {
  readonly first: Reading;
  readonly before: SectionHold;
  readonly second: Reading;
  readonly after: SectionHold;
  readonly node: Ts.Node;
  readonly isDecision: boolean;
}

/** Judges what a walk reads and writes. What was judged before is judged anew when control comes again. */
export class StaleJudge {
  readonly #readings = new Map<string, Reading>();
  readonly stale = new Map<string, readonly StaleDecision[]>();
  readonly torn = new Map<string, readonly TornSnapshot[]>();
  /** The locks under which something is written. */
  readonly writesUnder = new Set<string>();

  /** Whether anything was read under a lock. */
  get hasRead(): boolean {
    return this.#readings.size > 0;
  }

  /** A part of the state is read; under no lock, that is nothing to remember. */
  reads(
    place: StatePlace,
    node: Ts.Node,
    { frame, state, holding }: Point,
    isPresence = false,
  ): ReadonlySet<Reading> {
    const { sure } = holding;
    if (sure.length === 0) return NO_READINGS;
    const key = `${frame.key}${idOf(node)} ${place.owner}${place.member} ${sure.map((hold) => hold.key + hold.token).join()}`;
    let reading = this.#readings.get(key);
    if (!reading) {
      reading = { place, node, holds: sure, frame, isPresence };
      this.#readings.set(key, reading);
    }
    state.read(reading);
    return new Set([reading]);
  }

  writes({ place, node, point, readings, kind }: Write): void {
    const { frame, state, holding } = point;
    for (const { cls } of holding.sure) this.writesUnder.add(cls.id);
    const deciding = state.deciding();
    const found: StaleDecision[] = [];
    const key = `${frame.key}${idOf(node)} ${place.owner}${place.member}`;
    for (const reading of union(readings, deciding)) {
      if (!overlaps(reading.place, place) || !this.#isStale(reading, point)) continue;
      if ((state.used.get(reading) ?? key) !== key) continue;
      // To take away what is not there changes nothing.
      if (kind === 'removal' && reading.isPresence) continue;
      for (const after of holding.sure) {
        const before = reading.holds.find(({ key }) => key === after.key);
        if (!before || this.#isSeen(place, after, point)) continue;
        if (state.confirmed.get(after.token)?.has(reading)) continue;
        found.push({ reading, before, place, node, after, frame });
      }
    }
    for (const { reading } of found) state.used.set(reading, key);
    this.stale.set(key, found);
    this.#settle(place, deciding, point);
  }

  /** A condition decides: what it compares with how things are now is known to be right, or may be of two times. */
  decides(readings: ReadonlySet<Reading>, node: Ts.Node, point: Point): void {
    const { state, holding } = point;
    const stale = [...readings].filter((reading) => this.#isStale(reading, point));
    const fresh = [...readings].filter((reading) => state.isFresh(reading));
    const compared = stale.filter(({ place }) => fresh.some((other) => touches(other.place, place)));
    if (compared.length > 0) {
      const tokens = new Set(compared.flatMap(({ holds }) => holds.map(({ token }) => token)));
      const together = state.unbroken
        .keys()
        .filter(({ holds }) => holds.some(({ token }) => tokens.has(token)));
      for (const { token } of holding.sure) {
        state.confirmed.set(
          token,
          union(state.confirmed.get(token) ?? new Set<Reading>(), new Set(together)),
        );
      }
    }
    this.#tear([readings], node, point, 'decision');
  }

  /** A function returns a value. */
  returns(value: Known, node: Ts.Node, point: Point): void {
    if (value.parts)
      this.#tear(
        [...value.parts.values()].map((part) => allReadings(part)),
        node,
        point,
        'value',
      );
  }

  /** A value is put where others find it. */
  keeps(value: Known, node: Ts.Node, point: Point): void {
    this.returns(value, node, point);
  }

  #isStale(reading: Reading, { state }: Point): boolean {
    return state.unbroken.has(reading) && !state.isFresh(reading) && !state.settled.has(reading);
  }

  /** Whether a section has looked at what it is about to write. */
  #isSeen(place: StatePlace, { token }: SectionHold, { state }: Point): boolean {
    return [...(state.seen.get(token) ?? [])].some((seen) => touches(seen, place));
  }

  /** What a section has read and then written is up to date with it; what it claims, others leave alone. */
  #settle(place: StatePlace, deciding: ReadonlySet<Reading>, { state, holding }: Point): void {
    const tokens = new Set(holding.sure.map(({ token }) => token));
    const isClaim = [...deciding].some((reading) => state.isFresh(reading) && overlaps(reading.place, place));
    if (isClaim) for (const token of tokens) state.claims.set(token, true);
    for (const [reading, held] of state.unbroken.entries()) {
      if (![...held].some((token) => tokens.has(token))) continue;
      if (isClaim || overlaps(reading.place, place)) state.settled.set(reading, true);
    }
  }

  #tear(
    groups: readonly ReadonlySet<Reading>[],
    node: Ts.Node,
    point: Point,
    what: 'decision' | 'value',
  ): void {
    const found: TornSnapshot[] = [];
    const all = groups.map((group) => [...group].filter((reading) => point.state.unbroken.has(reading)));
    for (const [index, group] of all.entries()) {
      for (const [at, first] of group.entries()) {
        for (const second of what === 'decision' ? group.slice(at + 1) : all.slice(index + 1).flat()) {
          const pair = tornPair(first, second);
          if (!pair) continue;
          if (point.state.settled.has(first) || point.state.settled.has(second)) continue;
          found.push({ ...pair, node, isDecision: what === 'decision' });
        }
      }
    }
    this.torn.set(`${point.frame.key}${idOf(node)}`, found);
  }
}

/** Whether to write one place changes what was read at the other. */
function overlaps(read: StatePlace, written: StatePlace): boolean {
  const [a, b] = [read.owner + read.member, written.owner + written.member];
  if (a === b) return true;
  if (a.startsWith(b) && /^[.[]/.test(a.slice(b.length))) return true;
  const [whole, other] = a.endsWith('[*]') ? [a, b] : [b, a];
  if (!whole.endsWith('[*]')) return false;
  const contents = whole.slice(0, -3);
  return other.startsWith(`${contents}[`) && !other.slice(contents.length).includes('].');
}

/** Whether both are about the same part of the state, or one about a part of the other. */
function touches(a: StatePlace, b: StatePlace): boolean {
  return overlaps(a, b) || overlaps(b, a);
}

/** Whether two readings show one object at two times. */
function tornPair(
  one: Reading,
  other: Reading,
): Pick<TornSnapshot, 'first' | 'second' | 'before' | 'after'> | undefined {
  if (one.place.owner !== other.place.owner || overlaps(one.place, other.place)) return undefined;
  if (overlaps(other.place, one.place)) return undefined;
  // Two keys may be one.
  if (UNKNOWN_KEY.test(one.place.member) && UNKNOWN_KEY.test(other.place.member)) return undefined;
  const tokens = new Set(one.holds.map(({ token }) => token));
  if (other.holds.some(({ token }) => tokens.has(token))) return undefined;
  for (const before of one.holds) {
    const after = other.holds.find(({ key }) => key === before.key);
    if (after) return { first: one, second: other, before, after };
  }
  return undefined;
}

const UNKNOWN_KEY = /\[[^"]/;
