import { randomUUID } from 'node:crypto';
import { Backend } from '../../dist/src/manager/index.js';

/** Attaches and detaches clients of one workspace that stays open, so many at a time. */
export async function measureAttach({ clients, pairs }) {
  const backend = new Backend({
    build: async () => ({ config: undefined, shutdown: async () => {} }),
    detachGraceMs: 0,
    idleShutdownDelayMs: Infinity,
  });
  const anchor = randomUUID();
  const { workspace } = await backend.createWorkspace({ path: import.meta.dirname, clientId: anchor });
  await backend.attachClient(workspace.id, anchor);

  const run = async (count) => {
    const id = randomUUID();
    for (let n = 0; n < count; n++) {
      await backend.attachClient(workspace.id, id);
      await backend.detachClient(workspace.id, id);
    }
  };
  const all = (count) => Promise.all(Array.from({ length: clients }, () => run(count / clients)));
  await all(pairs / 10);
  const began = performance.now();
  await all(pairs);
  const perSecond = pairs / ((performance.now() - began) / 1_000);

  const left = (await backend.attachedClients(workspace.id)).length;
  if (left !== 1 || workspace.clients.streams !== 1)
    throw new Error(`${left} clients are left, not the anchor alone`);
  await backend.close();
  return { perSecond };
}
