import { once } from 'node:events';
import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { client, makeDirectory, settle } from '../fakes.ts';
import { ADMIN_TOKEN, type Served, serve, startServed } from './support.ts';

const [A, B] = [client(0xa), client(0xb)];
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Waits until `look` returns what is asked for, a turn of the event loop at a time. */
async function until<T>(look: () => Promise<T> | T, wanted: (value: T) => boolean): Promise<T> {
  for (let turn = 0; turn < 5_000; turn++) {
    const value = await look();
    if (wanted(value)) return value;
    await settle();
  }
  throw new Error('it does not come to be');
}

describe('claims over HTTP', () => {
  test('C-T18 a directory has one workspace, and the second create answers with the first', async () => {
    const { send } = await serve();
    const path = await makeDirectory();
    const first = await send('POST', '/v1/workspaces', {
      path,
      client_id: A,
      yolo: true,
      env: ['X=1'],
      version: '1.2.3',
    });
    expect(first).toEqual({
      status: 200,
      body: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        path,
        yolo: true,
        debug: false,
        data_dir: '',
        version: '1.2.3',
        client_id: A,
        config: { graph_root: path },
        env: ['X=1'],
      },
    });
    const second = await send('POST', '/v1/workspaces', { path, client_id: B });
    expect(second).toMatchObject({ status: 200, body: { yolo: true, env: ['X=1'], client_id: B } });
    expect((second.body as { id: string }).id).toBe((first.body as { id: string }).id);
  });

  test.each([
    ['POST', '/v1/workspaces', { path: '/tmp' }, 'client_id is required'],
    ['POST', '/v1/workspaces', { path: '/tmp', client_id: 'x' }, 'client_id is not a valid UUID'],
    ['POST', '/v1/workspaces', { path: '', client_id: A }, 'path is required'],
    ['POST', '/v1/workspaces', { client_id: A }, 'path is required'],
    ['POST', '/v1/workspaces', '{', 'failed to decode request'],
    ['DELETE', '/v1/workspaces/w', undefined, 'client_id is required'],
    ['DELETE', '/v1/workspaces/w?client_id=x', undefined, 'client_id is not a valid UUID'],
  ])('%s %s %o is answered with 400: %s', async (method, path, body, message) => {
    const { send } = shared;
    expect(await send(method, path, body)).toMatchObject({ status: 400, body: { message } });
  });

  test('what is not known is told by its code', async () => {
    const { send } = shared;
    expect(await send('POST', '/v1/control', { command: 'explode' })).toMatchObject({
      body: { code: 'ERR_UNKNOWN_COMMAND' },
    });
    expect(await send('DELETE', `/v1/sessions/${A}`)).toMatchObject({
      status: 404,
      body: { code: 'ERR_SESSION_NOT_FOUND' },
    });
  });

  test('an events request without a workspace is answered with 404, and one without a client with 400', async () => {
    const { send, client: mine } = await serve();
    expect(await send('GET', `/v1/workspaces/w/events?client_id=${A}`)).toMatchObject({ status: 404 });
    const { id } = await mine.createWorkspace({ path: await makeDirectory() });
    expect(await send('GET', `/v1/workspaces/${id}/events`)).toEqual({
      status: 400,
      body: { message: 'client_id is required' },
    });
    expect(await send('GET', `/v1/workspaces/${id}/events?client_id=x`)).toMatchObject({
      status: 400,
      body: { message: 'client_id is not a valid UUID' },
    });
  });

  test('C-01 a command that the server does not have is told by its code', async () => {
    const { send } = shared;
    expect(await send('POST', '/v1/control', { command: 'explode' })).toEqual({
      status: 400,
      body: { message: 'unknown command: explode', code: 'ERR_UNKNOWN_COMMAND' },
    });
  });

  test('a workspace that nobody knows is gone already', async () => {
    const { send } = shared;
    expect(await send('DELETE', `/v1/workspaces/w?client_id=${A}`)).toEqual({ status: 200, body: {} });
    expect(await send('GET', '/v1/workspaces/w')).toMatchObject({
      status: 404,
      body: { code: 'ERR_WORKSPACE_NOT_FOUND' },
    });
  });

  test('C-F7 an attached client sees what happens from the attach on, and its leaving closes the workspace', async () => {
    const { client: mine, send } = await serve();
    const path = await makeDirectory();
    const { id } = await mine.createWorkspace({ path });
    const events = await mine.attach(id);
    await mine.rpc('daemon/load', { root: path });
    const iterator = events[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: { type: 'graph_published' } });
    events.detach();
    await until(
      () => send('GET', `/v1/workspaces/${id}`),
      ({ status }) => status === 404,
    );
    // Its graph went with it.
    expect(await mine.rpc('daemon/status')).toMatchObject({ workspaces: [] });
  });

  test('a destroyed socket detaches exactly once', async () => {
    const { client: mine, send, url, manager } = await serve();
    const { id } = await mine.createWorkspace({ path: await makeDirectory() });
    const events = await mine.attach(id);
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /v1/workspaces/${id}/events?client_id=${mine.clientId} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await once(socket, 'data');
    expect((await send('GET', '/metrics')).body).toContain('ws_manager_streams 2\n');
    socket.destroy();
    await until(
      async () => String((await send('GET', '/metrics')).body),
      (text) => text.includes('ws_manager_streams 1\n'),
    );
    // The other stream of the same client still holds the workspace.
    expect(await send('GET', `/v1/workspaces/${id}`)).toMatchObject({ status: 200 });
    events.detach();
    await until(
      () => send('GET', `/v1/workspaces/${id}`),
      ({ status }) => status === 404,
    );
    await manager.close();
  });

  test('C-F6 a retired client gets nothing any more', async () => {
    const { send } = await serve();
    const path = await makeDirectory();
    await send('POST', '/v1/workspaces', { path, client_id: A });
    expect(await send('DELETE', `/v1/clients/${A}`)).toEqual({ status: 200, body: {} });
    expect(await send('GET', '/v1/workspaces')).toEqual({ status: 200, body: [] });
    expect(await send('POST', '/v1/workspaces', { path, client_id: A })).toMatchObject({
      status: 409,
      body: { code: 'ERR_CLIENT_RETIRED' },
    });
  });

  test('C-F8 only an attached client looks at a session', async () => {
    const { client: mine, send } = await serve();
    const { id } = await mine.createWorkspace({ path: await makeDirectory() });
    const body = { client_id: mine.clientId, session_id: 's' };
    expect(await send('POST', `/v1/workspaces/${id}/current-session`, body)).toMatchObject({
      status: 409,
      body: { code: 'ERR_CLIENT_NOT_ATTACHED' },
    });
    await using _events = await mine.attach(id);
    expect(await send('POST', `/v1/workspaces/${id}/current-session`, body)).toEqual({
      status: 200,
      body: {},
    });
  });

  test('C-F3 only an idle server can be asked to end; then it refuses creates, and ends', async () => {
    const { manager, client: mine, send } = await serve();
    const { id } = await mine.createWorkspace({ path: await makeDirectory() });
    expect(await send('POST', '/v1/control', { command: 'shutdown_if_idle' })).toMatchObject({
      status: 409,
      body: { code: 'ERR_SERVER_NOT_IDLE' },
    });
    await mine.releaseWorkspace(id);
    await mine.shutdownIfIdle();
    await manager.closed;
  });

  test('the end of the server ends its streams', async () => {
    const { manager, client: mine } = await serve();
    const { id } = await mine.createWorkspace({ path: await makeDirectory() });
    const events = await mine.attach(id);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { type } of events) seen.push(type);
    })();
    await manager.close();
    await reading;
    expect(seen).toEqual(['closing']);
  });
});

/** A server for what changes nothing. It lives as long as the file. */
let shared: Served;
beforeAll(async () => {
  shared = await startServed();
  return () => shared.manager.close();
});

describe('the rest over HTTP', () => {
  test('says that it is well, which it is, and what it counts', async () => {
    const { send } = shared;
    expect(await send('GET', '/v1/health')).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await send('GET', '/v1/version')).toEqual({ status: 200, body: { version: '1.2.3' } });
    expect((await send('GET', '/metrics')).body).toContain('ws_manager_phantom_busy_resets_total 0\n');
    expect(await send('GET', '/v2/x')).toEqual({ status: 404, body: { message: 'there is no GET /v2/x' } });
  });

  test.each([['/admin/delegations'], ['/admin/delegations/stats']])(
    'M-G20 %s is for bearers of the admin token alone',
    async (path) => {
      const { send } = shared;
      const message = 'an admin token is required';
      expect(await send('GET', path)).toEqual({ status: 401, body: { message } });
      expect(await send('GET', path, undefined, bearer('wrong'))).toEqual({ status: 401, body: { message } });
      expect(await send('GET', path, undefined, bearer(ADMIN_TOKEN))).toMatchObject({ status: 200 });
    },
  );

  test('M-15 the ledger tells all six statuses, and refuses questions it does not answer', async () => {
    const { send } = shared;
    expect((await send('GET', '/admin/delegations/stats', undefined, bearer(ADMIN_TOKEN))).body).toEqual({
      queued: 0,
      dispatched: 0,
      in_progress: 0,
      completed: 0,
      failed: 0,
      stuck: 0,
    });
    for (const query of ['status=lost', 'limit=0', 'limit=1001', 'limit=x']) {
      expect(await send('GET', `/admin/delegations?${query}`, undefined, bearer(ADMIN_TOKEN))).toMatchObject({
        status: 400,
        body: { code: 'ERR_LEDGER_QUERY' },
      });
    }
  });

  test('M-F14 without a token in the settings nobody is an administrator', async () => {
    const { send } = await serve({ WS_MANAGER_ADMIN_TOKEN: '' });
    expect(await send('GET', '/admin/delegations', undefined, bearer('undefined'))).toMatchObject({
      status: 401,
    });
  });

  test('a tree is imported once, and its workspaces fail for want of a backend', async () => {
    const { client: mine, send } = await serve();
    const tree = { name: 'org', runtime: 'claude-code', children: [{ name: 'a' }, { name: 'b', tier: 1 }] };
    const first = await mine.importTree(tree);
    expect(first.map(({ name, tier, skipped }) => [name, tier, skipped])).toEqual([
      ['org', 3, undefined],
      ['a', 3, undefined],
      ['b', 1, undefined],
    ]);
    const second = await mine.importTree(tree);
    expect(second).toEqual(first.map((each) => ({ ...each, skipped: true })));
    const [org] = first;
    expect(
      await until(
        () => mine.getFleetWorkspace(org?.id ?? ''),
        ({ status }) => status === 'failed',
      ),
    ).toMatchObject({ last_error: expect.stringContaining('no provisioning backend') });
    expect(await send('POST', `/v1/fleet/workspaces/${org?.id}/resume`)).toMatchObject({ status: 409 });
    expect(await send('DELETE', `/v1/fleet/workspaces/${org?.id}`)).toMatchObject({ status: 200 });
    expect(await send('POST', `/v1/fleet/workspaces/${org?.id}/restart`, {})).toMatchObject({ status: 404 });
  });

  test('a pending upload is left by anyone, and taken by its workspace alone', async () => {
    const { send } = await serve();
    const create = (name: string) =>
      send('POST', '/v1/fleet/workspaces', { name, runtime: 'mock' }).then(({ status, body }) => {
        expect(status).toBe(201);
        return body as { id: string; token: string };
      });
    const [mine, other] = [await create('mine'), await create('other')];
    const files = [
      { filename: 'a b.txt', mimetype: 'text/plain', content: Buffer.from('hi').toString('base64') },
    ];
    const put = await send('POST', `/v1/fleet/workspaces/${mine.id}/pending-uploads`, { files });
    expect(put.status).toBe(201);
    const [file] = (put.body as { file_ids: string[] }).file_ids;
    const content = `/v1/fleet/workspaces/${mine.id}/pending-uploads/${file}/content`;
    expect(await send('GET', content)).toMatchObject({ status: 401 });
    expect(await send('GET', content, undefined, bearer(other.token))).toMatchObject({ status: 401 });
    expect(await send('GET', content, undefined, bearer(mine.token))).toEqual({ status: 200, body: 'hi' });
    // The same answer for another's file as for none.
    const foreign = `/v1/fleet/workspaces/${other.id}/pending-uploads/${file}/content`;
    expect(await send('GET', foreign, undefined, bearer(other.token))).toMatchObject({ status: 404 });
    const ack = content.replace('content', 'ack');
    expect(await send('POST', ack, undefined, bearer(mine.token))).toEqual({ status: 200, body: {} });
    expect(await send('GET', content, undefined, bearer(mine.token))).toMatchObject({ status: 404 });
  });

  test('a session is created once, listed, changed, and told to others', async () => {
    const { send } = await serve();
    const repo = client(1);
    const body = {
      repo_id: repo,
      agent_id: 'x',
      changeset_id: client(2),
      base_commit: 'abc',
      session_id: client(3),
    };
    const created = await send('POST', '/v1/sessions', body);
    expect(created).toMatchObject({ status: 201, body: { session_id: client(3), agent_name: 'agent-1' } });
    expect(Object.keys(created.body as object)).toHaveLength(8);
    expect(await send('POST', '/v1/sessions', body)).toMatchObject({ status: 409 });
    expect(await send('GET', `/v1/sessions?repo_id=${repo}`)).toEqual({ status: 200, body: [created.body] });

    const file = `/v1/sessions/${client(3)}/file?file=src/a.ts`;
    const content = Buffer.from('x').toString('base64');
    expect(await send('PUT', file, { content })).toEqual({
      status: 200,
      body: { hash: '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881' },
    });
    expect(await send('GET', file)).toEqual({ status: 200, body: { content, modified_in_session: true } });
    const other = await send('POST', '/v1/sessions', { ...body, session_id: client(4) });
    expect(other.status).toBe(201);
    expect(await send('GET', `/v1/sessions/${client(4)}/modifiers?file=src/a.ts`)).toEqual({
      status: 200,
      body: { modifiers: 'modified by agent-1' },
    });
    expect(await send('POST', '/v1/sessions/gc', {})).toEqual({
      status: 200,
      body: { stranded: [], expired: [] },
    });
    expect(await send('DELETE', `/v1/sessions/${client(3)}`)).toMatchObject({ status: 200 });
    expect(await send('DELETE', `/v1/sessions/${client(3)}`)).toMatchObject({
      status: 404,
      body: { code: 'ERR_SESSION_NOT_FOUND' },
    });
  });

  test.each([
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/resume'],
    ['GET', '/modifiers?file=a'],
    ['GET', '/files'],
    ['GET', '/file?file=a'],
    ['PUT', '/file?file=a'],
    ['DELETE', '/file?file=a'],
  ])('%s /v1/sessions/:sid%s of a session that nobody knows is answered with 404', async (method, path) => {
    const { send } = shared;
    const body = method === 'PUT' ? { content: '' } : undefined;
    const id = client(9);
    expect(await send(method, `/v1/sessions/${id}${path}`, body)).toEqual({
      status: 404,
      body: { message: `session ${id} not found`, code: 'ERR_SESSION_NOT_FOUND' },
    });
  });

  test('the files of a session are read and written only where it is open', async () => {
    const { send } = await serve();
    const session_id = client(5);
    await send('POST', '/v1/sessions', {
      session_id,
      repo_id: client(1),
      agent_id: 'x',
      changeset_id: client(2),
      base_commit: 'abc',
    });
    expect(await send('POST', '/v1/sessions/gc', { connected: [] })).toMatchObject({
      body: { stranded: [session_id] },
    });
    for (const [method, path, body] of [
      ['GET', 'files', undefined],
      ['GET', 'file?file=a', undefined],
      ['PUT', 'file?file=a', { content: '' }],
      ['DELETE', 'file?file=a', undefined],
    ] as const) {
      expect(await send(method, `/v1/sessions/${session_id}/${path}`, body)).toMatchObject({
        status: 409,
        body: { code: 'ERR_SESSION_NOT_OPEN' },
      });
    }
  });
});

describe('JSON-RPC', () => {
  const call = (method: string, params?: object) => ({ jsonrpc: '2.0', id: 7, method, params });

  test('loads, serves and unloads a graph', async () => {
    const { client: mine } = await serve();
    const root = await makeDirectory();
    expect(await mine.rpc('daemon/load', { root })).toEqual({ root, files: 0, bytes: 1_024 });
    expect(await mine.rpc('graph/serve', { root })).toEqual({ freshness: 'fresh', files: [] });
    expect(await mine.rpc('daemon/unload', { root })).toEqual({ unloaded: true });
    expect(await mine.rpc('daemon/unload', { root })).toEqual({ unloaded: false });
    await expect(mine.rpc('graph/serve', { root })).rejects.toMatchObject({ code: -32004, data: { root } });
  });

  test('answers with the code and the data of what went wrong, over HTTP 200', async () => {
    const { send } = shared;
    expect(await send('POST', '/v1/rpc', call('daemon/load', { root: '/nowhere/at/all' }))).toMatchObject({
      status: 200,
      body: { id: 7, error: { code: -32001, data: { root: '/nowhere/at/all' } } },
    });
    expect(await send('POST', '/v1/rpc', call('daemon/load', { root: 'relative' }))).toMatchObject({
      status: 200,
      body: { error: { code: -32602 } },
    });
    expect(await send('POST', '/v1/rpc', call('daemon/load', {}))).toMatchObject({
      body: { error: { code: -32602 } },
    });
    expect(await send('POST', '/v1/rpc', call('daemon/explode'))).toMatchObject({
      body: { error: { code: -32601 } },
    });
    expect(await send('POST', '/v1/rpc', { id: 7, method: 'daemon/status' })).toMatchObject({
      body: { id: 7, error: { code: -32600 } },
    });
  });

  test('answers the calls of a batch, and no notification', async () => {
    const { send } = shared;
    const notification = { jsonrpc: '2.0', method: 'daemon/status' };
    const { body } = await send('POST', '/v1/rpc', [call('daemon/status'), notification, 1]);
    expect(body).toMatchObject([
      { id: 7, result: { daemon_version: '1.2.3' } },
      { id: null, error: { code: -32600 } },
    ]);
    expect(await send('POST', '/v1/rpc', notification)).toEqual({ status: 204, body: '' });
    expect(await send('POST', '/v1/rpc', [])).toMatchObject({ body: { error: { code: -32600 } } });
  });

  test('S over budget tells every figure', async () => {
    const { send } = await serve({ WS_MANAGER_MEMORY_LIMIT_MB: '1' });
    const root = await makeDirectory();
    expect(await send('POST', '/v1/rpc', call('daemon/load', { root }))).toMatchObject({
      body: {
        error: {
          code: -32003,
          data: { limit_bytes: 1_048_576, current_bytes: 0, reserved_bytes: 0, retained_bytes: 0 },
        },
      },
    });
  });
});
