import { describe, expect, test } from 'vitest';
import { InvalidClientIdError, parseClientId, WorkspaceNotFoundError } from '../../../src/manager/index.ts';
import { A, B, C, client, GRACE, settle, startBackend } from './support.ts';

test('C-T04 registering a client twice leaves one claim, on hold', async () => {
  const { backend, clock, open } = startBackend();
  const ws = await open(A);
  await backend.registerClient(backend.getWorkspace(ws.id), parseClientId(A), GRACE);
  expect(ws.size).toBe(1);
  expect(ws.claim(A)).toEqual({ streams: 0, held: true });
  expect(clock.running).toEqual([GRACE]);
});

test('C-T05 attaching ends the hold, so that the grace period runs out without effect', async () => {
  const { backend, clock, server, open } = startBackend();
  const ws = await open(A);
  await backend.attachClient(ws.id, A);
  expect(ws.claim(A)).toEqual({ streams: 1, held: false });
  expect(clock.running).toEqual([]);
  clock.advance(3 * GRACE);
  await settle();
  expect(ws.app.shutdowns).toBe(0);
  expect(server.shutdowns).toBe(0);
});

test('C-T06 a client may attach without having created', async () => {
  const { backend, open } = startBackend();
  const ws = await open(A);
  await backend.attachClient(ws.id, B);
  expect(ws.claim(B)).toEqual({ streams: 1, held: false });
});

test('C-T07 a client with two streams keeps its claim until both have ended', async () => {
  const { backend, open } = startBackend();
  const ws = await open(A);
  await backend.attachClient(ws.id, A);
  await backend.attachClient(ws.id, A);
  expect(ws.claim(A)?.streams).toBe(2);
  await backend.detachClient(ws.id, A);
  expect(ws.claim(A)?.streams).toBe(1);
  expect(ws.app.shutdowns).toBe(0);
  await backend.detachClient(ws.id, A);
  expect(ws.app.shutdowns).toBe(1);
});

test('C-T08 the last detach shuts the workspace down, and the server with it', async () => {
  const { backend, log, server, open } = startBackend();
  const ws = await open(A);
  await backend.attachClient(ws.id, A);
  await backend.detachClient(ws.id, A);
  expect(ws.app.shutdowns).toBe(1);
  expect(server.shutdowns).toBe(1);
  expect(() => backend.getWorkspace(ws.id)).toThrow(WorkspaceNotFoundError);
  expect(backend.listWorkspaces()).toEqual([]);
  expect(log.lines).toEqual([
    {
      level: 'debug',
      message: 'Workspace closed',
      fields: { workspace_id: ws.id, path: '/', shutdown_ms: 0 },
    },
    { level: 'info', message: 'Last workspace removed, shutting down server...', fields: {} },
  ]);
});

test('C-T09 a client that does not attach within the grace period loses its claim', async () => {
  const { clock, server, open } = startBackend();
  const ws = await open(A);
  clock.advance(GRACE - 1);
  await settle();
  expect(ws.app.shutdowns).toBe(0);
  clock.advance(1);
  await settle();
  expect(ws.app.shutdowns).toBe(1);
  expect(server.shutdowns).toBe(1);
});

test('C-T10 a delete before any attach shuts down once, however often it is repeated', async () => {
  const { backend, clock, open } = startBackend();
  const ws = await open(A);
  await backend.deleteWorkspace(ws.id, A);
  expect(ws.app.shutdowns).toBe(1);
  expect(clock.running).toEqual([]);
  await expect(backend.deleteWorkspace(ws.id, A)).resolves.toBeUndefined();
  expect(ws.app.shutdowns).toBe(1);
});

test('C-T11 a delete leaves a workspace with an open stream to the detach', async () => {
  const { backend, open } = startBackend();
  const ws = await open(A);
  await backend.attachClient(ws.id, A);
  await backend.deleteWorkspace(ws.id, A);
  expect(ws.claim(A)).toEqual({ streams: 1, held: false });
  expect(ws.app.shutdowns).toBe(0);
  await backend.detachClient(ws.id, A);
  expect(ws.app.shutdowns).toBe(1);
});

test('C-T12 a delete by a client without a hold changes nothing, before its attach and after', async () => {
  const { backend, open } = startBackend();
  const ws = await open(A);
  await backend.deleteWorkspace(ws.id, B);
  expect(ws.clients()).toEqual([A]);
  await backend.attachClient(ws.id, B);
  await backend.deleteWorkspace(ws.id, B);
  expect(ws.claim(B)).toEqual({ streams: 1, held: false });
  await backend.deleteWorkspace(ws.id, A);
  expect(ws.app.shutdowns).toBe(0);
  await backend.detachClient(ws.id, B);
  expect(ws.app.shutdowns).toBe(1);
});

test('C-T13 the workspace outlives the first of two clients, and not the second', async () => {
  const { backend, open } = startBackend();
  const ws = await open(A);
  await backend.attachClient(ws.id, A);
  await backend.attachClient(ws.id, B);
  await backend.detachClient(ws.id, A);
  expect(ws.clients()).toEqual([B]);
  expect(ws.app.shutdowns).toBe(0);
  await backend.detachClient(ws.id, B);
  expect(ws.app.shutdowns).toBe(1);
});

describe.each([[''], ['not-a-uuid']])('with %j for a client id', (invalid) => {
  test('C-T14 an attach is refused, whether or not the workspace exists', async () => {
    const { backend, open } = startBackend();
    const ws = await open(A);
    await expect(backend.attachClient(ws.id, invalid)).rejects.toThrow(InvalidClientIdError);
    await expect(backend.attachClient('unknown', invalid)).rejects.toThrow(InvalidClientIdError);
    expect(ws.size).toBe(1);
  });

  test('C-T15 a delete is refused, whether or not the workspace exists', async () => {
    const { backend, open } = startBackend();
    const ws = await open(A);
    await expect(backend.deleteWorkspace(ws.id, invalid)).rejects.toThrow(InvalidClientIdError);
    await expect(backend.deleteWorkspace('unknown', invalid)).rejects.toThrow(InvalidClientIdError);
    expect(ws.size).toBe(1);
  });

  test('a detach, which runs in `finally`, does nothing', async () => {
    const { backend, open } = startBackend();
    const ws = await open(A);
    await backend.detachClient(ws.id, invalid);
    expect(ws.size).toBe(1);
  });
});

test('C-T28 of two clients attached in parallel, the one that stays keeps the workspace', async () => {
  const { backend, open } = startBackend();
  const ws = await open(C);
  await Promise.all([backend.attachClient(ws.id, A), backend.attachClient(ws.id, B)]);
  await backend.deleteWorkspace(ws.id, C);
  await backend.detachClient(ws.id, A);
  expect(ws.size).toBe(1);
  expect(ws.clients()).toEqual([B]);
  expect(ws.app.shutdowns).toBe(0);
  await backend.detachClient(ws.id, B);
  expect(ws.app.shutdowns).toBe(1);
});

test('C-T29 an attach after an explicit delete is a claim of its own', async () => {
  const { backend, open } = startBackend({ createGraceMs: 3_600_000 });
  const anchor = client(1);
  const ws = await open(anchor);
  await open(A);
  await backend.deleteWorkspace(ws.id, A);
  expect(ws.claim(A)).toBeUndefined();
  expect(ws.app.shutdowns).toBe(0);
  await backend.attachClient(ws.id, A);
  expect(ws.claim(A)).toEqual({ streams: 1, held: false });
  await backend.deleteWorkspace(ws.id, A);
  expect(ws.claim(A)).toEqual({ streams: 1, held: false });
});

test('a detach of an unknown workspace or client does nothing', async () => {
  const { backend, open } = startBackend();
  const ws = await open(A);
  await backend.detachClient('unknown', A);
  await backend.detachClient(ws.id, B);
  expect(ws.clients()).toEqual([A]);
});

test('a detach does not end the hold of a client that never attached', async () => {
  const { backend, open } = startBackend();
  const ws = await open(A);
  await backend.detachClient(ws.id, A);
  expect(ws.claim(A)).toEqual({ streams: 0, held: true });
});

test('a timer that fired for a claim since replaced by another does not end the new one', async () => {
  const { backend, clock, open } = startBackend();
  const ws = await open(B);
  await backend.attachClient(ws.id, B);
  await open(A);
  const workspace = backend.getWorkspace(ws.id);
  // The expiry of A's first claim queues behind a release and a second create.
  const clients = await workspace.clientsMu.acquire();
  const released = backend.deleteWorkspace(ws.id, A);
  const registered = backend.registerClient(workspace, parseClientId(A), GRACE);
  clock.advance(GRACE);
  clients();
  await Promise.all([released, registered]);
  await settle();
  expect(ws.claim(A)).toEqual({ streams: 0, held: true });
});
