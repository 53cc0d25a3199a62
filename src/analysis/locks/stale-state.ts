import type { Ts } from '../../syntax/ts.ts';
import { SharedMap } from './shared-map.ts';
import {
  joinKnown,
  type Known,
  type Reading,
  type SectionHold,
  type StatePlace,
  union,
} from './stale-values.ts';

/** What a branch has decided by, as long as it decides what runs. */
export interface Control {
  readonly readings: ReadonlySet<Reading>;
  /** The call of a function that it stands in. */
  readonly frame: string;
  /** The node of that function from which on it decides nothing. */
  readonly until: number;
}

/** What is known at a point of a program, in any of the ways that lead there. */
export class StaleState {
  /** Of variables by declaration, of evaluated expressions by node, of what functions return by function. */
  readonly values: SharedMap<Ts.Node, Known>;
  /** Of `this`, by function. */
  readonly selves: SharedMap<Ts.Node, Known>;
  readonly controls: SharedMap<string, Control>;
  /** The locks that have been held without a break since a reading. */
  readonly unbroken: SharedMap<Reading, ReadonlySet<string>>;
  /** What has been read under each acquisition that is held. */
  readonly seen: SharedMap<string, ReadonlySet<StatePlace>>;
  /** Readings that an acquisition that is held has compared with how things are now. */
  readonly confirmed: SharedMap<string, ReadonlySet<Reading>>;
  /** Readings that have been gone by already, and where: what follows from that is no other mistake. */
  readonly used: SharedMap<Reading, string>;
  /** Readings whose section has gone on to write what it read: later sections complete what it began. */
  readonly settled: SharedMap<Reading, true>;
  /** Acquisitions under which a claim was made: something was tested, and then written. */
  readonly claims: SharedMap<string, true>;

  constructor(from?: StaleState) {
    this.values = new SharedMap(from?.values);
    this.selves = new SharedMap(from?.selves);
    this.controls = new SharedMap(from?.controls);
    this.unbroken = new SharedMap(from?.unbroken);
    this.seen = new SharedMap(from?.seen);
    this.confirmed = new SharedMap(from?.confirmed);
    this.used = new SharedMap(from?.used);
    this.settled = new SharedMap(from?.settled);
    this.claims = new SharedMap(from?.claims);
  }

  /** Turns into another state. */
  become(other: StaleState): void {
    this.values.become(other.values);
    this.selves.become(other.selves);
    this.controls.become(other.controls);
    this.unbroken.become(other.unbroken);
    this.seen.become(other.seen);
    this.confirmed.become(other.confirmed);
    this.used.become(other.used);
    this.settled.become(other.settled);
    this.claims.become(other.claims);
  }

  /** Takes in another way to get to the same point. Whether anything is new. */
  join(other: StaleState): boolean {
    const changes = [
      this.values.join(other.values, joinKnown),
      this.selves.join(other.selves, joinKnown),
      this.controls.join(other.controls, joinControls),
      this.unbroken.join(other.unbroken, union),
      this.seen.join(other.seen, union),
      this.confirmed.join(other.confirmed, union),
      this.used.join(other.used, first),
      this.settled.join(other.settled, first),
      this.claims.join(other.claims, first),
    ];
    return changes.includes(true);
  }

  /** Forgets what belongs to acquisitions that are no longer held. */
  keepHeld(tokens: ReadonlySet<string>): void {
    for (const [reading, held] of this.unbroken.entries()) {
      const left = [...held].filter((token) => tokens.has(token));
      if (left.length < held.size) this.unbroken.set(reading, new Set(left));
    }
    for (const map of [this.seen, this.confirmed, this.claims]) {
      for (const token of map.keys()) if (!tokens.has(token)) map.delete(token);
    }
  }

  /** Whether a lock has been held all the time since a reading. */
  isFresh(reading: Reading): boolean {
    return (this.unbroken.get(reading)?.size ?? 0) > 0;
  }

  /** Takes note of a reading. */
  read(reading: Reading): void {
    const { holds, place } = reading;
    this.unbroken.set(reading, new Set(holds.map(({ token }) => token)));
    this.settled.delete(reading);
    this.used.delete(reading);
    if (holds.some(({ token }) => this.claims.has(token))) this.settled.set(reading, true);
    this.looksAt(place, holds);
  }

  /** Something is looked at under some locks. */
  looksAt(place: StatePlace, holds: readonly SectionHold[]): void {
    for (const { token } of holds) {
      this.seen.set(token, union(this.seen.get(token) ?? new Set(), new Set([place])));
    }
  }

  /** What one call of a function, and those below it, have decided decides nothing more. */
  forgetControls(frame: string): void {
    for (const [key, control] of this.controls.entries()) {
      if (control.frame.startsWith(frame)) this.controls.delete(key);
    }
  }

  /** All that decides whether control comes here; of one call of a function and below it alone, if it is named. */
  deciding(frame = ''): ReadonlySet<Reading> {
    let found: ReadonlySet<Reading> = new Set();
    for (const control of this.controls.values()) {
      if (control.frame.startsWith(frame)) found = union(found, control.readings);
    }
    return found;
  }
}

function first<T>(one: T): T {
  return one;
}

function joinControls(a: Control, b: Control): Control {
  const readings = union(a.readings, b.readings);
  return readings === a.readings ? a : { ...a, readings };
}
