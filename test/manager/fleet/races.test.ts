import { expect, test } from 'vitest';
import { type Db, migrate, openDb, type TreeNode } from '../../../src/manager/index.ts';
import { createDatabase, describePostgres } from '../servers.ts';
import { becomes, FakeBackend, makeFleet, makeParts, newWorkspace, online, until } from './support.ts';

/** Two pools on one database, as two managers have them. */
async function withTwo(body: (dbs: readonly [Db, Db]) => Promise<void>): Promise<void> {
  const url = await createDatabase();
  const dbs = [await openDb({ url }), await openDb({ url })] as const;
  try {
    await migrate(dbs[0]);
    await body(dbs);
  } finally {
    await Promise.all(dbs.map((db) => db.close()));
  }
}

/** Two managers that share one backend. They are closed before their databases. */
async function withFleets(
  body: (fleets: {
    readonly backend: FakeBackend;
    readonly db: Db;
    readonly one: ReturnType<typeof makeFleet>['fleet'];
    readonly other: ReturnType<typeof makeFleet>['fleet'];
  }) => Promise<void>,
): Promise<void> {
  await withTwo(async ([first, second]) => {
    const backend = new FakeBackend();
    const backends = { controlPlane: backend };
    const { fleet: one } = makeFleet(first, { backends });
    const { fleet: other } = makeFleet(second, { backends });
    try {
      await body({ backend, db: first, one, other });
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  });
}

describePostgres('races', () => {
  test('M-F1 of 20 imports at once by two managers there is one row for each name, and one start', async () => {
    await withFleets(async ({ backend, db, one, other }) => {
      const org: TreeNode = {
        name: 'org',
        runtime: 'node',
        children: Array.from({ length: 3 }, (_, i) => ({
          name: `team ${i}`,
          children: [{ name: 'web' }, { name: 'api' }],
        })),
      };
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : other).importTrees([org])),
      );
      const ids = new Set(all.flat().map(({ id }) => id));
      expect(ids.size).toBe(10);
      expect(all.flat().filter(({ skipped }) => !skipped)).toHaveLength(10);
      const { rows } = await db.query<{ count: number }>(
        'SELECT count(*) AS count FROM workspaces GROUP BY parent_id, name',
      );
      expect(rows).toEqual(Array(10).fill({ count: 1 }));
      for (const id of ids) await becomes(one, id, 'online');
      expect([backend.made, backend.overlaps]).toEqual([10, 0]);
    });
  });

  test('M-F3 of 20 creates of one name at once each gets its own', async () => {
    await withFleets(async ({ one, other }) => {
      const created = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 === 0 ? one : other).create({ name: 'ada', runtime: 'node' }),
        ),
      );
      const expected = ['ada', ...Array.from({ length: 19 }, (_, i) => `ada (${i + 2})`)];
      expect(created.map(({ name }) => name).sort()).toEqual(expected.sort());
      for (const { id } of created) await becomes(one, id, 'online');
    });
  });

  test('M-F4 a restart by another manager while a workspace is created never starts it twice', async () => {
    await withFleets(async ({ backend, one, other }) => {
      for (let round = 0; round < 20; round++) {
        const { id } = await one.create({ name: 'ada', runtime: 'node' });
        const restarted = await Promise.allSettled([other.restart(id), one.restart(id), other.restart(id)]);
        for (const outcome of restarted) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ERR_FLEET_BUSY' });
        }
        await until(() => one.dispatchers.provisionGate.size + other.dispatchers.provisionGate.size === 0);
        await becomes(one, id, 'online');
        expect(backend.running.size).toBe(1);
        expect((await one.remove(id)).status).toBe('ok');
      }
      expect([backend.overlaps, backend.running.size]).toEqual([0, 0]);
    });
  });

  test('restarts by two managers at once: one claims, the other is told', async () => {
    await withFleets(async ({ backend, one, other }) => {
      const { id } = await online(one, 'ada');
      for (let round = 0; round < 10; round++) {
        const outcomes = await Promise.allSettled([one.restart(id), other.restart(id)]);
        expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
        await until(() => one.dispatchers.provisionGate.size + other.dispatchers.provisionGate.size === 0);
        expect((await one.get(id)).status).toBe('online');
      }
      expect([backend.overlaps, backend.running.size]).toEqual([0, 1]);
    });
  });

  test('what is left behind is recovered by one of two managers', async () => {
    await withFleets(async ({ backend, db, one, other }) => {
      const dead = makeParts(db, {});
      const left = await Promise.all(Array.from({ length: 10 }, (_, i) => dead.insert(`ada ${i}`)));
      await db.query("UPDATE workspaces SET claimed_until = now() - interval '1 second'");
      const recovered = await Promise.all([one.recover(), other.recover()]);
      expect(recovered[0] + recovered[1]).toBe(10);
      for (const { workspace } of left) await becomes(one, workspace.id, 'online');
      expect([backend.made, backend.overlaps]).toEqual([10, 0]);
    });
  });

  test('a sweep by one manager and a resume by another leave a workspace that runs', async () => {
    await withFleets(async ({ backend, one, other }) => {
      const { id } = await online(one, 'ada');
      for (let round = 0; round < 20; round++) {
        await one.pause(id);
        // Left behind, as after a crash in the middle of the pause.
        backend.running.set(id, { workspaceId: id, instanceId: `left ${round}`, health: 'healthy' });
        const [, resumed] = await Promise.all([
          one.sweep(),
          other.resume(id).catch((error: unknown) => error),
        ]);
        await until(() => one.dispatchers.provisionGate.size + other.dispatchers.provisionGate.size === 0);
        const { status } = await one.get(id);
        expect([status, backend.running.has(id)]).toEqual(
          status === 'online' ? ['online', true] : ['paused', false],
        );
        if (status === 'paused') {
          expect(resumed).toMatchObject({ status: 'failed' });
          await other.resume(id);
          await becomes(other, id, 'online');
        }
      }
      expect(backend.overlaps).toBe(0);
    });
  });

  test('a child that comes while its parent is removed is removed with it, or refused', async () => {
    await withTwo(async ([db, second]) => {
      const one = makeParts(db, {});
      const other = makeParts(second, {});
      for (let round = 0; round < 50; round++) {
        const parent = newWorkspace(`ada ${round}`);
        (await one.claims.insert(parent))?.[Symbol.dispose]();
        const children = Array.from({ length: 4 }, (_, i) => newWorkspace(`bob ${i}`, parent.id));
        const [, ...outcomes] = await Promise.allSettled([
          one.rows.remove(parent.id),
          ...children.map((child) => other.claims.insert(child)),
        ]);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected')
            expect(outcome.reason).toMatchObject({ code: 'ERR_FLEET_NOT_FOUND' });
          else if (outcome.value && 'workspace' in outcome.value) outcome.value[Symbol.dispose]();
        }
      }
      expect(await one.rows.list()).toEqual([]);
    });
  });
});
