import { expect, test } from 'vitest';
import { type Db, prometheusMetrics } from '../../../src/manager/index.ts';
import { Gate } from '../fakes.ts';
import { describeDatabases, wrapped } from '../servers.ts';
import { becomes, FakeBackend, makeFleet, makeParts, online, until } from './support.ts';

/** Lets the time of every claim be over. */
async function expireClaims(db: Db): Promise<void> {
  await db.query(
    "UPDATE workspaces SET claimed_until = now() - interval '1 second' WHERE claim_token IS NOT NULL",
  );
}

describeDatabases('keeper', (open) => {
  async function start() {
    const db = await open();
    const backend = new FakeBackend();
    const metrics = await prometheusMetrics();
    return { db, backend, metrics, ...makeFleet(db, { backends: { process: backend }, metrics }) };
  }

  test('what a dead manager was starting is started, when its claim is over, and counted', async () => {
    const { db, fleet, metrics } = await start();
    // Inserts, and is never heard of again.
    const dead = makeParts(db, {});
    const { workspace } = await dead.insert();
    expect(await fleet.recover()).toBe(0);
    await expireClaims(db);
    expect(await fleet.recover()).toBe(1);
    await becomes(fleet, workspace.id, 'online');
    expect(await metrics.render()).toContain('ws_manager_phantom_busy_resets_total 1\n');
    expect(await fleet.recover()).toBe(0);
  });

  test('an instance that a dead manager has started is adopted, not started twice', async () => {
    const { db, fleet, backend } = await start();
    const dead = makeParts(db, {});
    const { workspace } = await dead.insert();
    backend.running.set(workspace.id, { workspaceId: workspace.id, instanceId: 'theirs', health: 'healthy' });
    await expireClaims(db);
    await fleet.recover();
    expect((await becomes(fleet, workspace.id, 'online')).instanceId).toBe('theirs');
    expect(backend.made).toBe(0);
  });

  test('a claim is renewed as long as its holder lives, and nobody recovers the row', async () => {
    const { db, fleet, backend, clock } = await start();
    backend.startGate = new Gate();
    const { id } = await fleet.create({ name: 'ada', runtime: 'node' });
    await until(() => backend.calls.length === 1);
    const until0 = async () =>
      (await db.query<{ t: Date }>('SELECT claimed_until AS t FROM workspaces')).rows[0]?.t.getTime() ?? 0;
    const before = await until0();
    clock.advance(10_000);
    await until(async () => (await until0()) > before);
    const other = makeFleet(db, { backends: { process: backend } });
    expect(await other.fleet.recover()).toBe(0);
    backend.startGate.open();
    await becomes(fleet, id, 'online');
    // The row says so before its holder hears of it, and lets go of the claim.
    await until(() => clock.running.length === 0);
  });

  test('a claim that somebody else has taken over is lost: what its holder does is given up', async () => {
    const { db, fleet, backend, clock } = await start();
    backend.startGate = new Gate();
    const { id } = await fleet.create({ name: 'ada', runtime: 'node' });
    await until(() => backend.calls.length === 1);
    await expireClaims(db);
    const other = makeFleet(db, { backends: { process: backend } });
    expect(await other.fleet.recover()).toBe(1);
    await until(() => backend.calls.length === 2);
    clock.advance(10_000);
    await until(() => fleet.dispatchers.provisionGate.size === 0);
    // The loser has stopped nothing: the instance is the other's.
    expect(backend.calls).toEqual([`start ${id}`, `start ${id}`]);
    backend.startGate.open();
    await becomes(other.fleet, id, 'online');
    expect(backend.running.size).toBe(1);
  });

  test('a claim that cannot be renewed in time is lost', async () => {
    const db = await open();
    let isGone = false;
    const leaving = wrapped(db, {
      query: async (text, params) => {
        if (isGone) throw new Error('the database is gone');
        return await db.query(text, params);
      },
    });
    const { insert, clock, logger } = makeParts(leaving, {});
    const claim = await insert();
    isGone = true;
    for (const seconds of [10, 20]) {
      clock.advance(10_000);
      await until(() => logger.lines.length === seconds / 10 && clock.running.length === 1);
      expect(claim.signal.aborted).toBe(false);
    }
    clock.advance(10_000);
    await until(() => claim.signal.aborted);
    expect(clock.running).toEqual([]);
  });

  test('M-08 the instance of a removed workspace is stopped, and that of a foreign one is left alone', async () => {
    const { fleet, backend, db } = await start();
    const ada = await online(fleet, 'ada');
    await db.query("UPDATE workspaces SET status = 'removed'");
    backend.running.set('foreign', { workspaceId: 'foreign', instanceId: 'x', health: 'healthy' });
    expect(await fleet.sweep()).toEqual({ stopped: 1, changed: 0 });
    expect([...backend.running.keys()]).toEqual(['foreign']);
    expect(backend.calls).toEqual([`start ${ada.id}`, `stop ${ada.id}`]);
    expect(await fleet.sweep()).toEqual({ stopped: 0, changed: 0 });
  });

  test('an instance is not swept while somebody is at work on its workspace', async () => {
    const { fleet, backend, db } = await start();
    const ada = await online(fleet, 'ada');
    await db.query("UPDATE workspaces SET status = 'paused'");
    const held = fleet.dispatchers.provisionGate.tryAcquire(ada.id);
    expect(await fleet.sweep()).toEqual({ stopped: 0, changed: 0 });
    held?.();
    const other = makeParts(db, {});
    const claim = await other.claims.take(ada.id, ['paused'], 'same');
    expect(await fleet.sweep()).toEqual({ stopped: 0, changed: 0 });
    await claim.yield();
    expect(backend.running.size).toBe(1);
    expect(await fleet.sweep()).toEqual({ stopped: 1, changed: 0 });
    expect((await fleet.get(ada.id)).status).toBe('paused');
  });

  test('a workspace is not resumed while what it has left behind is being stopped', async () => {
    const { fleet, backend, db } = await start();
    const ada = await online(fleet, 'ada');
    await db.query("UPDATE workspaces SET status = 'paused'");
    backend.stopGate = new Gate();
    const swept = fleet.sweep();
    await until(() => backend.calls.includes(`stop ${ada.id}`));
    const other = makeFleet(db, { backends: { process: backend } });
    expect(await other.fleet.resume(ada.id)).toMatchObject({
      status: 'failed',
      results: [{ error: expect.stringContaining('is being started or stopped') }],
    });
    backend.stopGate.open();
    expect(await swept).toEqual({ stopped: 1, changed: 0 });
    await other.fleet.resume(ada.id);
    await becomes(other.fleet, ada.id, 'online');
    expect(backend.running.size).toBe(1);
  });

  test('a status follows its instance: gone, unhealthy, back', async () => {
    const { fleet, backend } = await start();
    const ada = await online(fleet, 'ada');
    const instance = backend.running.get(ada.id);
    if (!instance) throw new Error('no instance');
    backend.running.delete(ada.id);
    expect(await fleet.sweep()).toEqual({ stopped: 0, changed: 1 });
    expect((await fleet.get(ada.id)).status).toBe('offline');
    backend.running.set(ada.id, { ...instance, health: 'unhealthy' });
    await fleet.sweep();
    expect((await fleet.get(ada.id)).status).toBe('degraded');
    backend.running.set(ada.id, instance);
    await fleet.sweep();
    expect((await fleet.get(ada.id)).status).toBe('online');
    expect(await fleet.sweep()).toEqual({ stopped: 0, changed: 0 });
  });

  test('what is restarted while its instance is looked for is not called offline', async () => {
    const { fleet, backend } = await start();
    const ada = await online(fleet, 'ada');
    const list = new Gate();
    const asked = new Gate();
    const instances = await backend.list();
    backend.list = async () => {
      asked.open();
      await list.opened;
      return instances.filter(() => false);
    };
    const swept = fleet.sweep();
    await asked.opened;
    await fleet.restart(ada.id);
    await until(async () => (await fleet.get(ada.id)).instanceId === 'fake-2');
    list.open();
    expect(await swept).toEqual({ stopped: 0, changed: 0 });
  });

  test('a fleet that starts recovers and sweeps at once, and then every 10 s and every minute', async () => {
    const { db, fleet, clock } = await start();
    const dead = makeParts(db, {});
    const { workspace } = await dead.insert();
    // Of PGlite there is no other manager; of PostgreSQL there may be, until the claim is over.
    if (db.kind === 'postgres') await expireClaims(db);
    await fleet.start();
    await becomes(fleet, workspace.id, 'online');
    // What starting has left running for a moment is gone by then.
    await until(() => clock.running.sort((a, b) => a - b).join() === '10000,60000');
  });
});
