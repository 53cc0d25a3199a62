import { expect, test } from 'vitest';
import type { Db, SessionManager } from '../../../src/manager/index.ts';
import { describeDatabases, describePostgres, openPostgres } from '../servers.ts';
import {
  bytes,
  creation,
  FakeClock,
  HandClock,
  type Harness,
  intercept,
  MemoryCache,
  overlayRows,
  repo,
  rowOf,
  session,
  settle,
  startManager,
} from './support.ts';

/** Creates session 1 with a file and a symbol, and strands it. */
async function strand({ manager }: Harness): Promise<void> {
  const workspace = await manager.createWorkspace(creation(1));
  await workspace.write('a.ts', bytes('x'), { change: 'added' });
  await workspace.changeSymbols([{ kind: 'add', symbol: { id: 's', name: 'sum', file: 'a.ts' } }]);
  await manager.cleanupDisconnected([]);
}

async function redirects(db: Db): Promise<unknown[]> {
  return (await db.query('SELECT dead_session_id, successor_session_id FROM session_resume_redirects')).rows;
}

describeDatabases('a resume', (open) => {
  test('D-F1 opens a stranded session under a new id, with its files, its symbols and its name', async () => {
    const db = await open();
    const resumed: string[] = [];
    const harness = await startManager(db, {
      onResumed: ({ session_id }) => void resumed.push(session_id),
      baseGraph: () => ({ get: (id) => (id === 'b' ? { id, name: 'base', file: 'b.ts' } : undefined) }),
    });
    const { manager, cache, clock } = harness;
    await strand(harness);
    clock.advance(3_000);
    const info = await manager.resume(session(1));
    expect(info).toMatchObject({
      agent_name: 'agent-1',
      intent: 'intent 1',
      state: 'active',
      elapsed_secs: 3,
    });
    expect(info.session_id).not.toBe(session(1));
    expect(resumed).toEqual([info.session_id]);

    const workspace = manager.getWorkspace(info.session_id);
    expect((await workspace?.read('a.ts'))?.content).toEqual(bytes('x'));
    expect(workspace?.listChanges().map(({ change }) => change)).toEqual(['added']);
    expect(workspace?.graph.lookup('s')?.name).toBe('sum');
    expect(workspace?.graph.lookup('b')?.name).toBe('base');
    await workspace?.write('b.ts', bytes('y'));
    expect(await overlayRows(db)).toEqual(['a.ts', 'b.ts']);
    expect(await rowOf(db, session(1))).toBeUndefined();
    const row = await rowOf(db, info.session_id);
    expect([row?.['stranded_at'], row?.['stranded_reason']]).toEqual([null, null]);
    expect(await redirects(db)).toEqual([
      { dead_session_id: session(1), successor_session_id: info.session_id },
    ]);
    await settle();
    expect([...cache.snapshots.keys()]).toEqual([info.session_id]);
  });

  test('D-F1 done again tells the same session; done after another strand follows the chain', async () => {
    const db = await open();
    const harness = await startManager(db);
    const { manager } = harness;
    await strand(harness);
    const [first, again] = await Promise.all([manager.resume(session(1)), manager.resume(session(1))]);
    expect(again.session_id).toBe(first.session_id);
    expect((await manager.resume(session(1))).session_id).toBe(first.session_id);
    expect(manager.totalActive()).toBe(1);

    await manager.cleanupDisconnected([]);
    const second = await manager.resume(session(1));
    expect(second.session_id).not.toBe(first.session_id);
    expect((await manager.resume(first.session_id)).session_id).toBe(second.session_id);
    expect(await redirects(db)).toEqual([
      { dead_session_id: session(1), successor_session_id: first.session_id },
      { dead_session_id: first.session_id, successor_session_id: second.session_id },
    ]);
    await expect(manager.createWorkspace(creation(1))).rejects.toMatchObject({ code: 'ERR_SESSION_EXISTS' });
  });

  test('of a session that is open, has ended, or never was, is refused', async () => {
    const { manager } = await startManager(await open());
    await manager.createWorkspace(creation(1));
    await expect(manager.resume(session(1))).rejects.toMatchObject({ code: 'ERR_SESSION_IN_USE' });
    await manager.destroyWorkspace(session(1));
    await expect(manager.resume(session(1))).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' });
    await expect(manager.resume(session(2))).rejects.toMatchObject({ code: 'ERR_SESSION_NOT_FOUND' });
  });

  test('D-F4 what fails after the commit strands the session again, and nothing of it stays in memory', async () => {
    const db = await open();
    let fails = true;
    const stranded: string[] = [];
    const harness = await startManager(db, {
      onStranded: (_, reason) => void stranded.push(reason),
      onResumed: () => {
        if (fails) throw new Error('no lock to be had');
      },
    });
    const { manager } = harness;
    await strand(harness);
    await expect(manager.resume(session(1))).rejects.toThrow('no lock to be had');
    expect(manager.totalActive()).toBe(0);
    expect(stranded).toEqual(['disconnected', 'its resume failed']);
    const { rows } = await db.query('SELECT stranded_reason, owner_id FROM session_workspaces');
    expect(rows).toEqual([{ stranded_reason: 'its resume failed', owner_id: null }]);
    fails = false;
    const { session_id } = await manager.resume(session(1));
    expect(manager.getWorkspace(session_id)?.hasChanged('a.ts')).toBe(true);
  });

  test('D-F4 a session that cannot even be stranded again is, once the database is back', async () => {
    const db = await open();
    let fails = false;
    const failing = intercept(db, async (text) => {
      if (fails && text.includes('COALESCE(stranded_at')) throw new Error('no database');
    });
    const clock = new HandClock();
    const harness = await startManager(failing, {
      clock,
      onResumed: () => {
        if (fails) throw new Error('hook');
      },
    });
    const { manager, log } = harness;
    await strand(harness);
    fails = true;
    await expect(manager.resume(session(1))).rejects.toThrow('hook');
    expect(log.lines.map(({ message }) => message)).toEqual(['Session not stranded']);
    fails = false;
    await expect(manager.resume(session(1))).resolves.toMatchObject({ state: 'active' });
    expect(manager.totalActive()).toBe(0);
    for (let i = 0; i < 4; i++) {
      clock.pass(10_000);
      await manager.heartbeat();
    }
    const { session_id } = await manager.resume(session(1));
    expect(manager.getWorkspace(session_id)?.hasChanged('a.ts')).toBe(true);
  });

  test('a close strands what is open, what is being opened included, and signs off', async () => {
    const db = await open();
    const { manager } = await startManager(db);
    const created = manager.createWorkspace(creation(1));
    await Promise.all([manager.close(), created]);
    expect((await rowOf(db, session(1)))?.['stranded_reason']).toBe('its manager was closed');
    expect((await db.query('SELECT 1 FROM session_managers')).rowCount).toBe(0);
    await expect((await created).write('a.ts', bytes('x'))).rejects.toMatchObject({
      code: 'ERR_SESSION_LOST',
    });
  });

  test('a strand keeps the time and the reason of the first', async () => {
    const db = await open();
    const { manager, clock } = await startManager(db);
    await manager.createWorkspace(creation(1));
    // As a manager does that takes this one for gone.
    const since = new Date(clock.epoch());
    await db.query("UPDATE session_workspaces SET stranded_at = $1, stranded_reason = 'first'", [
      since.toISOString(),
    ]);
    clock.advance(1_000);
    expect((await manager.cleanupDisconnected([])).stranded).toEqual([session(1)]);
    const row = await rowOf(db, session(1));
    expect([row?.['stranded_at'], row?.['stranded_reason']]).toEqual([since, 'first']);
  });
});

describeDatabases('a manager that is gone', (open) => {
  /** Leaves behind what a process leaves that is killed: rows, and nobody who has them. */
  async function crash(db: Db, clock: FakeClock): Promise<SessionManager> {
    const gone = intercept(db, async () => {
      if (dead) throw new Error('killed');
    });
    let dead = false;
    const { manager } = await startManager(gone, { clock });
    const workspace = await manager.createWorkspace(creation(1));
    await workspace.write('a.ts', bytes('x'));
    dead = true;
    return manager;
  }

  test('D-F1 startup reconcile: what it left is stranded, and can be resumed with nothing lost', async () => {
    const db = await open();
    const clock = new FakeClock();
    await crash(db, clock);
    clock.advance(30_000);
    const { manager } = await startManager(db, { clock });
    expect((await rowOf(db, session(1)))?.['stranded_reason']).toBe('its manager is gone');
    const { session_id } = await manager.resume(session(1));
    expect(manager.getWorkspace(session_id)?.hasChanged('a.ts')).toBe(true);
    expect((await db.query('SELECT 1 FROM session_managers')).rowCount).toBe(1);
  });
});

describePostgres('sessions of two managers on one database', () => {
  async function two(): Promise<{ db: Db; a: Harness; b: Harness; clock: HandClock }> {
    const db = await openPostgres();
    const [clock, cache] = [new HandClock(), new MemoryCache()];
    const a = await startManager(db, { clock, cache });
    const b = await startManager(db, { clock, cache });
    return { db, a, b, clock };
  }

  test('D-X10 fifty names drawn at once by both are fifty names', async () => {
    const { a, b } = await two();
    const names = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? a : b).manager.nextAgentName(repo(1))),
    );
    expect(names.sort()).toEqual(Array.from({ length: 50 }, (_, i) => `agent-${i + 1}`).sort());
  });

  test('D-X4 of twenty creates of one session, on both, one succeeds', async () => {
    const { a, b } = await two();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? a : b).manager.createWorkspace(creation(1))),
    );
    const failures = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason.code] : [],
    );
    expect(failures).toEqual(Array(19).fill('ERR_SESSION_EXISTS'));
    expect(a.manager.totalActive() + b.manager.totalActive()).toBe(1);
  });

  test('a session created on one is looked up, listed, and told about on the other', async () => {
    const { a, b } = await two();
    const workspace = await a.manager.createWorkspace(creation(1));
    await workspace.write('a.ts', bytes('x'));
    await workspace.changeSymbols([{ kind: 'add', symbol: { id: 's', name: 'sum', file: 'a.ts' } }]);
    await settle();
    expect(await b.manager.lookup(session(1))).toEqual(workspace.snapshot());
    expect((await b.manager.lookupFile(session(1), 'a.ts'))?.content).toEqual(bytes('x'));
    expect((await b.manager.lookupGraph(session(1)))?.added).toEqual([
      { id: 's', name: 'sum', file: 'a.ts' },
    ]);
    expect(await b.manager.listSessions(repo(1))).toEqual([workspace.info()]);
    expect(await b.manager.describeOtherModifiers('a.ts', repo(1), session(2))).toBe(
      'sum modified by agent-1',
    );
    expect(b.manager.totalActive()).toBe(0);
  });

  test('what a manager had that has not been heard of for 30 s is resumed without waiting for a heartbeat', async () => {
    const { a, b, clock } = await two();
    const workspace = await a.manager.createWorkspace(creation(1));
    await workspace.write('a.ts', bytes('x'));
    clock.pass(29_999);
    await expect(b.manager.resume(session(1))).rejects.toMatchObject({ code: 'ERR_SESSION_IN_USE' });
    clock.pass(1);
    const { session_id } = await b.manager.resume(session(1));
    expect(b.manager.getWorkspace(session_id)?.hasChanged('a.ts')).toBe(true);
  });

  test('a session that one has open is not resumed on the other, nor stranded by it', async () => {
    const { a, b, clock } = await two();
    const workspace = await a.manager.createWorkspace(creation(1));
    for (let i = 0; i < 6; i++) {
      clock.pass(10_000);
      await a.manager.heartbeat();
      await b.manager.heartbeat();
    }
    await expect(b.manager.resume(session(1))).rejects.toMatchObject({ code: 'ERR_SESSION_IN_USE' });
    await workspace.write('a.ts', bytes('x'));
  });

  test('D-F1 of twenty resumes of one session, on both, one opens it, and all tell the same', async () => {
    const { a, b } = await two();
    await strand(a);
    const infos = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? a : b).manager.resume(session(1))),
    );
    expect(new Set(infos.map(({ session_id }) => session_id)).size).toBe(1);
    expect(a.manager.totalActive() + b.manager.totalActive()).toBe(1);
  });

  test('D-F1 a session is resumed or abandoned ×20, never both', async () => {
    const { a, b, clock } = await two();
    const seen = new Set<string>();
    for (let n = 1; n <= 20; n++) {
      const workspace = await a.manager.createWorkspace(creation(n));
      await workspace.write(`${n}.ts`, bytes('x'));
      await a.manager.cleanupDisconnected([]);
      clock.pass(4 * 3_600_000 + 1);
      for (const { manager } of [a, b]) await manager.heartbeat();
      const steps = [() => b.manager.resume(session(n)), () => a.manager.abandonStranded()] as const;
      const [first, second] = n % 2 === 0 ? steps : ([...steps].reverse() as unknown as typeof steps);
      const started = first();
      // Who wins a race is up to the machine; the first two rounds are none, so that both outcomes are seen.
      if (n <= 2) await started;
      const outcomes = await Promise.allSettled([started, second()]);
      const [resumed, abandoned] = n % 2 === 0 ? outcomes : outcomes.reverse();
      const lost = abandoned?.status === 'fulfilled' && (abandoned.value as string[]).includes(session(n));
      seen.add(lost ? 'abandoned' : 'resumed');
      expect(resumed?.status).toBe(lost ? 'rejected' : 'fulfilled');
      if (resumed?.status === 'fulfilled') {
        const { session_id } = resumed.value as { session_id: string };
        expect(b.manager.getWorkspace(session_id)?.hasChanged(`${n}.ts`)).toBe(true);
        await b.manager.destroyWorkspace(session_id);
      }
    }
    expect([...seen].sort()).toEqual(['abandoned', 'resumed']);
  });

  test('a manager that others took for dead changes nothing, and learns of it', async () => {
    const { db, a, b, clock } = await two();
    const [first, second] = [
      await a.manager.createWorkspace(creation(1)),
      await a.manager.createWorkspace(creation(2)),
    ];
    await first.write('a.ts', bytes('kept'));
    for (let i = 0; i < 4; i++) {
      clock.pass(10_000);
      await b.manager.heartbeat();
    }
    const { session_id } = await b.manager.resume(session(1));
    await expect(first.write('a.ts', bytes('late'))).rejects.toMatchObject({ code: 'ERR_SESSION_LOST' });
    expect(a.manager.getWorkspace(session(1))).toBeUndefined();
    expect((await b.manager.getWorkspace(session_id)?.read('a.ts'))?.content).toEqual(bytes('kept'));
    await a.manager.heartbeat();
    expect(second.isOpen).toBe(false);
    expect(a.manager.totalActive()).toBe(0);
    expect((await rowOf(db, session_id))?.['stranded_at']).toBeNull();
  });

  test('after an outage nobody is taken for dead, since everybody was as late', async () => {
    const { a, b, clock } = await two();
    const workspace = await a.manager.createWorkspace(creation(1));
    clock.pass(60_000);
    await b.manager.heartbeat();
    await a.manager.heartbeat();
    await b.manager.heartbeat();
    expect(workspace.isOpen).toBe(true);
    await workspace.write('a.ts', bytes('x'));
  });

  test('a session that is destroyed on one is gone on the other', async () => {
    const { a, b } = await two();
    const workspace = await a.manager.createWorkspace(creation(1));
    expect((await b.manager.destroyWorkspace(session(1)))?.state).toBe('abandoned');
    await expect(workspace.write('a.ts', bytes('x'))).rejects.toMatchObject({ code: 'ERR_SESSION_LOST' });
    expect(a.manager.totalActive()).toBe(0);
  });
});
