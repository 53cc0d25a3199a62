import { expect, test, vi } from 'vitest';
import { type BuildWorkspace, parseClientId } from '../../../src/manager/index.ts';
import { A, type App, B, buildApp, C, Gate, GRACE, settle, startBackend } from './support.ts';

// Paths as they are: a file system would bring in turns of its own, and with them chance.
vi.mock('../../../src/manager/claims/path-key.ts', () => ({
  resolveWorkspaceKey: async (path: string) => path,
}));

/** A builder that writes down what it does, with shutdowns that wait for `gate`. */
function narrate(gate: Gate, events: string[]): BuildWorkspace<App> {
  let count = 0;
  return async (request, context) => {
    const n = ++count;
    events.push(`build ${n}`);
    const built = await buildApp(request, context);
    return {
      ...built,
      shutdown: async () => {
        events.push(`shutdown ${n} begins`);
        await gate.opened;
        await built.shutdown?.();
        events.push(`shutdown ${n} ends`);
      },
    };
  };
}

test('C-X1 two teardowns that both saw no claim close the workspace once', async () => {
  const { backend, log, server, open } = startBackend();
  const ws = await open(A);
  await backend.attachClient(ws.id, A);

  // Queue on mu, in this order: C's attach, the test, the teardown by A's detach, the teardown by C's detach.
  const firstHold = await backend.mu.acquire();
  const attached = backend.attachClient(ws.id, C);
  const secondHold = backend.mu.acquire();
  const detachedA = backend.detachClient(ws.id, A);
  await settle();
  expect(ws.size).toBe(0);
  firstHold();
  await attached;
  const detachedC = backend.detachClient(ws.id, C);
  await settle();
  expect(ws.size).toBe(0);
  (await secondHold)();
  await Promise.all([detachedA, detachedC]);

  expect(ws.app.shutdowns).toBe(1);
  expect(server.shutdowns).toBe(1);
  expect(log.lines.map(({ message }) => message)).toEqual([
    'Workspace closed',
    'Last workspace removed, shutting down server...',
  ]);
});

test('C-X2 a directory is not opened again before its old workspace has shut down', async () => {
  const gate = new Gate();
  const events: string[] = [];
  const { backend, open } = startBackend({ build: narrate(gate, events) });
  const old = await open(A, '/project');
  const deleted = backend.deleteWorkspace(old.id, A);
  await settle();
  const reopened = open(B, '/project');
  await settle();
  expect(backend.listWorkspaces()).toEqual([]);
  gate.open();
  await deleted;
  expect((await reopened).id).not.toBe(old.id);
  expect(events).toEqual(['build 1', 'shutdown 1 begins', 'shutdown 1 ends', 'build 2']);
});

test('C-X2 a shutdown holds up creates of its own directory only', async () => {
  const gate = new Gate();
  const { backend, open } = startBackend({ build: narrate(gate, []) });
  const old = await open(A, '/project');
  const deleted = backend.deleteWorkspace(old.id, A);
  await settle();
  await open(B, '/other');
  gate.open();
  await deleted;
});

test('C-X3 parallel creates of one directory build once', async () => {
  const gate = new Gate();
  let builds = 0;
  const { open } = startBackend({
    build: async (request, context) => {
      builds++;
      await gate.opened;
      return await buildApp(request, context);
    },
  });
  const creates = [open(A, '/project'), open(B, '/project'), open(C, '/project')];
  await settle();
  gate.open();
  const [first, second, third] = await Promise.all(creates);
  expect(builds).toBe(1);
  expect([second?.id, third?.id]).toEqual([first?.id, first?.id]);
  expect(first?.clients()).toEqual([A, B, C]);
});

test('C-X3 parallel creates of one directory share a failure', async () => {
  const gate = new Gate();
  let builds = 0;
  const { open } = startBackend({
    build: async () => {
      builds++;
      await gate.opened;
      throw new Error('no disk');
    },
  });
  const creates = Promise.allSettled([open(A, '/project'), open(B, '/project')]);
  await settle();
  gate.open();
  const [first, second] = await creates;
  expect(builds).toBe(1);
  expect(first).toMatchObject({ status: 'rejected', reason: { code: 'ERR_WORKSPACE_BUILD' } });
  expect(second).toEqual(first);
});

test('C-X4 a client is one client in every spelling of its id', async () => {
  const { backend, open } = startBackend();
  const id = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
  const ws = await open(`urn:uuid:${id}`);
  await open(id.replaceAll('-', ''));
  expect(ws.size).toBe(1);
  await backend.attachClient(ws.id, id.toUpperCase());
  await backend.attachClient(ws.id, ` ${id} `);
  expect(ws.claim(id)).toEqual({ streams: 2, held: false });
  await backend.detachClient(ws.id, `{${id}}`);
  await backend.deleteWorkspace(ws.id, `{${id}}`);
  expect(ws.claim(id)).toEqual({ streams: 1, held: false });
  await backend.detachClient(ws.id, id.replaceAll('-', '').toUpperCase());
  expect(ws.app.shutdowns).toBe(1);
});

test('C-X6 a build that fails half way is undone, last step first', async () => {
  const undone: string[] = [];
  const { open } = startBackend({
    build: async (_, { defer }) => {
      defer(() => void undone.push('data directory'));
      defer(async () => void undone.push('database'));
      throw new Error('no application');
    },
  });
  await expect(open(A)).rejects.toMatchObject({
    code: 'ERR_WORKSPACE_BUILD',
    message: 'failed to build workspace: no application',
    cause: new Error('no application'),
  });
  expect(undone).toEqual(['database', 'data directory']);
});

test('C-X6 a step that comes through after the build has failed is undone too', async () => {
  const gate = new Gate();
  const undone: string[] = [];
  const { open } = startBackend({
    build: async (request, context) => {
      const connect = gate.opened.then(() => context.defer(() => void undone.push('database')));
      await Promise.all([connect, Promise.reject(new Error('no application'))]);
      return await buildApp(request, context);
    },
  });
  await expect(open(A)).rejects.toThrow('no application');
  gate.open();
  await settle();
  expect(undone).toEqual(['database']);
});

test('C-X6 a workspace that has shut down undoes its build, last step first', async () => {
  const undone: string[] = [];
  const { backend, open } = startBackend({
    build: async (request, context) => {
      context.defer(() => void undone.push('data directory'));
      context.defer(() => void undone.push('database'));
      return { ...(await buildApp(request, context)), shutdown: () => void undone.push('application') };
    },
  });
  const ws = await open(A);
  expect(undone).toEqual([]);
  await backend.deleteWorkspace(ws.id, A);
  expect(undone).toEqual(['application', 'database', 'data directory']);
});

test('C-X7 the grace period of a claim is the one its caller has read', async () => {
  const { backend, clock, open } = startBackend();
  const ws = await open(A);
  const clients = await backend.getWorkspace(ws.id).clientsMu.acquire();
  const registered = backend.registerClient(backend.getWorkspace(ws.id), parseClientId(B), 7);
  await backend.setCreateGrace(3_600_000);
  clients();
  await registered;
  expect(clock.running).toEqual([GRACE, 7]);
});

test('C-X8 the server does not exit while a create is pending', async () => {
  const gate = new Gate();
  const { backend, server, open } = startBackend({
    build: async (request, context) => {
      if (request.path === '/slow') await gate.opened;
      return await buildApp(request, context);
    },
  });
  const ws = await open(A, '/quick');
  const pending = open(B, '/slow');
  await settle();
  await backend.deleteWorkspace(ws.id, A);
  expect(ws.app.shutdowns).toBe(1);
  expect(server.shutdowns).toBe(0);
  gate.open();
  const slow = await pending;
  expect(server.shutdowns).toBe(0);
  await backend.deleteWorkspace(slow.id, B);
  expect(server.shutdowns).toBe(1);
});

test('C-X8 a create that waits for the old workspace to shut down is pending', async () => {
  const gate = new Gate();
  const { backend, server, open } = startBackend({ build: narrate(gate, []) });
  const old = await open(A, '/project');
  const deleted = backend.deleteWorkspace(old.id, A);
  const pending = open(B, '/project');
  await settle();
  gate.open();
  await Promise.all([deleted, pending]);
  expect(server.shutdowns).toBe(0);
});

test('C-X8 a create that fails lets the idle server exit', async () => {
  const gate = new Gate();
  const { backend, server, open } = startBackend({
    build: async (request, context) => {
      if (request.path !== '/slow') return await buildApp(request, context);
      await gate.opened;
      throw new Error('no disk');
    },
  });
  const ws = await open(A, '/quick');
  const pending = open(B, '/slow');
  await settle();
  await backend.deleteWorkspace(ws.id, A);
  expect(server.shutdowns).toBe(0);
  gate.open();
  await expect(pending).rejects.toThrow('no disk');
  expect(server.shutdowns).toBe(1);
});

test('C-X8 no create comes in after the decision to exit', async () => {
  const { backend, server, apps, open } = startBackend();
  const ws = await open(A);
  await backend.deleteWorkspace(ws.id, A);
  expect(server.shutdowns).toBe(1);
  await expect(open(A)).rejects.toMatchObject({ code: 'ERR_SERVER_SHUTTING_DOWN' });
  expect(apps).toHaveLength(1);
});
