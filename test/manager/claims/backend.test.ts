import { describe, expect, test, vi } from 'vitest';
import {
  Backend,
  DEFAULT_CREATE_GRACE_MS,
  MemoryPathIndex,
  systemClock,
  type Workspace,
  WorkspaceNotFoundError,
} from '../../../src/manager/index.ts';
import { A, type App, B, buildApp, Gate, GRACE, settle, startBackend, turns } from './support.ts';

// Paths as they are: a file system would bring in turns of its own, and with them chance.
vi.mock('../../../src/manager/claims/path-key.ts', () => ({
  resolveWorkspaceKey: async (path: string) => path,
}));

describe('the grace period', () => {
  test('is 30 s by default', async () => {
    const { clock, open } = startBackend({ createGraceMs: undefined });
    await open(A);
    expect(DEFAULT_CREATE_GRACE_MS).toBe(30_000);
    expect(clock.running).toEqual([30_000]);
  });

  test('can be changed for the creates to come', async () => {
    const { backend, clock, open } = startBackend();
    await open(A);
    await backend.setCreateGrace(7);
    await open(B);
    expect(clock.running).toEqual([GRACE, 7]);
  });

  test('of a create is the one at the time of its claim', async () => {
    const { backend, clock, open } = startBackend();
    const ws = await open(A);
    const clients = await backend.getWorkspace(ws.id).clientsMu.acquire();
    const joined = open(B);
    await settle();
    const changed = backend.setCreateGrace(7);
    clients();
    await Promise.all([joined, changed]);
    expect(clock.running).toEqual([GRACE, GRACE]);
  });

  test.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY], [2 ** 31]])('must not be %d ms', async (ms) => {
    expect(() => startBackend({ createGraceMs: ms })).toThrow(RangeError);
    await expect(startBackend().backend.setCreateGrace(ms)).rejects.toThrow(RangeError);
  });

  test('runs on the system clock unless told otherwise', async () => {
    const shutdown = new Gate();
    const backend = new Backend({
      build: () => ({ config: undefined, shutdown: shutdown.open }),
      createGraceMs: 0,
    });
    await backend.createWorkspace({ path: '/', clientId: A });
    await shutdown.opened;
    expect(backend.listWorkspaces()).toEqual([]);
  });
});

test('the system clock keeps time, and stops a timer that is cleared', async () => {
  const before = systemClock.now();
  const fired: string[] = [];
  const cleared = systemClock.setTimeout(() => void fired.push('cleared'), 0);
  systemClock.clearTimeout(cleared);
  await new Promise<void>((resolve) => {
    systemClock.setTimeout(() => {
      fired.push('kept');
      resolve();
    }, 0);
  });
  expect(fired).toEqual(['kept']);
  expect(systemClock.now()).toBeGreaterThan(before);
});

test('an unknown workspace is an error that names it', () => {
  const { backend } = startBackend();
  expect(() => backend.getWorkspace('unknown')).toThrow(WorkspaceNotFoundError);
  expect(() => backend.getWorkspace('unknown')).toThrow('workspace not found: unknown');
});

test('builders, shutdowns and the exit of the server run with no lock held', async () => {
  const held: string[] = [];
  const look = (who: string) => {
    const clientsMu = backend.listWorkspaces()[0]?.clientsMu ?? closing?.clientsMu;
    held.push(`${who}: ${backend.mu.locked || clientsMu?.locked === true}`);
  };
  let closing: Workspace<App> | undefined;
  const { backend, open } = startBackend({
    build: async (request, context) => {
      look('build');
      context.defer(() => look('cleanup'));
      return { ...(await buildApp(request, context)), shutdown: () => look('shutdown') };
    },
    shutdownServer: () => look('exit'),
  });
  const ws = await open(A);
  closing = backend.getWorkspace(ws.id);
  await backend.deleteWorkspace(ws.id, A);
  expect(held).toEqual(['build: false', 'shutdown: false', 'cleanup: false', 'exit: false']);
});

test('a shutdown may use the backend it belongs to', async () => {
  const { backend, open } = startBackend({
    build: async (request, context) => ({
      ...(await buildApp(request, context)),
      shutdown: async () => {
        if (request.path === '/first') await open(B, '/second');
      },
    }),
  });
  const first = await open(A, '/first');
  await backend.deleteWorkspace(first.id, A);
  expect(backend.listWorkspaces().map(({ path }) => path)).toEqual(['/second']);
});

test('a workspace can be found as soon as its claim is there, and not before', async () => {
  const gate = new Gate();
  const index = new (class extends MemoryPathIndex {
    override async set(key: string, id: string): Promise<void> {
      await gate.opened;
      await super.set(key, id);
    }
  })();
  const { backend, open } = startBackend({ index });
  const opening = open(A);
  await settle();
  expect(backend.listWorkspaces()).toEqual([]);
  gate.open();
  const ws = await opening;
  expect(ws.clients()).toEqual([A]);
});

test('a workspace that can be found has a claim, at every turn of its publication', async () => {
  const { backend, open } = startBackend();
  const opening = open(A);
  const claims: number[] = [];
  for (let turn = 0; turn < 100; turn++) {
    await turns(1);
    for (const { clients } of backend.listWorkspaces()) claims.push(clients.size);
  }
  await opening;
  expect(new Set(claims)).toEqual(new Set([1]));
});

test('a workspace whose claim expires during its publication keeps its directory until it has shut down', async () => {
  const gate = new Gate();
  const events: string[] = [];
  const { open } = startBackend({
    shutdownServer: undefined,
    clock: {
      now: () => 0,
      epoch: () => 0,
      setTimeout: (callback) => {
        queueMicrotask(callback);
        return {};
      },
      clearTimeout() {},
    },
    build: async (request, context) => {
      events.push('build');
      context.defer(() => void events.push('shut down'));
      return { ...(await buildApp(request, context)), shutdown: () => gate.opened };
    },
  });
  const first = open(A);
  await settle();
  const second = open(B);
  await settle();
  gate.open();
  await Promise.all([first, second]);
  await settle();
  expect(events).toEqual(['build', 'shut down', 'build', 'shut down']);
});

test('the builder may choose the data directory', async () => {
  const { backend } = startBackend({
    build: async (request, context) => ({ ...(await buildApp(request, context)), dataDir: '/default' }),
  });
  const { info } = await backend.createWorkspace({ path: '/', clientId: A });
  expect(info.dataDir).toBe('/default');
});

test('a change of the caller’s env array after the create has no effect', async () => {
  const { backend } = startBackend();
  const env = ['FOO=1'];
  const { workspace } = await backend.createWorkspace({ path: '/', clientId: A, env });
  env.push('BAR=2');
  expect(backend.describe(workspace).env).toEqual(['FOO=1']);
});

describe('the path index', () => {
  test('loses an entry that leads to no workspace', async () => {
    const index = new MemoryPathIndex();
    await index.set('/', 'left from an earlier process');
    const { open } = startBackend({ index });
    const ws = await open(A);
    expect(await index.get('/')).toBe(ws.id);
  });

  test('loses such an entry even if no workspace takes its place', async () => {
    const index = new MemoryPathIndex();
    await index.set('/', 'left from an earlier process');
    const { open } = startBackend({ index, build: () => Promise.reject(new Error('no disk')) });
    await expect(open(A)).rejects.toThrow('no disk');
    expect(await index.get('/')).toBeUndefined();
  });

  test('keeps an entry that leads to another workspace than the one that closes', async () => {
    const index = new MemoryPathIndex();
    const { backend, open } = startBackend({ index });
    const ws = await open(A);
    await index.set('/', 'another');
    await backend.deleteWorkspace(ws.id, A);
    expect(await index.get('/')).toBe('another');
  });

  test('has the last word on a build: the workspace it names is joined, and the one just built shut down', async () => {
    const index = new MemoryPathIndex();
    const gate = new Gate();
    const { backend, apps, open } = startBackend({
      index,
      build: async (request, context) => {
        if (request.path === '/alias') await gate.opened;
        return await buildApp(request, context);
      },
    });
    const winner = await open(A, '/name');
    const joining = open(B, '/alias');
    await settle();
    await index.set('/alias', winner.id);
    gate.open();
    expect((await joining).id).toBe(winner.id);
    expect(winner.clients()).toEqual([A, B]);
    expect(apps.map(({ request, shutdowns }) => [request.path, shutdowns])).toEqual([
      ['/name', 0],
      ['/alias', 1],
    ]);
    expect(backend.listWorkspaces()).toHaveLength(1);
  });

  test('that cannot enter a workspace fails the create, and nothing stays behind', async () => {
    const index = new MemoryPathIndex();
    const { backend, apps, clock, open } = startBackend({ index, shutdownServer: undefined });
    const full = new Error('full');
    const set = vi.spyOn(index, 'set').mockRejectedValueOnce(full);
    await expect(open(A)).rejects.toBe(full);
    expect(apps[0]?.shutdowns).toBe(1);
    expect(backend.listWorkspaces()).toEqual([]);
    expect(clock.running).toEqual([]);
    set.mockRestore();
    expect((await open(A)).clients()).toEqual([A]);
  });

  test('that cannot remove a workspace does not keep it open', async () => {
    const index = new MemoryPathIndex();
    const { backend, log, open } = startBackend({ index, shutdownServer: undefined });
    const ws = await open(A);
    const error = new Error('read-only');
    vi.spyOn(index, 'delete').mockRejectedValueOnce(error);
    await backend.deleteWorkspace(ws.id, A);
    expect(ws.app.shutdowns).toBe(1);
    expect(log.lines[0]).toEqual({
      level: 'warn',
      message: 'Workspace not removed from the path index',
      fields: { workspace_id: ws.id, path: '/', error },
    });
    expect((await open(A)).id).not.toBe(ws.id);
  });
});

describe('a client of another version', () => {
  test('is warned, in the log and in the workspace, and served', async () => {
    const { backend, log } = startBackend({ version: '2.0.0' });
    const { workspace } = await backend.createWorkspace({ path: '/', clientId: A, version: '1.0.0' });
    expect(log.lines).toEqual([
      {
        level: 'warn',
        message: 'Client and server versions differ',
        fields: { workspace_id: workspace.id, path: '/', client_version: '1.0.0', server_version: '2.0.0' },
      },
    ]);
    expect(workspace.config.warnings).toEqual(['Client version 1.0.0 differs from server version 2.0.0']);
  });

  test.each([['2.0.0'], ['']])('is not one of version %j', async (version) => {
    const { backend, log, apps } = startBackend({ version: '2.0.0' });
    await backend.createWorkspace({ path: '/', clientId: A, version });
    expect(log.lines).toEqual([]);
    expect(apps[0]?.warnings).toEqual([]);
  });

  test('is served even if the warning cannot be shown', async () => {
    const error = new Error('no screen');
    const { backend, log } = startBackend({
      build: async (request, context) => ({
        ...(await buildApp(request, context)),
        warn: () => {
          throw error;
        },
      }),
    });
    await backend.createWorkspace({ path: '/', clientId: A, version: '1.0.0' });
    expect(log.lines.at(-1)).toEqual({
      level: 'error',
      message: 'Workspace warning failed',
      fields: { error },
    });
  });
});

describe('a create that is given up', () => {
  const slow = (gate: Gate, signals: AbortSignal[] = []) =>
    startBackend({
      shutdownServer: undefined,
      build: async (request, context) => {
        signals.push(context.signal);
        await gate.opened;
        return await buildApp(request, context);
      },
    });

  test('before it began builds nothing', async () => {
    const { backend, apps } = startBackend();
    const reason = new Error('gone');
    const create = backend.createWorkspace({ path: '/', clientId: A }, { signal: AbortSignal.abort(reason) });
    await expect(create).rejects.toBe(reason);
    expect(apps).toEqual([]);
  });

  test('while it builds tells the builder, and undoes what is built nevertheless', async () => {
    const gate = new Gate();
    const signals: AbortSignal[] = [];
    const { backend, apps } = slow(gate, signals);
    const abort = new AbortController();
    const create = backend.createWorkspace({ path: '/', clientId: A }, { signal: abort.signal });
    await settle();
    const reason = new Error('gone');
    abort.abort(reason);
    expect(signals[0]?.reason).toBe(reason);
    gate.open();
    await expect(create).rejects.toBe(reason);
    expect(apps[0]?.shutdowns).toBe(1);
    expect(backend.listWorkspaces()).toEqual([]);
  });

  test('by the one who builds leaves the build to the next in line', async () => {
    const gate = new Gate();
    const { backend, apps, open } = slow(gate);
    const abort = new AbortController();
    const first = backend.createWorkspace({ path: '/', clientId: A }, { signal: abort.signal });
    await settle();
    const second = open(B);
    await settle();
    abort.abort();
    gate.open();
    await expect(first).rejects.toThrow();
    const ws = await second;
    expect(ws.clients()).toEqual([B]);
    expect(apps.map(({ shutdowns }) => shutdowns)).toEqual([1, 0]);
  });

  test('by one who waits for the build of another ends that wait only', async () => {
    const gate = new Gate();
    const { backend, apps, open } = slow(gate);
    const first = open(A);
    await settle();
    const abort = new AbortController();
    const second = backend.createWorkspace({ path: '/', clientId: B }, { signal: abort.signal });
    await settle();
    const reason = new Error('gone');
    abort.abort(reason);
    await expect(second).rejects.toBe(reason);
    gate.open();
    expect((await first).clients()).toEqual([A]);
    expect(apps).toHaveLength(1);
  });

  test('while it queues for a lock leaves the queue', async () => {
    const { backend, apps } = startBackend({ shutdownServer: undefined });
    const mu = await backend.mu.acquire();
    const abort = new AbortController();
    const create = backend.createWorkspace({ path: '/', clientId: A }, { signal: abort.signal });
    await settle();
    const reason = new Error('gone');
    abort.abort(reason);
    mu();
    await expect(create).rejects.toBe(reason);
    expect(apps).toEqual([]);
  });
});

describe('what fails at the end of a workspace', () => {
  test('is logged, and keeps neither the other steps nor the server from ending', async () => {
    const undone: string[] = [];
    const error = new Error('stuck');
    const { backend, log, server, open } = startBackend({
      build: async (request, context) => {
        context.defer(() => void undone.push('database'));
        return { ...(await buildApp(request, context)), shutdown: () => Promise.reject(error) };
      },
    });
    const ws = await open(A);
    await backend.deleteWorkspace(ws.id, A);
    expect(log.lines[0]).toEqual({
      level: 'error',
      message: 'Workspace cleanup failed',
      fields: { workspace_id: ws.id, path: '/', error },
    });
    expect(undone).toEqual(['database']);
    expect(server.shutdowns).toBe(1);
  });

  test('is logged for the server too', async () => {
    const error = new Error('stuck');
    const { backend, log, open } = startBackend({ shutdownServer: () => Promise.reject(error) });
    const ws = await open(A);
    await backend.deleteWorkspace(ws.id, A);
    await settle();
    expect(log.lines.at(-1)).toEqual({
      level: 'error',
      message: 'Server shutdown failed',
      fields: { error },
    });
  });
});

test('the server does not exit before its last workspace has shut down', async () => {
  const gate = new Gate();
  const { backend, server, open } = startBackend({
    build: async (request, context) => ({
      ...(await buildApp(request, context)),
      shutdown: () => (request.path === '/slow' ? gate.opened : undefined),
    }),
  });
  const [slow, quick] = [await open(A, '/slow'), await open(A, '/quick')];
  const closing = backend.deleteWorkspace(slow.id, A);
  await settle();
  await backend.deleteWorkspace(quick.id, A);
  expect(server.shutdowns).toBe(0);
  gate.open();
  await closing;
  expect(server.shutdowns).toBe(1);
});

test('a backend without an exit stays open when it is idle', async () => {
  const { backend, log, open } = startBackend({ shutdownServer: undefined });
  const first = await open(A);
  await backend.deleteWorkspace(first.id, A);
  expect(log.lines.map(({ message }) => message)).toEqual(['Workspace closed']);
  expect((await open(A)).id).not.toBe(first.id);
});

describe('shutdown', () => {
  test('calls the exit once, and refuses creates from then on', async () => {
    const { backend, server, open } = startBackend();
    const ws = await open(A);
    await backend.shutdown();
    await backend.shutdown();
    expect(server.shutdowns).toBe(1);
    await expect(open(B)).rejects.toMatchObject({ code: 'ERR_SERVER_SHUTTING_DOWN' });
    await backend.deleteWorkspace(ws.id, A);
    expect(server.shutdowns).toBe(1);
  });

  test('fails a build on its way, and undoes it', async () => {
    const gate = new Gate();
    const { backend, apps, open } = startBackend({
      build: async (request, context) => {
        await gate.opened;
        return await buildApp(request, context);
      },
    });
    const opening = open(A);
    await settle();
    await backend.shutdown();
    gate.open();
    await expect(opening).rejects.toMatchObject({ code: 'ERR_SERVER_SHUTTING_DOWN' });
    expect(apps[0]?.shutdowns).toBe(1);
  });
});

describe('close', () => {
  test('shuts every workspace down, claimed or not, and waits for it', async () => {
    const { backend, apps, clock, server, open } = startBackend();
    const attached = await open(A, '/attached');
    await backend.attachClient(attached.id, A);
    await open(B, '/held');
    await backend.close();
    expect(apps.map(({ shutdowns }) => shutdowns)).toEqual([1, 1]);
    expect(backend.listWorkspaces()).toEqual([]);
    expect(clock.running).toEqual([]);
    expect(server.shutdowns).toBe(0);
    await backend.detachClient(attached.id, A);
    await expect(open(A)).rejects.toMatchObject({ code: 'ERR_SERVER_SHUTTING_DOWN' });
  });

  test('aborts the builds on their way, and waits until they are undone', async () => {
    const undone: string[] = [];
    const { backend, open } = startBackend({
      build: (_, { signal, defer }) => {
        defer(() => void undone.push('database'));
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      },
    });
    const creates = Promise.allSettled([open(A), open(B)]);
    await settle();
    await backend.close();
    expect(undone).toEqual(['database']);
    for (const create of await creates) {
      expect(create).toMatchObject({ status: 'rejected', reason: { code: 'ERR_SERVER_SHUTTING_DOWN' } });
    }
  });

  test('waits for a shutdown that has begun before', async () => {
    const gate = new Gate();
    const { backend, open } = startBackend({
      build: async (request, context) => ({
        ...(await buildApp(request, context)),
        shutdown: () => gate.opened,
      }),
    });
    const ws = await open(A);
    const deleted = backend.deleteWorkspace(ws.id, A);
    await settle();
    let closed = false;
    const closing = backend.close().then(() => {
      closed = true;
    });
    await settle();
    expect(closed).toBe(false);
    gate.open();
    await Promise.all([deleted, closing]);
  });

  test('may be called, and awaited, by the exit of the server', async () => {
    let exited = false;
    const { backend, open } = startBackend({
      shutdownServer: async () => {
        await backend.close();
        exited = true;
      },
    });
    const ws = await open(A);
    await backend.deleteWorkspace(ws.id, A);
    await settle();
    expect(exited).toBe(true);
  });

  test('comes with `await using`', async () => {
    const { backend, apps, open } = startBackend();
    {
      await using _backend = backend;
      await open(A);
    }
    expect(apps[0]?.shutdowns).toBe(1);
  });

  test('can be repeated', async () => {
    const { backend, apps, open } = startBackend();
    await open(A);
    await Promise.all([backend.close(), backend.close()]);
    await backend.close();
    expect(apps[0]?.shutdowns).toBe(1);
  });
});
