import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type InstanceSpec, ProcessBackend, type ProcessBackendOptions } from '../../../src/manager/index.ts';
import { makeDirectory } from '../fakes.ts';
import { until } from './support.ts';

const { signal } = new AbortController();
/** Runs until it is told to end. */
const SLEEP = ['sleep', '1000'] as const;

function spec(workspaceId: string = randomUUID()): InstanceSpec {
  return {
    workspaceId,
    name: 'ada',
    runtime: 'node',
    model: 'm',
    tier: 3,
    config: { a: 1 },
    session: 'keep',
  };
}

async function start(options: Partial<ProcessBackendOptions> = {}) {
  const directory = await makeDirectory();
  const make = () =>
    new ProcessBackend({ directory, command: SLEEP, startupMs: 30, stopGraceMs: 5_000, ...options });
  const backend = make();
  onTestFinished(async () => {
    for (const { workspaceId } of await backend.list({ signal })) await backend.stop(workspaceId, { signal });
  });
  return { directory, backend, make };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function pidOf(instanceId: string): number {
  return Number(instanceId.split('-')[0]);
}

test('a process is started, listed, and stopped, and leaves a log only', async () => {
  const { directory, backend } = await start();
  const asked = spec();
  const instance = await backend.start(asked, { signal });
  expect(isAlive(pidOf(instance.instanceId))).toBe(true);
  expect(instance).toMatchObject({ workspaceId: asked.workspaceId, health: 'healthy' });
  expect(await backend.list({ signal })).toEqual([instance]);
  await backend.stop(asked.workspaceId, { signal });
  expect(isAlive(pidOf(instance.instanceId))).toBe(false);
  expect(await backend.list({ signal })).toEqual([]);
  expect(await readdir(directory)).toEqual([`${asked.workspaceId}.log`]);
  await backend.stop(asked.workspaceId, { signal });
});

test('a process is told what it is for, and none of the secrets of the manager', async () => {
  process.env['WS_TEST_SECRET'] = 'sesame';
  onTestFinished(() => void delete process.env['WS_TEST_SECRET']);
  const { directory, backend } = await start({
    command: ['sh', '-c', 'env; echo printed; exec sleep 1000'],
    env: { EXTRA: 'yes' },
  });
  const asked = spec();
  await backend.start(asked, { signal });
  const log = join(directory, `${asked.workspaceId}.log`);
  await until(async () => (await readFile(log, 'utf8')).includes('printed\n'));
  const lines = (await readFile(log, 'utf8')).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      `WS_WORKSPACE_ID=${asked.workspaceId}`,
      'WS_WORKSPACE_NAME=ada',
      'WS_WORKSPACE_RUNTIME=node',
      'WS_WORKSPACE_MODEL=m',
      'WS_WORKSPACE_TIER=3',
      'WS_WORKSPACE_CONFIG={"a":1}',
      'WS_WORKSPACE_SESSION=keep',
      'EXTRA=yes',
    ]),
  );
  expect(lines.filter((line) => line.includes('sesame'))).toEqual([]);
});

test('a process that runs is kept, by another manager too, which can stop it', async () => {
  const { backend, make } = await start();
  const asked = spec();
  const first = await backend.start(asked, { signal });
  const other = make();
  expect(await other.start(asked, { signal })).toEqual(first);
  expect(await other.list({ signal })).toEqual([first]);
  await other.stop(asked.workspaceId, { signal });
  expect(isAlive(pidOf(first.instanceId))).toBe(false);
});

test('of managers that start a workspace at once one does, and all have it', async () => {
  const { directory, make, backend } = await start({
    command: ['sh', '-c', 'echo started; exec sleep 1000'],
  });
  const asked = spec();
  const instances = await Promise.all(Array.from({ length: 5 }, () => make().start(asked, { signal })));
  expect(new Set(instances.map(({ instanceId }) => instanceId)).size).toBe(1);
  expect(await backend.list({ signal })).toEqual([instances[0]]);
  const log = join(directory, `${asked.workspaceId}.log`);
  await until(async () => (await readFile(log, 'utf8')) !== '');
  expect(await readFile(log, 'utf8')).toBe('started\n');
});

test('what has ended is started again, as another instance', async () => {
  const { backend } = await start();
  const asked = spec();
  const first = await backend.start(asked, { signal });
  process.kill(pidOf(first.instanceId), 'SIGKILL');
  await until(async () => (await backend.list({ signal })).length === 0);
  const second = await backend.start(asked, { signal });
  expect(second.instanceId).not.toBe(first.instanceId);
  expect(isAlive(pidOf(second.instanceId))).toBe(true);
});

test('a pid that is used again by something else is neither taken for the workspace nor stopped', async () => {
  const { directory, backend } = await start();
  const other = await backend.start(spec(), { signal });
  const asked = spec();
  const stat = '4 (sleep) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 0';
  await writeFile(join(directory, `${asked.workspaceId}.pid`), `${pidOf(other.instanceId)}\n${stat}\n`);
  await backend.stop(asked.workspaceId, { signal });
  expect(isAlive(pidOf(other.instanceId))).toBe(true);
  const instance = await backend.start(asked, { signal });
  expect(instance.instanceId).not.toBe(other.instanceId);
});

test('a process that does not end by SIGTERM gets SIGKILL, and so do those that it has started', async () => {
  const script = 'trap "" TERM; sleep 1000 & echo child $!; wait; wait';
  const { directory, backend } = await start({ command: ['sh', '-c', script], stopGraceMs: 50 });
  const asked = spec();
  const { instanceId } = await backend.start(asked, { signal });
  const log = join(directory, `${asked.workspaceId}.log`);
  await until(async () => (await readFile(log, 'utf8')).includes('child'));
  const child = Number((await readFile(log, 'utf8')).split(' ')[1]);
  await backend.stop(asked.workspaceId, { signal });
  expect(isAlive(pidOf(instanceId))).toBe(false);
  await until(
    async () =>
      !isAlive(child) || / Z /.test(await readFile(`/proc/${child}/stat`, 'utf8').catch(() => ' Z ')),
  );
});

test('a command that ends at once has not started', async () => {
  const { directory, backend } = await start({ command: ['sh', '-c', 'exit 3'], startupMs: 5_000 });
  const asked = spec();
  await expect(backend.start(asked, { signal })).rejects.toMatchObject({
    code: 'ERR_PROVISION_EXITED',
    message: `sh ended with 3 at once; its output is in ${asked.workspaceId}.log`,
  });
  expect(await readdir(directory)).toEqual([`${asked.workspaceId}.log`]);
});

test('a command that does not exist has not started', async () => {
  const { backend } = await start({ command: ['no-such-program'], startupMs: 5_000 });
  await expect(backend.start(spec(), { signal })).rejects.toMatchObject({
    code: 'ERR_PROVISION_EXITED',
    message: expect.stringContaining('no-such-program ended with 127'),
  });
});

test('a directory to run in that does not exist is told', async () => {
  const { backend } = await start({ cwd: '/no/such/directory' });
  await expect(backend.start(spec(), { signal })).rejects.toMatchObject({ code: 'ERR_PROVISION_EXITED' });
});

test('health is asked for with the pid', async () => {
  const asked: [string, number][] = [];
  const { backend } = await start({
    isHealthy: async (workspaceId, pid) => {
      asked.push([workspaceId, pid]);
      return false;
    },
  });
  const { workspaceId, instanceId, health } = await backend.start(spec(), { signal });
  expect(health).toBe('unhealthy');
  expect(asked).toEqual([[workspaceId, pidOf(instanceId)]]);
});

test('an id that is no UUID is refused: it would be a part of a path', async () => {
  const { backend } = await start();
  await expect(backend.start(spec('../x'), { signal })).rejects.toMatchObject({
    code: 'ERR_PROVISION_REFUSED',
  });
  await expect(backend.stop('../x', { signal })).rejects.toMatchObject({ code: 'ERR_PROVISION_REFUSED' });
});

test('what nobody waits for any more is not started', async () => {
  const { backend } = await start();
  await expect(backend.start(spec(), { signal: AbortSignal.abort(new Error('removed')) })).rejects.toThrow(
    'removed',
  );
  expect(await backend.list({ signal })).toEqual([]);
});
