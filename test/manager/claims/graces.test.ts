import { expect, test, vi } from 'vitest';
import { type BackendOptions, type GaugeName, silentMetrics } from '../../../src/manager/index.ts';
import { A, type App, B, buildApp, Gate, GRACE, settle, startBackend } from './support.ts';

// Paths as they are: a file system would bring in turns of its own, and with them chance.
vi.mock('../../../src/manager/claims/path-key.ts', () => ({
  resolveWorkspaceKey: async (path: string) => path,
}));

const [DETACH, LINGER] = [10, 60];
const start = (options: Partial<BackendOptions<App>> = {}) =>
  startBackend({ detachGraceMs: DETACH, idleShutdownDelayMs: LINGER, ...options });

test('C-F2 C-F4 by default a client has 10 s to come back, and a server stays for 60 s', async () => {
  const { backend, clock, server, open } = startBackend({
    detachGraceMs: undefined,
    idleShutdownDelayMs: undefined,
  });
  const ws = await open(A);
  await backend.attachClient(ws.id, A);
  await backend.detachClient(ws.id, A);
  expect(clock.running).toEqual([10_000]);
  clock.advance(10_000);
  await settle();
  expect([ws.app.shutdowns, server.shutdowns, clock.running]).toEqual([1, 0, [60_000]]);
  clock.advance(60_000);
  await settle();
  expect(server.shutdowns).toBe(1);
});

test.each(['detachGraceMs', 'idleShutdownDelayMs'])('%s must be a delay that a timer can have', (name) => {
  for (const ms of [-1, Number.NaN, 2 ** 31]) expect(() => start({ [name]: ms })).toThrow(name);
});

test('C-F1 a create that fails lets an idle server go, after it has lingered', async () => {
  const { backend, clock, server } = start({
    build: async () => {
      throw new Error('build');
    },
  });
  await expect(backend.createWorkspace({ path: '/', clientId: A })).rejects.toThrow('build');
  expect([server.shutdowns, clock.running]).toEqual([0, [LINGER]]);
  clock.advance(LINGER);
  await settle();
  expect(server.shutdowns).toBe(1);
});

test('C-F1 a create that waits for the build of another keeps the server, when that is given up', async () => {
  const gate = new Gate();
  const { backend, server } = start({
    idleShutdownDelayMs: 0,
    build: async (request, context) => {
      await gate.opened;
      return await buildApp(request, context);
    },
  });
  const abort = new AbortController();
  const given = backend.createWorkspace({ path: '/', clientId: A }, { signal: abort.signal });
  const waits = backend.createWorkspace({ path: '/', clientId: B });
  await settle();
  abort.abort(new Error('given up'));
  gate.open();
  await expect(given).rejects.toThrow('given up');
  await waits;
  expect(server.shutdowns).toBe(0);
});

test('C-F2 a create ends the lingering, from its start on, even if it fails later', async () => {
  const gate = new Gate();
  let fails = false;
  const { backend, clock, server, open } = start({
    build: async (request, context) => {
      if (fails) await gate.opened.then(() => Promise.reject(new Error('build')));
      return await buildApp(request, context);
    },
  });
  const ws = await open(A);
  await backend.deleteWorkspace(ws.id, A);
  clock.advance(LINGER - 1);
  fails = true;
  const create = backend.createWorkspace({ path: '/', clientId: A });
  await settle();
  clock.advance(LINGER);
  await settle();
  expect(server.shutdowns).toBe(0);
  gate.open();
  await expect(create).rejects.toThrow('build');
  expect(clock.running).toEqual([LINGER]);
  clock.advance(LINGER);
  await settle();
  expect(server.shutdowns).toBe(1);
});

test('C-F2 who comes and goes makes the server linger anew, for the whole time', async () => {
  const { backend, clock, server, open } = start();
  for (let i = 0; i < 3; i++) {
    const ws = await open(A);
    await backend.deleteWorkspace(ws.id, A);
    expect(clock.running).toEqual([LINGER]);
    clock.advance(LINGER - 1);
    await settle();
    expect(server.shutdowns).toBe(0);
  }
});

test('C-F2 a server that lingers for ever does not exit by itself, but it does when it is asked to', async () => {
  const { backend, clock, server, open } = start({ idleShutdownDelayMs: Infinity });
  const ws = await open(A);
  await backend.deleteWorkspace(ws.id, A);
  await settle();
  expect([clock.running, server.shutdowns]).toEqual([[], 0]);
  await backend.shutdownIfIdle();
  await settle();
  expect(server.shutdowns).toBe(1);
});

test('C-F2 a timer that has fired looks again: a create that was first is served', async () => {
  const { backend, clock, server, open } = start();
  const ws = await open(A);
  await backend.deleteWorkspace(ws.id, A);
  // Queue on mu, in this order: the create, what follows from the timer.
  const hold = await backend.mu.acquire();
  const created = backend.createWorkspace({ path: '/', clientId: A });
  await settle();
  clock.advance(LINGER);
  hold();
  await created;
  await settle();
  expect([server.shutdowns, backend.listWorkspaces().length]).toEqual([0, 1]);
});

test('C-F3 the decision to exit closes the server in the same step', async () => {
  const { backend, clock, server, open } = start();
  const ws = await open(A);
  await backend.deleteWorkspace(ws.id, A);
  const hold = await backend.mu.acquire();
  clock.advance(LINGER);
  const create = backend.createWorkspace({ path: '/', clientId: A }).catch((error: unknown) => error);
  await settle();
  hold();
  expect(await create).toMatchObject({ code: 'ERR_SERVER_SHUTTING_DOWN' });
  expect(server.shutdowns).toBe(1);
});

test('C-F3 a client may ask for the exit of an idle server, at once and once, and of no other', async () => {
  const gate = new Gate();
  const { backend, clock, server, open } = start({
    build: async (request, context) => ({
      ...(await buildApp(request, context)),
      shutdown: () => gate.opened,
    }),
  });
  const ws = await open(A);
  await expect(backend.shutdownIfIdle()).rejects.toMatchObject({ code: 'ERR_SERVER_NOT_IDLE' });
  const deleted = backend.deleteWorkspace(ws.id, A);
  await settle();
  // It shuts down, and is not down yet.
  await expect(backend.shutdownIfIdle()).rejects.toMatchObject({ code: 'ERR_SERVER_NOT_IDLE' });
  gate.open();
  await deleted;
  await backend.shutdownIfIdle();
  await backend.shutdownIfIdle();
  expect([server.shutdowns, clock.running]).toEqual([1, []]);
  await expect(open(A)).rejects.toMatchObject({ code: 'ERR_SERVER_SHUTTING_DOWN' });
});

test('C-F3 a server that a create is on its way to is not idle', async () => {
  const gate = new Gate();
  const { backend, server } = start({
    build: async (request, context) => {
      await gate.opened;
      return await buildApp(request, context);
    },
  });
  const create = backend.createWorkspace({ path: '/', clientId: A });
  await settle();
  await expect(backend.shutdownIfIdle()).rejects.toMatchObject({ code: 'ERR_SERVER_NOT_IDLE' });
  gate.open();
  await create;
  expect(server.shutdowns).toBe(0);
});

test('C-F4 the last stream leaves a hold, in which the client may come back', async () => {
  const { backend, clock, open } = start();
  const ws = await open(A);
  await backend.attachClient(ws.id, A);
  await backend.detachClient(ws.id, A);
  expect(ws.claim(A)).toEqual({ streams: 0, held: true });
  clock.advance(DETACH - 1);
  await backend.attachClient(ws.id, A);
  clock.advance(DETACH);
  await settle();
  expect([ws.claim(A), ws.app.shutdowns]).toEqual([{ streams: 1, held: false }, 0]);
  await backend.detachClient(ws.id, A);
  clock.advance(DETACH);
  await settle();
  expect(ws.app.shutdowns).toBe(1);
});

test('C-F4 a client that said it was done while it streamed gets no grace', async () => {
  const { backend, clock, open } = start();
  const ws = await open(A);
  for (let i = 0; i < 2; i++) await backend.attachClient(ws.id, A);
  await backend.deleteWorkspace(ws.id, A);
  await backend.detachClient(ws.id, A);
  expect([ws.claim(A), ws.app.shutdowns]).toEqual([{ streams: 1, held: false }, 0]);
  await backend.detachClient(ws.id, A);
  expect([ws.app.shutdowns, clock.running]).toEqual([1, [LINGER]]);
});

test('C-F4 a timer of an earlier hold does not end a later one', async () => {
  const { backend, clock, open } = start();
  const ws = await open(A);
  const { clientsMu } = backend.getWorkspace(ws.id);
  await backend.attachClient(ws.id, A);
  await backend.detachClient(ws.id, A);
  // Queue on clientsMu, in this order: attach, detach, what follows from the timer of the first hold.
  const hold = await clientsMu.acquire();
  const attached = backend.attachClient(ws.id, A);
  await settle();
  const detached = backend.detachClient(ws.id, A);
  clock.advance(DETACH);
  hold();
  await Promise.all([attached, detached]);
  await settle();
  expect([ws.claim(A), ws.app.shutdowns, clock.running]).toEqual([{ streams: 0, held: true }, 0, [DETACH]]);
});

test('C-F5 a create on hold starts the hold anew, for its whole time', async () => {
  const { backend, clock, open } = start();
  const ws = await open(A);
  clock.advance(GRACE - 1);
  await open(A);
  expect([ws.size, clock.running]).toEqual([1, [GRACE]]);
  clock.advance(GRACE - 1);
  await settle();
  expect(ws.app.shutdowns).toBe(0);
  await backend.attachClient(ws.id, A);
});

test('C-F5 a timer that has fired before the create does not end what the create was given', async () => {
  const { backend, clock, open } = start();
  const ws = await open(A);
  const hold = await backend.getWorkspace(ws.id).clientsMu.acquire();
  const again = open(A);
  await settle();
  clock.advance(GRACE);
  hold();
  await again;
  await settle();
  expect([ws.claim(A), ws.app.shutdowns]).toEqual([{ streams: 0, held: true }, 0]);
});

test('C-F5 a create takes back that the client was done', async () => {
  const { backend, open } = start();
  const ws = await open(A);
  await backend.attachClient(ws.id, A);
  await backend.deleteWorkspace(ws.id, A);
  await open(A);
  await backend.detachClient(ws.id, A);
  expect([ws.claim(A), ws.app.shutdowns]).toEqual([{ streams: 0, held: true }, 0]);
});

test('C-F6 a client that is retired loses all its claims, and gets none again', async () => {
  const { backend, open } = start();
  const [first, second, third] = [await open(A, '/1'), await open(A, '/2'), await open(B, '/3')];
  await backend.attachClient(first.id, A);
  await backend.attachClient(third.id, A);
  await backend.retireClient(A.toUpperCase());
  expect([first.app.shutdowns, second.app.shutdowns, third.app.shutdowns]).toEqual([1, 1, 0]);
  expect(third.clients()).toEqual([B]);
  await backend.detachClient(third.id, A);
  await expect(open(A, '/3')).rejects.toMatchObject({ code: 'ERR_CLIENT_RETIRED' });
  await expect(backend.attachClient(third.id, A)).rejects.toMatchObject({ code: 'ERR_CLIENT_RETIRED' });
  await expect(backend.retireClient('x')).rejects.toMatchObject({ code: 'ERR_INVALID_CLIENT_ID' });
  await backend.retireClient(A);
  expect(third.app.shutdowns).toBe(0);
});

test('C-F6 a client that is retired while it waits for a build fails alone', async () => {
  const gate = new Gate();
  const { backend, apps } = start({
    build: async (request, context) => {
      await gate.opened;
      return await buildApp(request, context);
    },
  });
  const outcome = (clientId: string) =>
    backend.createWorkspace({ path: '/', clientId }).then(
      () => 'open',
      (error: { code?: string }) => error.code,
    );
  const [builds, waits] = [outcome(A), outcome(B)];
  await settle();
  await backend.retireClient(A);
  gate.open();
  expect([await builds, await waits]).toEqual(['ERR_CLIENT_RETIRED', 'open']);
  expect(apps.map(({ shutdowns }) => shutdowns)).toEqual([1, 0]);
  const [workspace] = backend.listWorkspaces();
  expect(workspace?.clients.size).toBe(1);
});

test('C-F8 only a client with a stream is present, and says what it looks at', async () => {
  const { backend, open } = start();
  const ws = await open(A);
  const notAttached = { code: 'ERR_CLIENT_NOT_ATTACHED' };
  await expect(backend.setCurrentSession(ws.id, A, 's')).rejects.toMatchObject(notAttached);
  await expect(backend.setCurrentSession(ws.id, B, 's')).rejects.toMatchObject(notAttached);
  await expect(backend.setCurrentSession('x', A, 's')).rejects.toMatchObject({
    code: 'ERR_WORKSPACE_NOT_FOUND',
  });
  expect(await backend.attachedClients(ws.id)).toEqual([]);
  await backend.attachClient(ws.id, A);
  await backend.setCurrentSession(ws.id, A, 's');
  expect(await backend.attachedClients(ws.id)).toEqual([{ clientId: A, currentSessionId: 's' }]);
  await backend.detachClient(ws.id, A);
  expect(await backend.attachedClients(ws.id)).toEqual([]);
  await backend.attachClient(ws.id, A);
  expect(await backend.attachedClients(ws.id)).toEqual([{ clientId: A, currentSessionId: undefined }]);
});

test('C-F10 channels are nobody’s to decide for another: other ones are refused, and leave no claim', async () => {
  const { backend, clock } = start();
  const create = (clientId: string, channels?: string[]) =>
    backend.createWorkspace({ path: '/', clientId, ...(channels && { channels }) });
  const { workspace } = await create(A, ['chat', 'mail']);
  for (const channels of [['chat'], [], ['chat', 'mail', 'sms']]) {
    await expect(create(B, channels)).rejects.toMatchObject({ code: 'ERR_CHANNEL_OPT_IN_MISMATCH' });
  }
  expect([workspace.clients.size, clock.running.length]).toEqual([1, 1]);
  await create(B, ['mail', 'chat']);
  await create(B);
  expect(workspace.clients.size).toBe(2);
});

test('C-F10 a workspace that was opened without channels is joined by nobody who wants one', async () => {
  const { backend, open } = start();
  await open(A);
  const create = (channels: string[]) => backend.createWorkspace({ path: '/', clientId: B, channels });
  await expect(create(['chat'])).rejects.toMatchObject({ code: 'ERR_CHANNEL_OPT_IN_MISMATCH' });
  await create([]);
});

test('the gauges count open workspaces and streams', async () => {
  const reads = new Map<GaugeName, () => number>();
  const gauge = (name: GaugeName, _: unknown, read: () => number): void => void reads.set(name, read);
  const { backend, open } = start({ metrics: { ...silentMetrics, gauge } });
  const values = () => [reads.get('ws_manager_workspaces')?.(), reads.get('ws_manager_streams')?.()];
  expect(values()).toEqual([0, 0]);
  const [one, two] = [await open(A, '/1'), await open(B, '/2')];
  for (const [id, client] of [
    [one.id, A],
    [one.id, A],
    [one.id, B],
    [two.id, B],
  ] as const) {
    await backend.attachClient(id, client);
  }
  expect(values()).toEqual([2, 4]);
  await backend.close();
  expect(values()).toEqual([0, 0]);
});
