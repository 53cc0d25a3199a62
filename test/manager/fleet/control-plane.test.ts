import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { ControlPlaneBackend, type InstanceSpec } from '../../../src/manager/index.ts';
import { FakeClock } from '../fakes.ts';
import { ControlPlane, reply } from './control-plane.ts';
import { until } from './support.ts';

const { signal } = new AbortController();
const SPEC: InstanceSpec = {
  workspaceId: 'w 1',
  name: 'ada',
  runtime: 'node',
  model: 'm',
  tier: 4,
  config: { region: 'eu' },
  session: 'reset',
};

async function start() {
  const plane = await ControlPlane.start();
  const clock = new FakeClock();
  return { plane, clock, backend: new ControlPlaneBackend({ url: plane.url, token: plane.token, clock }) };
}

test('starts, lists and stops', async () => {
  const { plane, backend, clock } = await start();
  const instance = { workspaceId: 'w%201', instanceId: 'i-1', health: 'healthy' };
  expect(await backend.start(SPEC, { signal })).toEqual(instance);
  expect(plane.bodies).toEqual([
    { workspace_id: 'w 1', name: 'ada', runtime: 'node', model: 'm', tier: 4, config: { region: 'eu' } },
  ]);
  expect(await backend.list({ signal })).toEqual([instance]);
  await backend.stop('w 1', { signal });
  expect(await backend.list({ signal })).toEqual([]);
  expect(clock.running).toEqual([]);
});

test('what runs already is kept, and what does not run is stopped', async () => {
  const { plane, backend } = await start();
  const first = await backend.start(SPEC, { signal });
  expect(await backend.start(SPEC, { signal })).toEqual(first);
  expect(plane.instances.size).toBe(1);
  await backend.stop('nobody', { signal });
});

test('the health of an instance is told', async () => {
  const { plane, backend } = await start();
  await backend.start(SPEC, { signal });
  for (const instance of plane.instances.values()) instance.health = 'unhealthy';
  expect((await backend.list({ signal })).map(({ health }) => health)).toEqual(['unhealthy']);
});

test('a path in front of the API is kept', async () => {
  const { plane } = await start();
  plane.answers.push((response) =>
    reply(response, 200, { instances: [{ workspace_id: 'w', instance_id: 'i' }] }),
  );
  const backend = new ControlPlaneBackend({ url: `${plane.url}/api`, token: plane.token });
  expect(await backend.list({ signal })).toHaveLength(1);
  expect(() => new ControlPlaneBackend({ url: 'ftp://plane', token: '' })).toThrow('http:// or https://');
});

test('a wrong token is refused', async () => {
  const { plane } = await start();
  const backend = new ControlPlaneBackend({ url: plane.url, token: 'wrong' });
  await expect(backend.start(SPEC, { signal })).rejects.toMatchObject({ code: 'ERR_PROVISION_REFUSED' });
});

test.each([
  [404, 'ERR_PROVISION_REFUSED'],
  [422, 'ERR_PROVISION_REFUSED'],
  [500, 'ERR_PROVISION_UNREACHABLE'],
  [503, 'ERR_PROVISION_UNREACHABLE'],
])('an answer of %s is %s', async (status, code) => {
  const { plane, backend } = await start();
  plane.answers.push((response) => reply(response, status, { error: 'full' }));
  await expect(backend.start(SPEC, { signal })).rejects.toMatchObject({
    code,
    message: `the control plane answered ${status}: {"error":"full"}`,
  });
});

test.each([
  ['no JSON', (body: string) => body],
  ['[]', (body: string) => body],
  ['{"workspace_id":1,"instance_id":"i"}', (body: string) => body],
])('an answer of %s is no instance', async (body) => {
  const { plane, backend } = await start();
  plane.answers.push((response) => void response.writeHead(200).end(body));
  await expect(backend.start(SPEC, { signal })).rejects.toMatchObject({ code: 'ERR_PROVISION_REFUSED' });
});

test('a stop is done when there is nothing, and has failed when the plane has', async () => {
  const { plane, backend } = await start();
  plane.answers.push((response) => reply(response, 502, {}));
  await expect(backend.stop('w', { signal })).rejects.toMatchObject({ code: 'ERR_PROVISION_UNREACHABLE' });
});

test('a redirect is not followed: it would take the token along', async () => {
  const { plane, backend } = await start();
  plane.answers.push(
    (response) => void response.writeHead(307, { location: `${plane.url}/v1/instances` }).end(),
  );
  await expect(backend.list({ signal })).rejects.toMatchObject({ code: 'ERR_PROVISION_UNREACHABLE' });
  expect(plane.requests).toBe(1);
});

test('a plane that is not there is told with the reason', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const backend = new ControlPlaneBackend({ url: `http://127.0.0.1:${port}`, token: '' });
  await expect(backend.list({ signal })).rejects.toMatchObject({
    code: 'ERR_PROVISION_UNREACHABLE',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('a plane that hangs, before its answer or in it, is given up after 30 s', async () => {
  const { plane, backend, clock } = await start();
  plane.answers.push(
    () => {},
    (response) => void response.writeHead(200).write('{'),
  );
  for (const requests of [1, 2]) {
    const listed = backend.list({ signal });
    await until(() => plane.requests === requests);
    clock.advance(30_000);
    await expect(listed).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
  }
  expect(clock.running).toEqual([]);
});

test('a call that nobody waits for any more ends with the reason', async () => {
  const { plane, backend } = await start();
  plane.answers.push(() => {});
  const controller = new AbortController();
  const started = backend.start(SPEC, { signal: controller.signal });
  await until(() => plane.requests === 1);
  const reason = new Error('removed');
  controller.abort(reason);
  await expect(started).rejects.toBe(reason);
});
