import { expect, test } from 'vitest';
import { describeDatabases } from '../servers.ts';
import {
  bytes,
  creation,
  FakeClock,
  intercept,
  overlayRows,
  rowOf,
  session,
  settle,
  startManager,
} from './support.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ended = { changesetEnded: () => true };

describeDatabases('session collections', (open) => {
  test('D-12 only persistent sessions whose time has come expire', async () => {
    const { manager, clock } = await startManager(await open(), ended);
    const at = (ms: number) => ({ kind: 'persistent', expiresAt: new Date(clock.epoch() + ms) }) as const;
    await manager.createWorkspace(creation(1));
    await manager.createWorkspace(creation(2, { mode: { kind: 'persistent' } }));
    await manager.createWorkspace(creation(3, { mode: at(HOUR) }));
    await manager.createWorkspace(creation(4, { mode: at(HOUR + 1) }));
    clock.advance(HOUR);
    expect(await manager.gcExpired()).toEqual({ stranded: [], expired: [session(3)] });
    expect(manager.totalActive()).toBe(3);
  });

  test('D-13 D-X5 a disconnect closes ephemeral sessions, and leaves persistent ones', async () => {
    const { manager } = await startManager(await open(), ended);
    for (const n of [1, 2]) await manager.createWorkspace(creation(n));
    await manager.createWorkspace(creation(3, { mode: { kind: 'persistent' } }));
    expect(await manager.cleanupDisconnected([session(1).toUpperCase()])).toEqual({
      stranded: [],
      expired: [session(2)],
    });
    expect(manager.activeSessionsForRepo(creation(1).repoId)).toEqual([session(1), session(3)]);
  });

  test('D-14 session_gc matrix: idle, within idle, hard maximum despite use, and all of them together', async () => {
    const { manager, clock } = await startManager(await open(), ended);
    const gc = async () => (await manager.gcExpiredSessions(30 * MINUTE, 4 * HOUR)).expired;
    await manager.createWorkspace(creation(1));
    clock.advance(30 * MINUTE);
    // Within idle: strictly more is needed.
    expect(await gc()).toEqual([]);
    clock.advance(1);
    expect(await gc()).toEqual([session(1)]);

    await manager.createWorkspace(creation(2));
    for (let i = 0; i < 8; i++) {
      clock.advance(30 * MINUTE);
      manager.getWorkspace(session(2));
      expect(await gc()).toEqual([]);
    }
    // Mixed: 2 is used and over the maximum, 3 is idle, 4 is persistent and idle, 5 is fresh.
    for (const n of [3, 5]) await manager.createWorkspace(creation(n));
    await manager.createWorkspace(creation(4, { mode: { kind: 'persistent' } }));
    clock.advance(29 * MINUTE);
    manager.getWorkspace(session(2));
    manager.getWorkspace(session(5));
    clock.advance(2 * MINUTE);
    expect(await gc()).toEqual([session(2), session(3), session(4)]);
    expect(manager.totalActive()).toBe(1);
  });

  test('D-X8 whatever uses a session keeps it from being idle', async () => {
    const { manager, clock } = await startManager(await open(), ended);
    const [, written] = [
      await manager.createWorkspace(creation(1)),
      await manager.createWorkspace(creation(2)),
    ];
    clock.advance(20 * MINUTE);
    manager.getWorkspace(session(1));
    await written.write('a.ts', bytes('x'));
    clock.advance(20 * MINUTE);
    expect(await manager.gcExpiredSessions(30 * MINUTE, HOUR)).toEqual({ stranded: [], expired: [] });
  });

  test('D-X3 a session that is extended or used while others are collected stays', async () => {
    const db = await open();
    const clock = new FakeClock();
    let during = async (): Promise<void> => {};
    const { manager } = await startManager(db, {
      clock,
      changesetEnded: async ({ session_id }) => {
        if (session_id === session(1)) await during();
        return true;
      },
    });
    const mode = { kind: 'persistent', expiresAt: new Date(clock.epoch() + HOUR) } as const;
    for (const n of [1, 2]) await manager.createWorkspace(creation(n, { mode }));
    clock.advance(HOUR);
    during = async () => manager.getWorkspace(session(2))?.setExpiry(undefined);
    expect(await manager.gcExpired()).toEqual({ stranded: [], expired: [session(1)] });
    await manager.createWorkspace(creation(3));
    clock.advance(HOUR);
    during = async () => {};
    const gc = manager.gcExpiredSessions(30 * MINUTE, 9 * HOUR);
    manager.getWorkspace(session(3));
    expect((await gc).expired).toEqual([session(2)]);
  });

  test('D-L1 D-L2 D-F3 every way out of memory evicts the cache, once (D-F2)', async () => {
    const { manager, clock, cache } = await startManager(await open());
    const mode = { kind: 'persistent', expiresAt: new Date(clock.epoch() + HOUR) } as const;
    await manager.createWorkspace(creation(1, { mode }));
    for (const n of [2, 3, 4]) await manager.createWorkspace(creation(n));
    clock.advance(HOUR);
    for (const n of [2, 3, 4]) manager.getWorkspace(session(n));
    await manager.gcExpired();
    await manager.cleanupDisconnected([session(3), session(4)]);
    clock.advance(2 * HOUR);
    manager.getWorkspace(session(4));
    await Promise.all([manager.gcExpiredSessions(HOUR, 9 * HOUR), manager.gcExpiredSessions(HOUR, 9 * HOUR)]);
    await manager.destroyWorkspace(session(4));
    await settle();
    const evictions = cache.log.filter((line) => line.startsWith('evict'));
    expect(evictions).toEqual([1, 2, 3, 4].map((n) => `evict ${session(n)}`));
  });

  test('D-F1 a session whose changeset has not ended is stranded: memory goes, rows stay', async () => {
    const db = await open();
    const stranded: string[] = [];
    const { manager, clock } = await startManager(db, {
      onStranded: ({ session_id }, reason) => void stranded.push(`${session_id} ${reason}`),
    });
    const workspace = await manager.createWorkspace(creation(1));
    await workspace.write('a.ts', bytes('x'));
    clock.advance(HOUR);
    expect(await manager.gcExpiredSessions(MINUTE, HOUR)).toEqual({ stranded: [session(1)], expired: [] });
    expect(manager.totalActive()).toBe(0);
    expect(stranded).toEqual([`${session(1)} idle`]);
    const row = await rowOf(db, session(1));
    expect([row?.['state'], row?.['stranded_at'], row?.['stranded_reason'], row?.['owner_id']]).toEqual([
      'active',
      new Date(clock.epoch()),
      'idle',
      null,
    ]);
    expect(await overlayRows(db)).toEqual(['a.ts']);
    expect(await manager.listSessions(creation(1).repoId)).toEqual([]);
  });

  test('D-F1 a changeset of which nothing can be learned keeps its session', async () => {
    const { manager, clock, log } = await startManager(await open(), {
      changesetEnded: () => {
        throw new Error('no answer');
      },
    });
    await manager.createWorkspace(creation(1));
    clock.advance(HOUR);
    expect(await manager.gcExpiredSessions(MINUTE, HOUR)).toEqual({ stranded: [session(1)], expired: [] });
    expect(log.lines.map(({ message }) => message)).toEqual(['Changeset not found; its session is kept']);
  });

  test('D-F1 D-X7 a session whose changeset has ended is dropped with its files', async () => {
    const db = await open();
    const { manager, clock } = await startManager(db);
    const merged = await manager.createWorkspace(creation(1));
    await merged.write('a.ts', bytes('x'));
    await merged.setState('merged');
    clock.advance(HOUR);
    expect(await manager.gcExpiredSessions(MINUTE, HOUR)).toEqual({ stranded: [], expired: [session(1)] });
    expect(await overlayRows(db)).toEqual([]);
    expect((await rowOf(db, session(1)))?.['state']).toBe('merged');
  });

  test('D-X11 a session whose strand fails stays open, and is collected the next time', async () => {
    const db = await open();
    let fails = true;
    const failing = intercept(db, async (text) => {
      if (fails && text.includes('COALESCE(stranded_at')) throw new Error('no database');
    });
    const { manager, cache, log } = await startManager(failing);
    const workspace = await manager.createWorkspace(creation(1));
    await manager.createWorkspace(creation(2));
    expect(await manager.cleanupDisconnected([session(2)])).toEqual({ stranded: [], expired: [] });
    expect(manager.getWorkspace(session(1))).toBe(workspace);
    expect(log.lines.map(({ message }) => message)).toEqual(['Session not collected']);
    await settle();
    expect(cache.log.filter((line) => line.startsWith('evict'))).toEqual([]);
    fails = false;
    expect(await manager.cleanupDisconnected([session(2)])).toEqual({ stranded: [session(1)], expired: [] });
  });

  test('a strand waits for the write that is on its way, and fails the one that comes after it', async () => {
    const db = await open();
    const { manager } = await startManager(db);
    const workspace = await manager.createWorkspace(creation(1));
    const before = workspace.write('a.ts', bytes('x'));
    const strand = manager.cleanupDisconnected([]);
    await before;
    await strand;
    await expect(workspace.write('b.ts', bytes('x'))).rejects.toMatchObject({ code: 'ERR_SESSION_LOST' });
    expect(await overlayRows(db)).toEqual(['a.ts']);
  });

  test('D-F1 a strand hook that fails changes nothing', async () => {
    const { manager, log } = await startManager(await open(), {
      onStranded: () => {
        throw new Error('hook');
      },
    });
    await manager.createWorkspace(creation(1));
    expect((await manager.cleanupDisconnected([])).stranded).toEqual([session(1)]);
    expect(log.lines.map(({ message }) => message)).toEqual(['Strand hook failed']);
  });

  test('D-F1 a session that nobody resumes for four hours is abandoned with its files, in one go', async () => {
    const db = await open();
    const { manager, clock } = await startManager(db);
    for (const n of [1, 2]) {
      const workspace = await manager.createWorkspace(creation(n));
      await workspace.write(`${n}.ts`, bytes('x'));
      await manager.cleanupDisconnected([]);
      clock.advance(1);
    }
    clock.advance(4 * HOUR - 1);
    expect(await manager.abandonStranded()).toEqual([session(1)]);
    expect(await overlayRows(db)).toEqual(['2.ts']);
    const row = await rowOf(db, session(1));
    expect([row?.['state'], row?.['abandoned_at'], row?.['abandoned_reason'], row?.['stranded_at']]).toEqual([
      'abandoned',
      new Date(clock.epoch()),
      'not resumed in time',
      null,
    ]);
    await expect(manager.resume(session(1))).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' });
  });

  test('the collections run by themselves', async () => {
    const db = await open();
    const clock = new FakeClock();
    const { manager } = await startManager(db, { clock, idleTtlMs: MINUTE / 2 });
    await manager.createWorkspace(creation(1));
    clock.advance(MINUTE);
    await expect.poll(() => manager.totalActive(), { timeout: 10_000 }).toBe(0);
  });
});
