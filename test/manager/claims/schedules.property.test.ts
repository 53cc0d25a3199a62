import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { hasErrorCode, MemoryPathIndex } from '../../../src/manager/index.ts';
import { buildApp, client, GRACE, settle, startBackend, turns } from './support.ts';

// A thousand schedules take about a second; a loaded machine may need its time.
vi.setConfig({ testTimeout: 60_000 });

// Paths as they are: a file system would bring in turns of its own, and with them chance.
vi.mock('../../../src/manager/claims/path-key.ts', () => ({
  resolveWorkspaceKey: async (path: string) => path,
}));

const few = fc.nat({ max: 8 });

/** What one client does with one workspace; the numbers count turns of the microtask queue. */
const visit = fc.record({
  client: fc.constantFrom(client(1), client(2), client(3)),
  path: fc.constantFrom('/a', '/b'),
  start: fc.nat({ max: 40 }),
  streams: fc.nat({ max: 2 }),
  stay: few,
  deletes: fc.boolean(),
  abortAfter: fc.option(fc.nat({ max: 30 }), { nil: undefined }),
});

const schedule = fc.record({
  visits: fc.array(visit, { minLength: 1, maxLength: 8 }),
  /** When the grace period of all holds runs out. */
  expiries: fc.array(fc.nat({ max: 60 }), { maxLength: 3 }),
  /** How long the n-th lookup, build and shutdown take, and whether the n-th build fails. */
  lookups: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 8 }),
  builds: fc.array(fc.record({ length: few, fails: fc.boolean() }), { minLength: 1, maxLength: 4 }),
  shutdowns: fc.array(few, { minLength: 1, maxLength: 4 }),
  /** None, as in the system that this comes from, or some. */
  detachGraceMs: fc.constantFrom(0, GRACE),
  idleShutdownDelayMs: fc.constantFrom(0, GRACE),
});

/** Hands out the elements of `values` over and over. */
function cycle<T>(values: readonly T[]): () => T {
  let i = 0;
  return () => values[i++ % values.length] as T;
}

test('in 1000 schedules a directory is open once at a time, and every workspace closes once', async () => {
  let [opened, closedEarly, shared, aborted] = [0, 0, 0, 0];
  await fc.assert(
    fc.asyncProperty(schedule, async ({ visits, expiries, lookups, builds, shutdowns, detachGraceMs }) => {
      const [nextLookup, nextBuild, nextShutdown] = [cycle(lookups), cycle(builds), cycle(shutdowns)];
      const inUse = new Map<string, number>();
      const violations: string[] = [];
      const closed = new Map<string, number>();

      const { backend, clock, apps } = startBackend({
        shutdownServer: undefined,
        detachGraceMs,
        index: new (class extends MemoryPathIndex {
          override async get(key: string): Promise<string | undefined> {
            await turns(nextLookup());
            return await super.get(key);
          }
        })(),
        build: async (request, context) => {
          const { id, resolvedPath } = request;
          const { length, fails } = nextBuild();
          const users = (inUse.get(resolvedPath) ?? 0) + 1;
          inUse.set(resolvedPath, users);
          if (users > 1) violations.push(`${resolvedPath} is open twice`);
          context.defer(() => void inUse.set(resolvedPath, (inUse.get(resolvedPath) ?? 0) - 1));
          await turns(length);
          if (fails) throw new Error('build');
          const built = await buildApp(request, context);
          return {
            ...built,
            shutdown: async () => {
              await turns(nextShutdown());
              closed.set(id, (closed.get(id) ?? 0) + 1);
            },
          };
        },
      });

      const run = async ({
        client,
        path,
        start,
        streams,
        stay,
        deletes,
        abortAfter,
      }: (typeof visits)[number]) => {
        const abort = new AbortController();
        await turns(start);
        if (abortAfter !== undefined) void turns(abortAfter).then(() => abort.abort());
        const created = await backend
          .createWorkspace({ path, clientId: client }, { signal: abort.signal })
          .catch((error: unknown) => {
            if (abort.signal.aborted) aborted++;
            else if (!hasErrorCode(error, 'ERR_WORKSPACE_BUILD')) throw error;
          });
        if (!created) return;
        const { workspace } = created;
        let attached = 0;
        try {
          for (; attached < streams; attached++) await backend.attachClient(workspace.id, client);
          await turns(stay);
          if (attached > 0 && (closed.has(workspace.id) || !backend.listWorkspaces().includes(workspace))) {
            violations.push(`${workspace.path} closed under a client`);
          }
          if (workspace.clients.size > 1) shared++;
        } catch (error) {
          if (!hasErrorCode(error, 'ERR_WORKSPACE_NOT_FOUND')) throw error;
        }
        if (deletes) await backend.deleteWorkspace(workspace.id, client);
        for (; attached > 0; attached--) await backend.detachClient(workspace.id, client);
      };

      let done = false;
      const all = Promise.all([
        ...visits.map(run),
        ...expiries.map((at) => turns(at).then(() => clock.advance(GRACE))),
      ]).finally(() => {
        done = true;
      });
      await settle();
      expect(done).toBe(true);
      await all;
      closedEarly += closed.size;
      clock.advance(GRACE);
      await settle();

      expect(violations).toEqual([]);
      expect(backend.listWorkspaces()).toEqual([]);
      expect(clock.running).toEqual([]);
      expect([...inUse.values()].filter((users) => users !== 0)).toEqual([]);
      // Aborted builds close without ever having been open.
      expect([...closed.values()].filter((times) => times !== 1)).toEqual([]);
      expect(closed.size).toBe(apps.length);
      opened += apps.length;
    }),
    { numRuns: 1000, seed: 20 },
  );
  // The schedules are worth their name only if these things happen in them.
  expect(Math.min(opened, closedEarly, shared, aborted)).toBeGreaterThan(100);
});

test('C-F1 C-F2 C-X8 in 1000 schedules the server exits once, with nothing open', async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(schedule, async ({ visits, expiries, builds, shutdowns, ...delays }) => {
      const [nextBuild, nextShutdown] = [cycle(builds), cycle(shutdowns)];
      let open = 0;
      const openAtExit: number[] = [];
      const { backend, clock } = startBackend({
        detachGraceMs: delays.detachGraceMs,
        idleShutdownDelayMs: delays.idleShutdownDelayMs,
        shutdownServer: () => void openAtExit.push(open),
        build: async (request, context) => {
          const { length, fails } = nextBuild();
          open++;
          context.defer(() => void open--);
          await turns(length);
          if (fails) throw new Error('build');
          return { ...(await buildApp(request, context)), shutdown: () => turns(nextShutdown()) };
        },
      });
      const run = async ({ client, path, start, deletes }: (typeof visits)[number]) => {
        await turns(start);
        try {
          const { workspace } = await backend.createWorkspace({ path, clientId: client });
          if (deletes) await backend.deleteWorkspace(workspace.id, client);
        } catch (error) {
          if (hasErrorCode(error, 'ERR_SERVER_SHUTTING_DOWN')) refused++;
          else if (!hasErrorCode(error, 'ERR_WORKSPACE_BUILD')) throw error;
        }
      };
      await Promise.all([
        ...visits.map(run),
        ...expiries.map((at) => turns(at).then(() => clock.advance(GRACE))),
      ]);
      // The holds, and then the lingering.
      for (let i = 0; i < 2; i++) {
        clock.advance(GRACE);
        await settle();
      }
      expect(openAtExit).toEqual([0]);
      expect(clock.running).toEqual([]);
    }),
    { numRuns: 1000, seed: 20 },
  );
  // Half of the servers linger, and refuse nobody meanwhile.
  expect(refused).toBeGreaterThan(50);
});
