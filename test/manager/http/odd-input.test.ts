import { once } from 'node:events';
import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { client } from '../fakes.ts';
import { type Served, startServed } from './support.ts';

let served: Served;
let workspace: { readonly id: string; readonly token: string };
beforeAll(async () => {
  served = await startServed({ DELEGATION_LEDGER_WRITE: '1' });
  const { body } = await served.send('POST', '/v1/fleet/workspaces', { name: 'w', runtime: 'mock' });
  workspace = body as typeof workspace;
  return () => served.manager.close();
});

const SESSION = {
  repo_id: client(1),
  agent_id: 'a',
  agent_name: 'n',
  changeset_id: client(2),
  intent: 'i',
  base_commit: 'c',
};

/** What no column of PostgreSQL keeps as it is. */
describe.each([
  ['a NUL', 'a\0b'],
  ['half a surrogate pair', 'a\uD800b'],
])('%s in a text is refused, and not taken for a failure of the server', (_what, text) => {
  test.each(['agent_id', 'agent_name', 'intent', 'base_commit'])('of a session: %s', async (field) => {
    expect(await served.send('POST', '/v1/sessions', { ...SESSION, [field]: text })).toEqual({
      status: 400,
      body: { message: expect.stringMatching(`^${field} .*NUL`), code: 'ERR_INVALID_SESSION' },
    });
  });

  test.each([
    ['name', text],
    ['model', text],
    ['config', { a: [{ b: text }] }],
    ['config', { [text]: 1 }],
  ])('of a workspace of the fleet: %s', async (field, value) => {
    const refusal = { status: 400, body: { code: 'ERR_FLEET_INVALID' } };
    const create = { name: 'x', runtime: 'mock', [field]: value };
    expect(await served.send('POST', '/v1/fleet/workspaces', create)).toMatchObject(refusal);
    expect(await served.send('POST', '/v1/fleet/org/import', { tree: create })).toMatchObject(refusal);
    expect(
      await served.send('PATCH', `/v1/fleet/workspaces/${workspace.id}`, { [field]: value }),
    ).toMatchObject(refusal);
  });
});

test.each(['%00', 'a%00b', ''])('a file called %j is no file of a session', async (file) => {
  const session_id = client(3);
  await served.send('POST', '/v1/sessions', { ...SESSION, agent_name: undefined, session_id });
  for (const what of ['modifiers', 'file']) {
    const { status } = await served.send('GET', `/v1/sessions/${session_id}/${what}?file=${file}`);
    expect([what, status]).toEqual([what, what === 'file' && file !== '' ? 404 : 400]);
  }
});

test('the id of a delegation that cannot be one is refused', async () => {
  const path = `/v1/fleet/workspaces/${workspace.id}/delegations/%00/heartbeat`;
  expect(await served.send('POST', path, {}, { authorization: `Bearer ${workspace.token}` })).toMatchObject({
    status: 400,
  });
});

describe('a body that is nested too deeply is refused', () => {
  const refusal = { status: 400, body: { message: 'the request is nested too deeply' } };
  const deep = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);

  test.each([201, 20_000])('of %d levels', async (levels) => {
    const body = `{"config":${deep('{"a":', '}', levels - 1).replace('}', '1}')}}`;
    expect(await served.send('PATCH', `/v1/fleet/workspaces/${workspace.id}`, body)).toEqual(refusal);
  });

  test('one of 200 levels is not', async () => {
    const body = `{"config":${deep('{"a":', '}', 199).replace('}', '1}')}}`;
    expect(await served.send('PATCH', `/v1/fleet/workspaces/${workspace.id}`, body)).toMatchObject({
      status: 200,
    });
  });

  test('a tree of 20000 levels', async () => {
    const body = `{"tree":${deep('{"name":"a","runtime":"mock","children":[', ']}', 20_000)}}`;
    expect(await served.send('POST', '/v1/fleet/org/import', body)).toEqual(refusal);
  });

  test('a tree that is only too deep for a tree is told so', async () => {
    const body = `{"tree":${deep('{"name":"a","runtime":"mock","children":[', ']}', 33)}}`;
    expect(await served.send('POST', '/v1/fleet/org/import', body)).toMatchObject({
      status: 400,
      body: { code: 'ERR_FLEET_INVALID', message: 'a tree has at most 32 levels' },
    });
  });
});

test.each([
  ['what is no URL', '/v1/workspaces/%E0%A4%A', 400],
  ['a long URL', `/v1/workspaces/${'a'.repeat(9_000)}`, 400],
  ['two parameters of a name', '/v1/sessions?repo_id=a&repo_id=b', 400],
  ['a way up', '/v1/workspaces/..%2f..%2fetc%2fpasswd', 404],
])('%s is answered with a message of the usual shape', async (_what, path, status) => {
  const answer = await served.send('GET', path);
  expect(answer.status).toBe(status);
  const keys = Object.keys(answer.body as object);
  expect(keys.filter((key) => key !== 'code')).toEqual(['message']);
});

test.each([
  ['text/xml', '<a/>', 400],
  ['application/x-www-form-urlencoded', 'path=/tmp', 400],
  ['application/json', '\u0000', 400],
  ['application/json', 'null', 400],
  ['application/json', '{"__proto__":{"path":"/"}}', 400],
  ['application/json', `"${'x'.repeat(27 * 2 ** 20)}"`, 413],
])('a body of %s is answered with what is wrong', async (type, body, status) => {
  const answer = await served.send('POST', '/v1/workspaces', body, { 'content-type': type });
  expect(answer).toEqual({ status, body: { message: expect.any(String) } });
});

describe('JSON-RPC', () => {
  const call = { jsonrpc: '2.0', id: 'é', method: 'daemon/load' };

  test('parameters by position are parameters, of the wrong kind', async () => {
    expect(await served.send('POST', '/v1/rpc', { ...call, params: ['/x'] })).toMatchObject({
      status: 200,
      body: { id: 'é', error: { code: -32602 } },
    });
    // Without an id it is a notification, which is not answered, whatever comes of it.
    const { id: _, ...notification } = call;
    expect(await served.send('POST', '/v1/rpc', { ...notification, params: ['/x'] })).toEqual({
      status: 204,
      body: '',
    });
  });

  test.each([
    [[1, null, [], {}, 'x']],
    [[{ ...call, id: {} }]],
    [[{ ...call, params: 1 }]],
    [[{ ...call, method: 1 }]],
  ])('each part of %j that is no request is answered as such', async (batch) => {
    const { status, body } = await served.send('POST', '/v1/rpc', batch);
    expect(status).toBe(200);
    expect(body).toHaveLength(batch.length);
    for (const answer of body as unknown[]) expect(answer).toMatchObject({ error: { code: -32600 } });
  });

  test('more than a hundred at once are not looked at', async () => {
    expect(
      await served.send(
        'POST',
        '/v1/rpc',
        Array.from({ length: 101 }, () => call),
      ),
    ).toEqual({
      status: 200,
      body: { jsonrpc: '2.0', id: null, error: { code: -32600, message: expect.any(String) } },
    });
  });
});

/** Sends text as it is, and returns the first line of the answer. */
async function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(served.url);
  const socket = connect(Number(port), hostname);
  socket.write(text);
  const [data] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return data.toString().split('\r\n')[0] ?? '';
}

test.each([
  ['two lengths', 'POST /v1/rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
  [
    'a length and chunks',
    'POST /v1/rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
  ],
  ['no host', 'GET /v1/health HTTP/1.1\r\n\r\n'],
  ['no HTTP', '\x16\x03\x01\r\n\r\n'],
])('a request with %s is refused', async (_what, text) => {
  expect(await raw(text)).toBe('HTTP/1.1 400 Bad Request');
});

test('of two authorizations the second is not the one that counts', async () => {
  const text =
    'GET /admin/delegations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nAuthorization: Bearer the-token-of-the-tests\r\n\r\n';
  expect(await raw(text)).toBe('HTTP/1.1 401 Unauthorized');
});
