import { GraphManager, workspaceKey } from '../../dist/src/manager/index.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Random loads, reservations, leases, evictions and reaps on one manager, whose books are looked at after each. */
export async function measureAdmission(operations) {
  const manager = new GraphManager({ sizeOf: ({ bytes }) => bytes, config: { memoryLimitMb: 1 } });
  const keys = NAMES.map((name) => workspaceKey({ indexRoot: `/repos/${name}` }));
  const random = randomNumbers(1);
  const [leases, reservations] = [[], []];
  const steps = [
    async (key) =>
      leases.push(
        await manager.getOrLoad(key, () => ({ bytes: random(600_000) }), { estimateBytes: random(400_000) }),
      ),
    async (key) => reservations.push(await manager.reserveRebuild(key, random(400_000))),
    async () => reservations.shift()?.[Symbol.dispose](),
    async () => leases.shift()?.release(),
    async () => leases.pop()?.release(),
    (key) => manager.unload(key),
    () => manager.evictLru(),
    (key) => manager.reset(key),
    async () => manager.reapOnce(),
  ];

  let violations = 0;
  const began = performance.now();
  for (let n = 0; n < operations; n++) {
    try {
      await steps[random(steps.length)](keys[random(keys.length)]);
    } catch (error) {
      // A refusal is an outcome; whatever else would be a mistake.
      if (!String(error.code).startsWith('ERR_GRAPH_')) throw error;
    }
    const { loaded, reserved, retained, limit } = manager.memory;
    const graphs = [...manager.table.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    const promised = reservations.reduce((sum, { bytes }) => sum + bytes, 0);
    const exact = loaded === graphs && reserved === promised;
    if (!exact || Math.min(loaded, reserved, retained) < 0 || loaded + reserved + retained > limit)
      violations++;
  }
  const perSecond = operations / ((performance.now() - began) / 1_000);
  for (const reservation of reservations) reservation[Symbol.dispose]();
  for (const lease of leases) lease.release();
  manager.reapOnce();
  const { reserved, retained } = manager.memory;
  await manager.close();
  return { operations, violations, reserved, retained, perSecond };
}

/** Whole numbers below a bound, the same ones for the same seed. */
function randomNumbers(seed) {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
