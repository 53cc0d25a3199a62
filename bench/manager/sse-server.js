// The routes of shared workspaces, of which one publishes events; told what to do by its parent.
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../dist/src/manager/clock.js';
import { Broker } from '../../dist/src/manager/events/broker.js';
import { claimsRoutes } from '../../dist/src/manager/http/routes/claims.js';
import { createServer } from '../../dist/src/manager/http/server.js';
import { Backend } from '../../dist/src/manager/index.js';

const TICK_MS = 10;
const HEAP_MS = 5_000;

let dropped = 0;
const metrics = { count: (name) => void (name === 'ws_manager_event_drops_total' && dropped++), gauge() {} };
const logger = { debug() {}, info() {}, warn: console.error, error: console.error };
const events = new Broker({ metrics });
const backend = new Backend({
  build: async () => ({ config: { events, settings: {} }, shutdown: async () => events.close() }),
  detachGraceMs: 0,
  idleShutdownDelayMs: Infinity,
});
const app = await createServer(logger, systemClock);
claimsRoutes(app, { backend, clock: systemClock, heartbeatMs: 15_000 });
const url = await app.listen({ host: '127.0.0.1', port: 0 });
const first = randomUUID();
const { workspace } = await backend.createWorkspace({ path: import.meta.dirname, clientId: first });
process.send({ kind: 'listening', url, workspaceId: workspace.id });
process.on('message', (message) => (message.kind === 'publish' ? publish(message) : end()));

/** Publishes at a steady rate: what a late tick has missed, the next one makes up for. */
function publish({ rate, seconds }) {
  const began = performance.now();
  const cpu = process.cpuUsage();
  const heap = [];
  let published = 0;
  const timer = setInterval(() => {
    const elapsed = performance.now() - began;
    const due = Math.min(Math.floor((elapsed / 1_000) * rate), rate * seconds);
    for (; published < due; published++) {
      events.publish({
        type: 'warning',
        message: `event ${published}`,
        at: performance.timeOrigin + performance.now(),
      });
    }
    if (elapsed >= (heap.length + 1) * HEAP_MS) {
      globalThis.gc();
      heap.push(process.memoryUsage().heapUsed);
    }
    if (elapsed < seconds * 1_000) return;
    clearInterval(timer);
    const { user, system } = process.cpuUsage(cpu);
    process.send({ kind: 'published', published, dropped, heap, cpu: (user + system) / 1e6 });
  }, TICK_MS);
}

/** The clients have gone; the claim of the first create is given up, and nothing is left. */
async function end() {
  while (workspace.clients.streams > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await backend.deleteWorkspace(workspace.id, first);
  process.send({ kind: 'gone', workspaces: backend.listWorkspaces().length });
  await backend.close();
  await app.close();
  process.disconnect();
}
