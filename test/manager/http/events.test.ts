import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { claimsRoutes } from '../../../src/manager/http/routes/claims.ts';
import { createServer } from '../../../src/manager/http/server.ts';
import { Backend, Broker, silentLogger } from '../../../src/manager/index.ts';
import type { ServedWorkspace, WorkspaceEvent } from '../../../src/manager/served-workspace.ts';
import { client, FakeClock, settle } from '../fakes.ts';

const [A] = [client(0xa)];
const HEARTBEAT = 1_000;

/** A server with one workspace, whose events are in the hands of the test. */
async function start(buffer?: number) {
  const clock = new FakeClock();
  const events = new Broker<WorkspaceEvent>({ clock, buffer });
  const backend = new Backend<ServedWorkspace>({
    build: () => ({ config: { events, settings: { graph_root: '/' } } }),
    clock,
    detachGraceMs: 0,
  });
  const app = await createServer(silentLogger, clock);
  claimsRoutes(app, { backend, clock, heartbeatMs: HEARTBEAT });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    events.close();
    await app.close();
  });
  const { workspace } = await backend.createWorkspace({ path: '/', clientId: A });
  return { clock, events, backend, workspace, url };
}

/** Opens a stream by hand, so that the test decides what is read. */
async function open(url: string, id: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write(`GET /v1/workspaces/${id}/events?client_id=${A} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return {
    socket,
    /** Waits until the stream has brought this. */
    async until(wanted: string): Promise<string> {
      while (!text.includes(wanted)) await once(socket, 'data');
      return text;
    },
  };
}

test('C-F7 what happens while a client attaches is not lost', async () => {
  const { events, backend, workspace, url } = await start();
  const attach = backend.attachClient.bind(backend);
  backend.attachClient = async (...args) => {
    await attach(...args);
    events.publish({ type: 'warning', message: 'while attaching' });
  };
  const stream = await open(url, workspace.id);
  const text = await stream.until('while attaching');
  expect(text).toContain('HTTP/1.1 200 OK');
  expect(text).toContain('content-type: text/event-stream');
  expect(text).toContain('data: {"type":"warning","message":"while attaching"}\n\n');
});

test('a client learns that it is attached before anything happens, and that a silent stream lives', async () => {
  const { clock, workspace, url } = await start();
  const stream = await open(url, workspace.id);
  await stream.until(': attached\n\n');
  for (const beats of [1, 2]) {
    clock.advance(HEARTBEAT);
    while ((await stream.until(': heartbeat\n\n')).split(': heartbeat').length <= beats) await settle();
  }
  const text = await stream.until(': heartbeat\n\n');
  expect(text).not.toContain('data:');
});

test('a client that does not read is not sent more, and loses what its buffer has no room for', async () => {
  const { events, workspace, url } = await start(8);
  const stream = await open(url, workspace.id);
  await stream.until(': attached');
  stream.socket.pause();
  const message = 'x'.repeat(64 * 1_024);
  // More than the buffers of both sockets hold.
  for (let i = 0; i < 400; i++) {
    events.publish({ type: 'warning', i, message });
    await settle();
  }
  stream.socket.resume();
  events.publish({ type: 'closing' });
  // Whoever reads again gets what was kept, in order, and what comes from then on.
  events.close();
  const text = await stream.until('\r\n0\r\n');
  const seen = [...text.matchAll(/"i":(\d+)/g)].map(([, i]) => Number(i));
  expect(seen.length).toBeLessThan(400);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen[0]).toBe(0);
});

test('a workspace outlives no stream, and a stream that is cut off ends once', async () => {
  const { backend, workspace, url } = await start();
  const [one, other] = [await open(url, workspace.id), await open(url, workspace.id)];
  await Promise.all([one.until(': attached'), other.until(': attached')]);
  let detached = 0;
  const detach = backend.detachClient.bind(backend);
  backend.detachClient = async (...args) => {
    detached++;
    await detach(...args);
  };
  one.socket.resetAndDestroy();
  while (detached < 1) await settle();
  expect(backend.listWorkspaces()).toEqual([workspace]);
  other.socket.destroy();
  while (backend.listWorkspaces().length > 0) await settle();
  expect(detached).toBe(2);
});
