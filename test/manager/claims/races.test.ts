import fc from 'fast-check';
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

test('C-X1 in 1000 interleavings of visits that end with no claim, the workspace and the server end once', async () => {
  const stretch = fc.record({ start: fc.nat({ max: 12 }), length: fc.nat({ max: 6 }) });
  const schedule = fc.record({
    visits: fc.array(stretch, { minLength: 2, maxLength: 4 }),
    /** Others who hold mu: creates of other directories, with an index that takes its time. */
    others: fc.array(stretch, { maxLength: 4 }),
    leaves: fc.nat({ max: 12 }),
  });
  let cameLate = 0;
  await fc.assert(
    fc.asyncProperty(schedule, async ({ visits, others, leaves }) => {
      const { backend, log, server, open } = startBackend();
      const ws = await open(A);
      await backend.attachClient(ws.id, A);
      const visit = async ({ start, length }: (typeof visits)[number], visitor: string): Promise<void> => {
        await turns(start);
        try {
          await backend.attachClient(ws.id, visitor);
        } catch (error) {
          if (!hasErrorCode(error, 'ERR_WORKSPACE_NOT_FOUND')) throw error;
          return;
        }
        if (ws.claim(A) === undefined) cameLate++;
        await turns(length);
        await backend.detachClient(ws.id, visitor);
      };
      const hold = async ({ start, length }: (typeof others)[number]): Promise<void> => {
        await turns(start);
        using _mu = await backend.mu.acquire();
        await turns(length);
      };
      await Promise.all([
        ...visits.map((each, i) => visit(each, client(i + 1))),
        ...others.map(hold),
        turns(leaves).then(() => backend.detachClient(ws.id, A)),
      ]);
      await settle();
      expect([ws.app.shutdowns, server.shutdowns]).toEqual([1, 1]);
      // A workspace's shutdown runs once however often it is asked for: how often it was is in the log.
      expect(log.lines.map(({ message }) => message)).toEqual([
        'Workspace closed',
        'Last workspace removed, shutting down server...',
      ]);
    }),
    { numRuns: 1000, seed: 1 },
  );
  // The interleavings are worth their name only if visitors come after the last claim has ended.
  expect(cameLate).toBeGreaterThan(100);
});
