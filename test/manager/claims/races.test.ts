import { expect, test, vi } from 'vitest';
import { hasErrorCode } from '../../../src/manager/index.ts';
import { A, B, client, settle, startBackend, turns } from './support.ts';

// Paths as they are: a file system would bring in turns of its own, and with them chance.
vi.mock('../../../src/manager/claims/path-key.ts', () => ({
  resolveWorkspaceKey: async (path: string) => path,
}));

/** Starts `first` and `second` after so many turns each, and returns how each of them ended. */
async function race(
  [first, firstTurns]: [() => unknown, number],
  [second, secondTurns]: [() => unknown, number],
): Promise<PromiseSettledResult<unknown>[]> {
  const outcomes = await Promise.allSettled([turns(firstTurns).then(first), turns(secondTurns).then(second)]);
  await settle();
  return outcomes;
}

function rejectedAsNotFound(outcome: PromiseSettledResult<unknown> | undefined): boolean {
  if (outcome?.status !== 'rejected') return false;
  if (!hasErrorCode(outcome.reason, 'ERR_WORKSPACE_NOT_FOUND')) throw outcome.reason;
  return true;
}

test('C-T16 hold expiry races with attach ×50: the client is out and the workspace down, or in and attached', async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 50; i++) {
    const { backend, clock, open } = startBackend({ createGraceMs: 1 });
    const ws = await open(A);
    await race(
      [() => backend.attachClient(ws.id, A), i % 10],
      [() => clock.advance(1), Math.floor(i / 10) * 2],
    );

    if (ws.app.shutdowns === 1) {
      seen.add('expired');
      expect(ws.claim(A)).toBeUndefined();
    } else {
      seen.add('attached');
      expect(ws.app.shutdowns).toBe(0);
      expect(ws.claim(A)).toEqual({ streams: 1, held: false });
      expect(backend.getWorkspace(ws.id).id).toBe(ws.id);
    }
  }
  expect([...seen].sort()).toEqual(['attached', 'expired']);
});

test('C-T17 of 50 clients that attach and detach beside an anchor, only the anchor remains', async () => {
  const { backend, open } = startBackend();
  const anchor = client(1);
  const ws = await open(anchor);
  await backend.attachClient(ws.id, anchor);
  const visitors = Array.from({ length: 50 }, (_, i) => client(100 + i));
  await Promise.all(
    visitors.map(async (visitor, i) => {
      await turns((i * 7) % 11);
      await backend.attachClient(ws.id, visitor);
      await turns((i * 5) % 13);
      await backend.detachClient(ws.id, visitor);
    }),
  );
  expect(ws.clients([anchor, ...visitors])).toEqual([anchor]);
  expect(ws.size).toBe(1);
  expect(ws.app.shutdowns).toBe(0);
});

test('C-T30 attach races with teardown ×200: the client is in and the workspace up, or it is told and the workspace is down', async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const { backend, open } = startBackend();
    const ws = await open(A);
    await backend.attachClient(ws.id, A);
    const [attach] = await race(
      [() => backend.attachClient(ws.id, B), i % 20],
      [() => backend.detachClient(ws.id, A), Math.floor(i / 20)],
    );

    const open_ = backend.listWorkspaces().map(({ id }) => id);
    if (rejectedAsNotFound(attach)) {
      seen.add('not found');
      expect(open_).toEqual([]);
      expect(ws.app.shutdowns).toBe(1);
      expect(ws.size).toBe(0);
    } else {
      seen.add('attached');
      expect(open_).toEqual([ws.id]);
      expect(ws.clients()).toEqual([B]);
      expect(ws.app.shutdowns).toBe(0);
    }
  }
  expect([...seen].sort()).toEqual(['attached', 'not found']);
});
