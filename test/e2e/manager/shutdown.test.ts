import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ProcessBackend } from '../../../src/manager/index.ts';
import { client, makeDirectory } from '../../manager/fakes.ts';
import { ManagerProcess } from './process.ts';

vi.setConfig({ testTimeout: 120_000 });

const COMMAND = 'sh -c "echo started; exec sleep 1000"';
const TREE = { name: 'org', runtime: 'node', children: ['a', 'b', 'c', 'd'].map((name) => ({ name })) };

/** A data directory, whose processes are gone after the test. */
async function dataDirectory(): Promise<string> {
  const directory = path.join(await makeDirectory(), 'data');
  const backend = new ProcessBackend({ directory: path.join(directory, 'processes'), command: ['true'] });
  const { signal } = new AbortController();
  onTestFinished(async () => {
    for (const { workspaceId } of await backend.list({ signal })) await backend.stop(workspaceId, { signal });
  });
  return directory;
}

function start(directory: string): Promise<ManagerProcess> {
  return ManagerProcess.start({ WS_MANAGER_DATA: directory, WS_MANAGER_WORKSPACE_COMMAND: COMMAND });
}

/** Waits until so many workspaces of the fleet are online. */
async function whenOnline(manager: ManagerProcess, count: number): Promise<void> {
  const online = async () =>
    (await manager.client.listFleetWorkspaces()).filter(({ status }) => status === 'online').length;
  await expect.poll(online, { timeout: 60_000, interval: 100 }).toBeGreaterThanOrEqual(count);
}

/** Imports the tree once more: what was there is found, what was not is made, and each was started once. */
async function expectCompleted(directory: string): Promise<void> {
  const manager = await start(directory);
  const before = (await manager.client.listFleetWorkspaces()).map(({ id }) => id);
  const results = await manager.client.importTree(TREE);
  expect(results.map(({ name }) => name)).toEqual(['org', 'a', 'b', 'c', 'd']);
  expect(results.flatMap(({ id, skipped }) => (skipped ? [id] : []))).toEqual(before);
  await whenOnline(manager, 5);
  const rows = await manager.client.listFleetWorkspaces();
  expect(rows.map(({ status }) => status)).toEqual(Array(5).fill('online'));
  const logs = rows.map(({ id }) => readFile(path.join(directory, 'processes', `${id}.log`), 'utf8'));
  expect(await Promise.all(logs)).toEqual(Array(5).fill('started\n'));
  expect(await manager.end('SIGTERM')).toEqual([0, null]);
}

test('M-08 kill -9 during an import: a manager that starts on the directory loses no row, and starts nothing twice', async () => {
  const directory = await dataDirectory();
  const manager = await start(directory);
  const { session_id } = await manager.client.createSession({
    repo_id: client(0xa),
    agent_id: 'a',
    changeset_id: client(0xc),
    base_commit: 'c0ffee',
  });
  const shared = await manager.client.createWorkspace({ path: await makeDirectory() });
  const stream = await manager.client.attach(shared.id);
  const importing = manager.client.importTree(TREE).catch((error: unknown) => error);
  await whenOnline(manager, 2);
  expect(await manager.end('SIGKILL')).toEqual([null, 'SIGKILL']);
  expect(await importing).toBeInstanceOf(TypeError);
  stream.detach();

  await expectCompleted(directory);
  const again = await start(directory);
  expect(await again.client.listWorkspaces()).toEqual([]);
  expect((await again.send('GET', `/v1/sessions/${session_id}`)).status).toBe(200);
  expect((await again.send('POST', `/v1/sessions/${session_id}/resume`)).status).toBe(200);
});

test('SIGTERM with streams open and an import running: nobody waits for the rest of it, and nothing is lost', async () => {
  const directory = await dataDirectory();
  const manager = await start(directory);
  const shared = await manager.client.createWorkspace({ path: await makeDirectory() });
  const seen = Array.from({ length: 20 }, async () => {
    const types: string[] = [];
    const stream = await manager.connect().attach(shared.id);
    for await (const { type } of stream) types.push(type);
    return types;
  });
  await expect.poll(() => manager.metric('ws_manager_streams')).toBe(20);
  const importing = manager.client.importTree(TREE).catch((error: unknown) => error);
  await whenOnline(manager, 1);
  const instances = await manager.client.listFleetWorkspaces();

  // The import as a whole pauses for 10 s.
  const began = performance.now();
  expect(await manager.end('SIGTERM')).toEqual([0, null]);
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(await importing).toMatchObject({ status: 503, code: 'ERR_FLEET_CLOSED' });
  expect(await Promise.all(seen)).toEqual(Array(20).fill(['closing']));
  expect(manager.log.filter(({ level }) => level === 'error')).toEqual([]);
  expect(instances.length).toBeGreaterThan(0);
  await expectCompleted(directory);
});

test.each([
  ['has sent half a request', 'POST /v1/sessions HTTP/1.1\r\nhost: m\r\ncontent-length: 100\r\n\r\n{'],
  ['has sent half of its headers', 'GET /v1/health HTTP/1.1\r\nhost:'],
])('SIGTERM is not held up by a client that %s', async (_, half) => {
  const manager = await ManagerProcess.start();
  const { hostname, port } = new URL(manager.url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(half);
  // Answered after what was sent before, so that the half has arrived.
  expect((await manager.send('GET', '/v1/health')).status).toBe(200);
  const began = performance.now();
  expect(await manager.end('SIGTERM')).toEqual([0, null]);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test('SIGTERM is not held up by a client that does not read its stream', async () => {
  const manager = await ManagerProcess.start();
  const create = { path: await makeDirectory() };
  const { id } = await manager.client.createWorkspace(create);
  const { hostname, port } = new URL(manager.url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.write(`GET /v1/workspaces/${id}/events?client_id=${client(1)} HTTP/1.1\r\nhost: m\r\n\r\n`);
  await once(socket, 'data');
  socket.pause();
  // A warning that repeats what is too large for the buffers on the way.
  for (let n = 0; n < 3; n++) {
    await manager.client.createWorkspace({ ...create, version: 'x'.repeat(8 * 2 ** 20) });
  }
  const began = performance.now();
  expect(await manager.end('SIGTERM')).toEqual([0, null]);
  expect(performance.now() - began).toBeLessThan(10_000);
});
