import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { RebuildReservation } from '../../../src/manager/graphs/reservation.ts';
import { GraphError, type GraphLease } from '../../../src/manager/index.ts';
import { type Graph, graph, hold, key, startGraphs } from './support.ts';

// About three seconds; a loaded machine may need its time.
vi.setConfig({ testTimeout: 60_000 });

const RUNS = 20;
const LENGTH = 5_000;
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const OPERATIONS = [
  'load',
  'reserve',
  'give back',
  'publish',
  'lease',
  'release',
  'unload',
  'evict',
  'reset',
  'pin',
  'unpin',
  'reap',
] as const;

const operation = fc.record({
  kind: fc.constantFrom(...OPERATIONS),
  name: fc.constantFrom(...NAMES),
  /** What is reserved, and what it turns out to be: often more, now and then far too much. */
  estimate: fc.nat({ max: 400_000 }),
  bytes: fc.nat({ max: 600_000 }),
});

test('after 100,000 random operations no account was ever negative, nor all of them over the limit', async () => {
  const met = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: LENGTH, maxLength: LENGTH, size: 'max' }),
      async (operations) => {
        const { manager } = startGraphs();
        const reservations: { readonly name: string; readonly reservation: RebuildReservation }[] = [];
        const leases: GraphLease<Graph>[] = [];

        const run = async ({
          kind,
          name,
          estimate,
          bytes,
        }: (typeof operations)[number]): Promise<unknown> => {
          const workspace = manager.table.get(key(name).id);
          switch (kind) {
            case 'load':
              return leases.push(
                await manager.getOrLoad(key(name), () => graph(name, bytes), { estimateBytes: estimate }),
              );
            case 'reserve':
              return reservations.push({
                name,
                reservation: await manager.reserveRebuild(key(name), estimate),
              });
            case 'give back':
              return reservations.shift()?.reservation[Symbol.dispose]();
            case 'publish': {
              const next = reservations.shift();
              if (!next) return undefined;
              using reservation = next.reservation;
              using _workspaces = await manager.workspaces.acquireRead();
              const target = manager.table.get(key(next.name).id);
              if (target) manager.publishAndRetain(reservation, target, graph(name, bytes));
              // As the end of every publish does: a workspace that has a graph is loaded.
              return target?.state.set('loaded');
            }
            case 'lease':
              return workspace?.cell && leases.push(hold(workspace));
            case 'release':
              return leases.shift()?.release();
            case 'unload':
              return await manager.unload(key(name));
            case 'evict':
              return await manager.evictLru();
            case 'reset':
              return await manager.reset(key(name));
            case 'pin':
              return await manager.pin(key(name));
            case 'unpin':
              return await manager.unpin(key(name));
            case 'reap':
              return manager.reapOnce();
          }
        };

        for (const step of operations) {
          let refused: GraphError | undefined;
          try {
            await run(step);
          } catch (error) {
            if (!(error instanceof GraphError)) throw error;
            refused = error;
          }
          met.add(refused?.code ?? step.kind);
          const { loaded, reserved, retained, limit, highWater } = manager.memory;
          if (Math.min(loaded, reserved, retained) < 0 || loaded + reserved + retained > limit) {
            throw new Error(`${step.kind}: ${JSON.stringify(manager.memory)}`);
          }
          if (highWater < loaded + reserved + retained)
            throw new Error(`${step.kind}: the high-water mark lags`);
          // The books against what there is.
          const graphs = [...manager.table.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
          const promised = reservations.reduce((sum, { reservation }) => sum + reservation.bytes, 0);
          if (loaded !== graphs || reserved !== promised)
            throw new Error(`${step.kind}: the books are wrong`);
        }

        for (const { reservation } of reservations) reservation[Symbol.dispose]();
        for (const lease of leases) lease.release();
        manager.reapOnce();
        expect(manager.memory).toMatchObject({ reserved: 0, retained: 0 });
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  // The sequences went everywhere.
  expect([...met].sort()).toEqual(
    [
      ...OPERATIONS,
      'ERR_GRAPH_EVICTED',
      'ERR_GRAPH_MEMORY_BUDGET',
      'ERR_GRAPH_NOT_LOADED',
      'ERR_GRAPH_OVERSIZE',
      'ERR_GRAPH_PINNED',
    ].sort(),
  );
});
