import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { FleetWorkspaceJson, SessionJson } from '../../../src/manager/client/index.ts';
import { openDb } from '../../../src/manager/index.ts';
import { client, makeDirectory } from '../../manager/fakes.ts';
import { ControlPlane, reply } from '../../manager/fleet/control-plane.ts';
import { createDatabase, describePostgres, describeRedis, REDIS_URL } from '../../manager/servers.ts';
import { FaultyLine } from './faulty-line.ts';
import { ManagerProcess } from './process.ts';

vi.setConfig({ testTimeout: 120_000 });

const REPO = client(0xa);
const session = (intent: string) => ({
  repo_id: REPO,
  agent_id: 'a',
  changeset_id: client(0xc),
  intent,
  base_commit: 'c0ffee',
});

function planeSettings(plane: ControlPlane): Record<string, string> {
  return { WS_MANAGER_CONTROL_PLANE_URL: plane.url, WS_MANAGER_CONTROL_PLANE_TOKEN: plane.token };
}

/** Waits until a workspace of the fleet has a status. */
async function whenStatus(manager: ManagerProcess, id: string, status: string): Promise<FleetWorkspaceJson> {
  const look = () => manager.client.getFleetWorkspace(id);
  await expect.poll(async () => (await look()).status, { timeout: 60_000, interval: 100 }).toBe(status);
  return await look();
}

describePostgres('a database that is gone for 5 s', () => {
  test('fails requests with 503 and nothing else: no row is lost, and the work in the background goes on', async () => {
    const url = await createDatabase();
    const line = await FaultyLine.start(url);
    const plane = await ControlPlane.start();
    const manager = await ManagerProcess.start({ DATABASE_URL: line.url, ...planeSettings(plane) });
    const before = await manager.client.createFleetWorkspace({ name: 'before', runtime: 'node' });
    await whenStatus(manager, before.id, 'online');
    const { session_id } = await manager.client.createSession(session('before'));
    const shared = await manager.client.createWorkspace({ path: await makeDirectory() });
    await using events = await manager.client.attach(shared.id);
    // One whose instance starts while the database is there, and is to be entered when it is not.
    let answer = (): void => {};
    plane.answers.push((response) => {
      answer = () => reply(response, 201, plane.put(between.id));
    });
    const between = await manager.client.createFleetWorkspace({ name: 'between', runtime: 'node' });
    await expect.poll(() => plane.answers.length).toBe(0);

    // Many are on their way when it goes.
    const sent = Array.from({ length: 40 }, (_, n) =>
      manager.send('POST', '/v1/sessions', session(`on its way ${n}`)),
    );
    const first = await Promise.race(sent);
    expect(first.status).toBe(201);
    line.cut();
    answer();
    const answers = await Promise.all(sent);
    expect(answers.map(({ status }) => status).filter((status) => status !== 201 && status !== 503)).toEqual(
      [],
    );

    const gone = { status: 503, body: { code: 'ERR_DATABASE_UNAVAILABLE' } };
    for (const end = Date.now() + 5_000; Date.now() < end; await pause(250)) {
      expect(await manager.send('GET', '/v1/health')).toMatchObject(gone);
      expect(await manager.send('GET', '/v1/fleet/workspaces')).toMatchObject(gone);
      expect(await manager.send('POST', '/v1/sessions', session('never'))).toMatchObject(gone);
      expect(
        await manager.send('POST', '/v1/fleet/org/import', { tree: { name: 'x', runtime: 'n' } }),
      ).toMatchObject(gone);
      // What needs no database does not notice.
      expect((await manager.client.listWorkspaces()).map(({ id }) => id)).toEqual([shared.id]);
      expect(await manager.metric('ws_manager_streams')).toBe(1);
    }
    await line.restore();

    await expect
      .poll(() => manager.send('GET', '/v1/health'))
      .toEqual({ status: 200, body: { status: 'ok' } });
    const entered = answers.filter(({ status }) => status === 201);
    const known = (await manager.client.listSessions(REPO)).map((each) => each.session_id);
    expect(known).toEqual(
      expect.arrayContaining([session_id, ...entered.map(({ body }) => (body as SessionJson).session_id)]),
    );
    expect((await manager.client.getFleetWorkspace(before.id)).status).toBe('online');
    // It was not entered, so it was stopped; its claim runs out, and the loop that looks for such starts it once more.
    const recovered = await whenStatus(manager, between.id, 'online');
    expect(recovered.last_error).toBeNull();
    expect([...plane.instances.keys()].sort()).toEqual([before.id, between.id].sort());
    const db = await openDb({ url });
    onTestFinished(() => db.close());
    const { rows } = await db.query('SELECT id FROM workspaces WHERE claim_token IS NOT NULL');
    expect(rows).toEqual([]);
    events.detach();
    await expect.poll(() => manager.metric('ws_manager_workspaces')).toBe(0);
    expect(await manager.end('SIGTERM')).toEqual([0, null]);
  });
});

describeRedis('a cache that is gone for good', () => {
  test.each([
    ['and says so', 'cut'],
    ['without a word', 'freeze'],
  ] as const)(
    '%s: creates and look-ups neither fail nor get slow, and the end is not held up',
    async (_, fault) => {
      if (REDIS_URL === undefined) throw new Error('there is no Redis server');
      const line = await FaultyLine.start(REDIS_URL);
      const manager = await ManagerProcess.start({ REDIS_URL: line.url });
      const made = await manager.client.createSession(session('cached'));
      line[fault]();
      await expectSwift(manager, made.session_id);
      await expect.poll(() => manager.metric('ws_manager_cache_errors_total')).toBeGreaterThan(0);
      expect(await manager.end('SIGTERM')).toEqual([0, null]);
    },
  );
});

test.each([
  ['was never there', async () => 'redis://127.0.0.1:1'],
  ['takes connections and says nothing', async () => (await FaultyLine.toNowhere()).url],
])('D a cache that %s: creates and look-ups neither fail nor get slow', async (_, url) => {
  const manager = await ManagerProcess.start({ REDIS_URL: await url() });
  const { session_id } = await manager.client.createSession(session('not cached'));
  await expectSwift(manager, session_id);
  expect(await manager.end('SIGTERM')).toEqual([0, null]);
});

/** That 40 requests take less time than four that wait for the cache would. */
async function expectSwift(manager: ManagerProcess, sessionId: string): Promise<void> {
  // Not open here any more, so that the cache is asked first, once the eviction does not wait for it any more.
  await manager.send('DELETE', `/v1/sessions/${sessionId}`);
  await expect.poll(() => manager.logged('L2 cache evict failed'), { timeout: 5_000 }).toBe(1);
  const start = performance.now();
  for (let n = 0; n < 20; n++) {
    await manager.client.createSession(session(`without ${n}`));
    expect((await manager.send('GET', `/v1/sessions/${sessionId}`)).status).toBe(200);
  }
  expect(performance.now() - start).toBeLessThan(2_000);
}

test('M a backend that hangs: its workspace fails in time, and nobody else waits for it', async () => {
  const plane = await ControlPlane.start();
  let hanging = '';
  plane.hangs = (method, route, { name }) =>
    (method === 'PUT' && name === 'hangs') || (method === 'DELETE' && route.endsWith(hanging));
  const manager = await ManagerProcess.start({
    ...planeSettings(plane),
    WS_MANAGER_CONTROL_PLANE_TIMEOUT_MS: '3000',
  });
  const hangs = await manager.client.createFleetWorkspace({ name: 'hangs', runtime: 'node' });
  hanging = hangs.id;
  const others = await Promise.all(
    ['a', 'b', 'c'].map((name) => manager.client.createFleetWorkspace({ name, runtime: 'node' })),
  );
  for (const { id } of others) await whenStatus(manager, id, 'online');
  expect((await manager.client.getFleetWorkspace(hangs.id)).status).toBe('provisioning');

  const failed = await whenStatus(manager, hangs.id, 'failed');
  expect(failed.last_error).toBe('PUT of the control plane did not end within 3000 ms');
  plane.hangs = () => false;
  await manager.client.control(hangs.id, 'restart');
  await whenStatus(manager, hangs.id, 'online');
  expect(await manager.end('SIGTERM')).toEqual([0, null]);
});

describe('a builder that throws', () => {
  const memoryOf = async (manager: ManagerProcess) => {
    const status = await manager.client.rpc<{
      workspaces: { index_root: string; state: string; last_error: string | null }[];
      memory: { current_bytes: number; reserved_bytes: number; retained_bytes: number };
    }>('daemon/status');
    return {
      workspaces: status.workspaces,
      reserved: status.memory.reserved_bytes,
      retained: status.memory.retained_bytes,
    };
  };

  test('S leaves no reservation and a failed state; the next load works', async () => {
    const manager = await ManagerProcess.start();
    const root = path.join(await makeDirectory(), 'later');
    for (let n = 0; n < 20; n++) {
      await expect(manager.client.rpc('daemon/load', { root })).rejects.toMatchObject({ code: -32001 });
    }
    expect(await memoryOf(manager)).toMatchObject({
      workspaces: [{ index_root: root, state: 'failed', last_error: expect.stringContaining('ENOENT') }],
      reserved: 0,
      retained: 0,
    });
    await mkdir(root);
    await writeFile(path.join(root, 'a.ts'), '');
    expect(await manager.client.rpc('daemon/load', { root })).toMatchObject({ root, files: 1 });
    expect(await memoryOf(manager)).toMatchObject({ workspaces: [{ state: 'loaded' }], reserved: 0 });
  });

  test('C leaves no workspace and no claim; the next create works', async () => {
    const manager = await ManagerProcess.start();
    const root = path.join(await makeDirectory(), 'taken');
    await writeFile(root, '');
    const create = () => manager.client.createWorkspace({ path: root });
    const [one, other] = await Promise.allSettled([create(), create()]);
    for (const outcome of [one, other]) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { status: 400, code: 'ERR_NOT_A_DIRECTORY', message: `${root} is not a directory` },
      });
    }
    expect(await manager.client.listWorkspaces()).toEqual([]);
    expect(await manager.metric('ws_manager_workspaces')).toBe(0);
    await rm(root);
    await mkdir(root);
    expect(await create()).toMatchObject({ path: root });
  });
});

test('C clients that vanish mid-stream: their claims end, and the workspace closes once, with the last of them', async () => {
  const manager = await ManagerProcess.start({ WS_MANAGER_IDLE_SHUTDOWN_S: '0' });
  const anchor = manager.client;
  const { id } = await anchor.createWorkspace({ path: await makeDirectory() });
  const stream = await anchor.attach(id);
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { type } of stream) seen.push(type);
  })();

  const { hostname, port } = new URL(manager.url);
  const clients = Array.from({ length: 100 }, (_, n) => {
    const socket = connect(Number(port), hostname);
    // Every other one has two streams.
    const who = client(1 + Math.floor((2 * n) / 3));
    socket.write(`GET /v1/workspaces/${id}/events?client_id=${who} HTTP/1.1\r\nhost: m\r\n\r\n`);
    return socket;
  });
  await Promise.all(clients.map((socket) => once(socket, 'data')));
  expect(await manager.metric('ws_manager_streams')).toBe(101);
  // Some say goodbye, some do not.
  for (const [n, socket] of clients.entries()) {
    if (n % 2 === 0) socket.destroy();
    else socket.resetAndDestroy();
  }
  await expect.poll(() => manager.metric('ws_manager_streams')).toBe(1);
  expect(await manager.metric('ws_manager_workspaces')).toBe(1);
  expect(seen).toEqual([]);

  const exit = once(manager.child, 'exit');
  stream.detach();
  await reading;
  // With its last workspace this manager ends, by itself.
  expect(await exit).toEqual([0, null]);
  expect(manager.logged('Last workspace removed, shutting down server...')).toBe(1);
  expect(manager.log.filter(({ level }) => level === 'error')).toEqual([]);
});
