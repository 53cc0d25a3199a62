/** A map that is copied in no time: two copies share what they hold until one of them is changed. */
export class SharedMap<K, V> {
  #map: Map<K, V>;
  #isShared = false;

  constructor(from?: SharedMap<K, V>) {
    this.#map = from ? from.#share() : new Map();
    this.#isShared = from !== undefined;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  set(key: K, value: V): void {
    if (this.#map.get(key) === value && this.#map.has(key)) return;
    this.#own().set(key, value);
  }

  delete(key: K): void {
    if (this.#map.has(key)) this.#own().delete(key);
  }

  keys(): readonly K[] {
    return [...this.#map.keys()];
  }

  values(): readonly V[] {
    return [...this.#map.values()];
  }

  entries(): readonly (readonly [K, V])[] {
    return [...this.#map];
  }

  /** Holds what another one holds. */
  become(other: SharedMap<K, V>): void {
    this.#map = other.#share();
    this.#isShared = true;
  }

  /** Takes in what another one holds. Whether anything is new. */
  join(other: SharedMap<K, V>, join: (a: V, b: V) => V): boolean {
    if (this.#map === other.#map) return false;
    let isNew = false;
    for (const [key, value] of other.#map) {
      const own = this.#map.get(key);
      const joined = own === undefined ? value : join(own, value);
      if (joined === own) continue;
      this.#own().set(key, joined);
      isNew = true;
    }
    return isNew;
  }

  #share(): Map<K, V> {
    this.#isShared = true;
    return this.#map;
  }

  #own(): Map<K, V> {
    if (this.#isShared) {
      this.#map = new Map(this.#map);
      this.#isShared = false;
    }
    return this.#map;
  }
}
