/**
 * A small seeded generator (mulberry32): the same seed gives the same corpus on every machine.
 *
 * @param {number} seed
 */
export function createRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    /** @param {number} limit exclusive */
    below: (limit) => Math.floor(next() * limit),
    /** @template T @param {readonly T[]} list @returns {T} */
    pick: (list) => /** @type {any} */ (list)[Math.floor(next() * list.length)],
    /** @template T @param {readonly T[]} list @param {number} count @returns {T[]} */
    sample(list, count) {
      const rest = [...list];
      const taken = [];
      while (taken.length < count && rest.length > 0) {
        taken.push(...rest.splice(Math.floor(next() * rest.length), 1));
      }
      return taken;
    },
    /** @param {number} probability */
    chance: (probability) => next() < probability,
  };
}

/** @typedef {ReturnType<typeof createRandom>} Random */
