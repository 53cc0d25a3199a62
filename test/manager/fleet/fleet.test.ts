import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Db, Fleet, StatusChange } from '../../../src/manager/index.ts';
import { Gate } from '../fakes.ts';
import { describeDatabases } from '../servers.ts';
import { becomes, FakeBackend, makeFleet, online, until } from './support.ts';

/** What is done to a workspace by its id. */
function bound(fleet: Fleet) {
  return {
    restart: (id: string) => fleet.restart(id),
    resume: (id: string) => fleet.resume(id),
    pause: (id: string) => fleet.pause(id),
    remove: (id: string) => fleet.remove(id),
  };
}

describeDatabases('fleet', (open) => {
  async function start(backend: FakeBackend | undefined = new FakeBackend()) {
    const db = await open();
    return { db, backend, ...makeFleet(db, { backends: { process: backend } }) };
  }

  /** The audit trail of a workspace. */
  async function audit(db: Db, id: string): Promise<unknown[]> {
    const { rows } = await db.query('SELECT event, fields FROM workspaces_audit WHERE workspace_id = $1', [
      id,
    ]);
    return rows;
  }

  test('a workspace is created with the defaults of its deployment, and started', async () => {
    const { fleet, backend } = await start();
    const { id, status } = await fleet.create({
      name: ' ada ',
      runtime: 'claude-code',
      config: { region: 'eu' },
    });
    expect(status).toBe('provisioning');
    expect(await becomes(fleet, id, 'online')).toMatchObject({
      name: 'ada',
      parentId: null,
      model: 'sonnet',
      tier: 3,
      instanceId: 'fake-1',
    });
    expect(backend.specs).toEqual([
      {
        workspaceId: id,
        name: 'ada',
        runtime: 'claude-code',
        model: 'sonnet',
        tier: 3,
        config: { region: 'eu', name: 'ada', runtime: 'claude-code', model: 'sonnet', tier: 3 },
        session: 'keep',
      },
    ]);
  });

  test.each([
    [{ name: ' ', runtime: 'node' }, 'ERR_FLEET_INVALID'],
    [{ name: 'a\nb', runtime: 'node' }, 'ERR_FLEET_INVALID'],
    [{ name: 'x'.repeat(201), runtime: 'node' }, 'ERR_FLEET_INVALID'],
    [{ name: 'ada', runtime: '../node' }, 'ERR_FLEET_INVALID'],
    [{ name: 'ada', runtime: 'node', parentId: 'nobody' }, 'ERR_FLEET_NOT_FOUND'],
    [{ name: 'ada', runtime: 'node', parentId: randomUUID() }, 'ERR_FLEET_NOT_FOUND'],
  ])('%j cannot be created', async (input, code) => {
    const { fleet } = await start();
    await expect(fleet.create(input)).rejects.toMatchObject({ code });
    await until(() => fleet.dispatchers.provisionGate.size === 0);
    expect(await fleet.list()).toEqual([]);
  });

  test('M-F3 a name that is taken gets a number, up to 20', async () => {
    const { fleet } = await start();
    const names: string[] = [];
    for (let i = 0; i < 20; i++) names.push((await fleet.create({ name: 'ada', runtime: 'node' })).name);
    expect(names).toEqual(['ada', ...Array.from({ length: 19 }, (_, i) => `ada (${i + 2})`)]);
    await expect(fleet.create({ name: 'ada', runtime: 'node' })).rejects.toMatchObject({
      code: 'ERR_FLEET_NAME_TAKEN',
    });
    await until(() => fleet.dispatchers.provisionGate.size === 0);
  });

  test('M-F3 a name is taken under one parent, and by what has not been removed', async () => {
    const { fleet } = await start();
    const ada = await online(fleet, 'ada');
    expect((await fleet.create({ name: 'ada', runtime: 'node', parentId: ada.id })).name).toBe('ada');
    await fleet.remove(ada.id);
    expect((await fleet.create({ name: 'ada', runtime: 'node' })).name).toBe('ada');
  });

  test('an update changes what it is given, and not to a name that is taken', async () => {
    const { fleet } = await start();
    const [ada] = [await online(fleet, 'ada'), await online(fleet, 'bob')];
    expect(await fleet.update(ada.id, { tier: 1, config: { a: 1 } })).toMatchObject({
      name: 'ada',
      model: ada.model,
      tier: 1,
      config: { a: 1 },
    });
    expect((await fleet.update(ada.id, { name: 'eve' })).name).toBe('eve');
    await expect(fleet.update(ada.id, { name: 'bob' })).rejects.toMatchObject({
      code: 'ERR_FLEET_NAME_TAKEN',
    });
    await expect(fleet.update(randomUUID(), {})).rejects.toMatchObject({ code: 'ERR_FLEET_NOT_FOUND' });
  });

  test('M-09 pause stops a workspace and those below it, and resume starts them again', async () => {
    const { fleet, backend } = await start();
    const ada = await online(fleet, 'ada');
    const bob = await online(fleet, 'bob', ada.id);
    const changes: StatusChange[] = [];
    using _subscription = fleet.subscribe((change) => changes.push(change));
    expect(await fleet.pause(ada.id)).toEqual({
      status: 'ok',
      results: [
        { id: ada.id, name: 'ada', outcome: 'done' },
        { id: bob.id, name: 'bob', outcome: 'done' },
      ],
    });
    expect([...backend.running.keys()]).toEqual([]);
    expect(await fleet.get(ada.id)).toMatchObject({ status: 'paused', instanceId: null });
    expect((await fleet.resume(ada.id)).status).toBe('ok');
    await becomes(fleet, ada.id, 'online');
    await becomes(fleet, bob.id, 'online');
    expect(backend.running.size).toBe(2);
    const told = changes.filter(({ workspaceId }) => workspaceId === ada.id).map(({ status }) => status);
    expect(told).toEqual(['paused', 'provisioning', 'online']);
  });

  test('M-F5 what is below and paused already is passed over, in both directions', async () => {
    const { fleet } = await start();
    const ada = await online(fleet, 'ada');
    const bob = await online(fleet, 'bob', ada.id);
    await fleet.pause(bob.id);
    expect((await fleet.pause(ada.id)).results.map(({ outcome }) => outcome)).toEqual(['done', 'skipped']);
    await fleet.resume(bob.id);
    await becomes(fleet, bob.id, 'online');
    expect((await fleet.resume(ada.id)).results.map(({ outcome }) => outcome)).toEqual(['done', 'skipped']);
  });

  test('M-F5 a pause that cannot stop one of two says so, and the row still says that it runs', async () => {
    const { fleet, backend } = await start();
    const ada = await online(fleet, 'ada');
    const bob = await online(fleet, 'bob', ada.id);
    backend.stopErrors.push(new Error('busy'));
    const { status, results } = await fleet.pause(ada.id);
    expect(status).toBe('partial');
    const failed = results.filter(({ outcome }) => outcome === 'failed');
    expect(failed).toEqual([expect.objectContaining({ outcome: 'failed', error: 'busy' })]);
    const rows = await Promise.all([fleet.get(ada.id), fleet.get(bob.id)]);
    expect(rows.map((row) => row.status).sort()).toEqual(['online', 'paused']);
    expect(rows.find((row) => row.status === 'online')?.lastError).toBe('busy');
  });

  test('M-F5 a pause that stops nothing has failed', async () => {
    const { fleet, backend } = await start();
    const ada = await online(fleet, 'ada');
    backend.stopErrors.push(new Error('busy'));
    expect(await fleet.pause(ada.id)).toEqual({
      status: 'failed',
      results: [{ id: ada.id, name: 'ada', outcome: 'failed', error: 'busy' }],
    });
  });

  test('M-F5 a pause of which nobody waits for the end is done all the same', async () => {
    const { fleet, backend } = await start();
    const ada = await online(fleet, 'ada');
    backend.stopGate = new Gate();
    const abandoned = fleet.pause(ada.id);
    await until(() => backend.calls.includes(`stop ${ada.id}`));
    backend.stopGate.open();
    expect((await becomes(fleet, ada.id, 'paused')).status).toBe('paused');
    await until(() => backend.running.size === 0);
    await abandoned;
  });

  test('M-F5 a pause behind a hung start is given up after 60 s, and has changed nothing', async () => {
    const { fleet, backend, clock } = await start();
    const ada = await online(fleet, 'ada');
    const held = await fleet.dispatchers.provisionGate.acquire(ada.id);
    const paused = fleet.pause(ada.id);
    await until(() => clock.running.includes(60_000));
    clock.advance(60_000);
    expect(await paused).toEqual({
      status: 'failed',
      results: [{ id: ada.id, name: 'ada', outcome: 'failed', error: 'pause did not end within 60000 ms' }],
    });
    held();
    await until(() => fleet.dispatchers.provisionGate.size === 0);
    expect((await fleet.get(ada.id)).status).toBe('online');
    expect(backend.running.size).toBe(1);
  });

  test('M-F5 only one of two claims wins, before anything is dispatched', async () => {
    const { fleet, backend } = await start();
    const ada = await online(fleet, 'ada');
    await fleet.pause(ada.id);
    const before = backend.calls.length;
    const outcomes = await Promise.all(
      [fleet.resume(ada.id), fleet.resume(ada.id)].map((x) => x.catch((e) => e)),
    );
    await becomes(fleet, ada.id, 'online');
    expect(backend.calls.slice(before)).toEqual([`start ${ada.id}`]);
    expect(
      outcomes.filter((outcome) => outcome.status === 'ok' && outcome.results[0].outcome === 'done'),
    ).toHaveLength(1);
  });

  test('M-09 what cannot be paused or resumed as it is, is refused', async () => {
    const { fleet } = await start();
    const ada = await online(fleet, 'ada');
    await expect(fleet.resume(ada.id)).rejects.toMatchObject({ code: 'ERR_FLEET_STATUS', status: 'online' });
    await fleet.pause(ada.id);
    await expect(fleet.pause(ada.id)).rejects.toMatchObject({ code: 'ERR_FLEET_STATUS', status: 'paused' });
    await expect(fleet.restart(ada.id)).rejects.toMatchObject({ code: 'ERR_FLEET_STATUS', status: 'paused' });
    for (const id of [randomUUID(), 'nobody']) {
      await expect(fleet.pause(id)).rejects.toMatchObject({ code: 'ERR_FLEET_NOT_FOUND' });
      await expect(fleet.restart(id)).rejects.toMatchObject({ code: 'ERR_FLEET_NOT_FOUND' });
    }
  });

  test('M-09 resume without a backend has failed, and so has the row', async () => {
    const db = await open();
    const first = makeFleet(db, { backends: { process: new FakeBackend() } });
    const ada = await online(first.fleet, 'ada');
    await first.fleet.pause(ada.id);
    const { fleet } = makeFleet(db);
    expect((await fleet.resume(ada.id)).status).toBe('failed');
    await becomes(fleet, ada.id, 'failed');
  });

  test('M-09 restart stops and starts, in the background', async () => {
    const { fleet, backend, events } = await start();
    const ada = await online(fleet, 'ada');
    backend.stopGate = new Gate();
    expect(await fleet.restart(ada.id)).toBe('started');
    expect((await fleet.get(ada.id)).status).toBe('provisioning');
    backend.stopGate.open();
    expect((await becomes(fleet, ada.id, 'online')).instanceId).toBe('fake-2');
    expect(backend.calls).toEqual([`start ${ada.id}`, `stop ${ada.id}`, `start ${ada.id}`]);
    expect(events.filter((line) => line.includes('"sync":true'))).toHaveLength(1);
  });

  test('M-10 restarts that come while one runs are one more restart, with all that was asked for', async () => {
    const { fleet, backend } = await start();
    const ada = await online(fleet, 'ada');
    backend.startGate = new Gate();
    expect(await fleet.restart(ada.id)).toBe('started');
    await until(() => backend.calls.length === 3);
    const more = [
      fleet.restart(ada.id),
      fleet.restart(ada.id, { resetSession: true }),
      fleet.restart(ada.id),
    ];
    expect(await Promise.all(more)).toEqual(['queued', 'queued', 'queued']);
    backend.startGate.open();
    await until(() => backend.made === 3 && !fleet.dispatchers.provisionGate.isLocked(ada.id));
    expect(backend.specs.map(({ session }) => session)).toEqual(['keep', 'keep', 'reset']);
    expect(await fleet.restart(ada.id)).toBe('started');
    await until(() => backend.made === 4);
  });

  test('M-10 a restart that fails does not keep the next one from running', async () => {
    const { fleet, backend } = await start();
    const ada = await online(fleet, 'ada');
    backend.startErrors.push(new Error('no room'));
    await fleet.restart(ada.id);
    expect((await becomes(fleet, ada.id, 'failed')).lastError).toBe('no room');
    await until(() => !fleet.dispatchers.provisionGate.isLocked(ada.id));
    await fleet.restart(ada.id);
    expect((await becomes(fleet, ada.id, 'online')).lastError).toBeNull();
  });

  test('M-F4 a restart while the workspace is created comes after that', async () => {
    const { fleet, backend } = await start();
    backend.startGate = new Gate();
    const { id } = await fleet.create({ name: 'ada', runtime: 'node' });
    await until(() => backend.calls.length === 1);
    expect(await fleet.restart(id)).toBe('queued');
    expect(backend.calls).toEqual([`start ${id}`]);
    backend.startGate.open();
    await until(() => backend.made === 2);
    expect(backend.calls).toEqual([`start ${id}`, `stop ${id}`, `start ${id}`]);
    expect(backend.overlaps).toBe(0);
  });

  test('M-F7 a removed workspace is not restarted, resumed or paused', async () => {
    const { fleet, backend } = await start();
    const ada = await online(fleet, 'ada');
    expect((await fleet.remove(ada.id)).status).toBe('ok');
    const { restart, resume, pause, remove } = bound(fleet);
    for (const operation of [restart, resume, pause, remove]) {
      await expect(operation(ada.id)).rejects.toMatchObject({ code: 'ERR_FLEET_NOT_FOUND' });
    }
    expect(backend.running.size).toBe(0);
    expect(await fleet.list()).toEqual([]);
  });

  test('M-F7 a restart that waits while its workspace is removed restarts nothing', async () => {
    const { fleet, backend, logger } = await start();
    const ada = await online(fleet, 'ada');
    const held = await fleet.dispatchers.provisionGate.acquire(ada.id);
    expect(await fleet.restart(ada.id)).toBe('queued');
    const removed = fleet.remove(ada.id);
    await until(async () => (await fleet.list()).length === 0);
    held();
    expect((await removed).status).toBe('ok');
    expect(backend.made).toBe(1);
    expect(logger.lines.map(({ message }) => message)).toEqual(['Workspace not restarted']);
  });

  test('M-F8 a remove stops all that is below, and tries three times', async () => {
    const { fleet, backend, clock, db } = await start();
    const ada = await online(fleet, 'ada');
    const bob = await online(fleet, 'bob', ada.id);
    backend.stopErrors.push(new Error('busy 1'), new Error('busy 2'));
    const removed = fleet.remove(ada.id);
    await until(() => clock.running.filter((ms) => ms === 1_000).length === 2);
    clock.advance(1_000);
    expect(await removed).toMatchObject({
      status: 'ok',
      results: [
        { id: ada.id, outcome: 'done' },
        { id: bob.id, outcome: 'done' },
      ],
    });
    expect(backend.running.size).toBe(0);
    expect(await audit(db, ada.id)).toEqual([]);
  });

  test('M-F8 what a remove cannot stop is written down, stays removed, and is swept later', async () => {
    const { fleet, backend, clock, db, logger } = await start();
    const ada = await online(fleet, 'ada');
    backend.stopErrors.push(new Error('busy 1'), new Error('busy 2'), new Error('busy 3'));
    const removed = fleet.remove(ada.id);
    for (const pause of [1_000, 2_000]) {
      await until(() => clock.running.includes(pause));
      clock.advance(pause);
    }
    expect(await removed).toMatchObject({ status: 'failed', results: [{ error: 'busy 3' }] });
    expect(await audit(db, ada.id)).toEqual([
      { event: 'workspace.delete.terminate_retry_exhausted', fields: { error: 'busy 3' } },
    ]);
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'LEAK-SUSPECT: instance of a removed workspace not stopped',
    ]);
    expect(await fleet.list()).toEqual([]);
    expect(backend.running.size).toBe(1);
    expect(await fleet.sweep()).toEqual({ stopped: 1, changed: 0 });
    expect(backend.running.size).toBe(0);
  });

  test('a remove interrupts a start that hangs, and stops what comes of it', async () => {
    const { fleet, backend } = await start();
    backend.startGate = new Gate();
    const { id } = await fleet.create({ name: 'ada', runtime: 'node' });
    await until(() => backend.calls.length === 1);
    expect((await fleet.remove(id)).status).toBe('ok');
    expect(await fleet.list()).toEqual([]);
    backend.startGate.open();
    await until(() => backend.running.size === 1);
    expect(await fleet.sweep()).toEqual({ stopped: 1, changed: 0 });
  });

  test('a heartbeat is for a workspace that exists', async () => {
    const { fleet, db } = await start();
    const ada = await online(fleet, 'ada');
    await fleet.heartbeat(ada.id);
    const { rowCount } = await db.query('SELECT 1 FROM workspaces WHERE heartbeat_at IS NOT NULL');
    expect(rowCount).toBe(1);
    await expect(fleet.heartbeat(randomUUID())).rejects.toMatchObject({ code: 'ERR_FLEET_NOT_FOUND' });
    await expect(fleet.heartbeat('nobody')).rejects.toMatchObject({ code: 'ERR_FLEET_NOT_FOUND' });
  });

  test('a fleet that is closed takes nothing on', async () => {
    const { fleet } = await start();
    const ada = await online(fleet, 'ada');
    await fleet.close();
    const refused = { code: 'ERR_FLEET_CLOSED' };
    await expect(fleet.create({ name: 'bob', runtime: 'node' })).rejects.toMatchObject(refused);
    await expect(fleet.restart(ada.id)).rejects.toMatchObject(refused);
    await expect(fleet.pause(ada.id)).rejects.toMatchObject(refused);
    await expect(fleet.remove(ada.id)).rejects.toMatchObject(refused);
    await expect((async () => fleet.importTrees([]))()).rejects.toMatchObject(refused);
    expect((await fleet.get(ada.id)).status).toBe('online');
  });
});
