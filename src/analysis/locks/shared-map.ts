/**
 * A map that is copied in no time: two copies share what they hold until one of them is changed. What a change copies is
 * only what was changed lately: a data flow makes a copy for every node, and changes little in each.
 */
export class SharedMap<K, V extends NonNullable<unknown>> {
  /** Never changed: other copies have it too. */
  #base: ReadonlyMap<K, V>;
  /** What is otherwise than in the base. */
  #changes: Map<K, V | typeof GONE>;
  #size: number;
  /** Another copy has the changes too. */
  #isShared: boolean;

  constructor(from?: SharedMap<K, V>) {
    this.#base = from ? from.#base : new Map();
    this.#changes = from ? from.#changes : new Map();
    this.#size = from?.size ?? 0;
    this.#isShared = from !== undefined;
    if (from) from.#isShared = true;
  }

  get size(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    const changed = this.#changes.get(key);
    if (changed === undefined) return this.#base.get(key);
    return changed === GONE ? undefined : changed;
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  set(key: K, value: V): void {
    const before = this.get(key);
    if (before === value) return;
    if (before === undefined) this.#size += 1;
    this.#own().set(key, value);
  }

  delete(key: K): void {
    if (!this.has(key)) return;
    this.#size -= 1;
    if (this.#base.has(key)) this.#own().set(key, GONE);
    else this.#own().delete(key);
  }

  keys(): readonly K[] {
    return this.entries().map(([key]) => key);
  }

  values(): readonly V[] {
    return this.entries().map(([, value]) => value);
  }

  entries(): readonly (readonly [K, V])[] {
    if (this.#size === 0) return [];
    const found: [K, V][] = [];
    for (const [key, value] of this.#base) if (!this.#changes.has(key)) found.push([key, value]);
    for (const [key, value] of this.#changes) if (value !== GONE) found.push([key, value]);
    return found;
  }

  /** Holds what another one holds. */
  become(other: SharedMap<K, V>): void {
    this.#base = other.#base;
    this.#changes = other.#changes;
    this.#size = other.#size;
    this.#isShared = true;
    other.#isShared = true;
  }

  /**
   * Takes in what another one holds. Whether anything is new.
   *
   * @param join of a value with itself, gives back that value
   */
  join(other: SharedMap<K, V>, join: (a: V, b: V) => V): boolean {
    if (this.#base === other.#base && this.#changes === other.#changes) return false;
    let isNew = false;
    for (const key of this.#differing(other)) {
      const value = other.get(key);
      if (value === undefined) continue;
      const own = this.get(key);
      const joined = own === undefined ? value : join(own, value);
      if (joined === own) continue;
      this.set(key, joined);
      isNew = true;
    }
    return isNew;
  }

  /** The keys whose values may differ. */
  #differing(other: SharedMap<K, V>): readonly K[] {
    if (this.#base !== other.#base) return other.keys();
    return [...new Set([...other.#changes.keys(), ...this.#changes.keys()])];
  }

  #own(): Map<K, V | typeof GONE> {
    if (!this.#isShared) return this.#changes;
    this.#isShared = false;
    const { size } = this.#changes;
    if (size * size > this.#base.size + SMALL) {
      this.#base = new Map(this.entries());
      this.#changes = new Map();
    } else this.#changes = new Map(this.#changes);
    return this.#changes;
  }
}

const GONE = Symbol('gone');

/** So many changes more, squared, are copied along before they become part of the base. */
const SMALL = 256;
