import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { SessionExistsError } from '../../../src/manager/index.ts';
import { describeDatabases } from '../servers.ts';
import {
  bytes,
  changeset,
  creation,
  FakeClock,
  intercept,
  overlayRows,
  repo,
  rowOf,
  session,
  settle,
  startManager,
} from './support.ts';

const HOUR = 3_600_000;

describeDatabases('sessions', (open) => {
  test('D-T1 the JSON of a session has its values, the nil UUID among them', async () => {
    const { manager, clock } = await startManager(await open());
    const nil = '00000000-0000-0000-0000-000000000000';
    const workspace = await manager.createWorkspace(
      creation(1, { sessionId: nil, repoId: nil, changesetId: nil, agentName: 'agent-1' }),
    );
    clock.advance(42_999);
    expect(JSON.parse(JSON.stringify(workspace.info()))).toEqual({
      session_id: nil,
      agent_id: 'agent-id-1',
      agent_name: 'agent-1',
      intent: 'intent 1',
      repo_id: nil,
      changeset_id: nil,
      state: 'active',
      elapsed_secs: 42,
    });
  });

  test('D-T2 D-T3 D-01 D-06 a session has exactly eight keys, its snapshot nine, and copies are equal', async () => {
    const { manager } = await startManager(await open());
    const workspace = await manager.createWorkspace(creation(1));
    const info = workspace.info();
    expect(Object.keys(info).sort()).toEqual([
      'agent_id',
      'agent_name',
      'changeset_id',
      'elapsed_secs',
      'intent',
      'repo_id',
      'session_id',
      'state',
    ]);
    expect(structuredClone(info)).toEqual(info);
    expect(workspace.snapshot()).toEqual({
      session_id: session(1),
      repo_id: repo(1),
      agent_id: 'agent-id-1',
      agent_name: 'agent-1',
      changeset_id: changeset(1),
      intent: 'intent 1',
      base_commit: 'c0ffee',
      state: 'active',
      mode: 'ephemeral',
    });
  });

  test('D-T4 D-04 agents are named in the order of their coming, in each repository', async () => {
    const { manager } = await startManager(await open());
    const names: string[] = [];
    for (const n of [1, 1, 1, 2, 2, 1]) names.push(await manager.nextAgentName(repo(n)));
    expect(names).toEqual(['agent-1', 'agent-2', 'agent-3', 'agent-1', 'agent-2', 'agent-4']);
  });

  test('D-X10 names go on where they were when the process starts again, or takes a name itself', async () => {
    const db = await open();
    const first = await startManager(db);
    expect(await first.manager.nextAgentName(repo(1))).toBe('agent-1');
    await first.manager.createWorkspace(creation(1, { agentName: 'agent-7' }));
    await first.manager.createWorkspace(creation(2, { agentName: 'agent-3' }));
    await first.manager.createWorkspace(creation(3, { agentName: 'reviewer' }));
    await first.manager.close();
    const second = await startManager(db);
    expect(await second.manager.nextAgentName(repo(1))).toBe('agent-8');
    expect((await second.manager.createWorkspace(creation(4))).record.agent_name).toBe('agent-9');
  });

  test('D-T5 D-16 the sessions of a repository are listed, with their age; of an unknown one, none', async () => {
    const { manager, clock } = await startManager(await open());
    await manager.createWorkspace(creation(1));
    clock.advance(5_000);
    await manager.createWorkspace(creation(2));
    await manager.createWorkspace(creation(3, { repoId: repo(2) }));
    clock.advance(1_000);
    const sessions = await manager.listSessions(repo(1));
    expect(sessions.map(({ session_id, elapsed_secs }) => [session_id, elapsed_secs])).toEqual([
      [session(1), 6],
      [session(2), 1],
    ]);
    expect(await manager.listSessions(repo(9))).toEqual([]);
  });

  test('D-T6 D-T7 D-T8 D-15 D-X9 other modifiers are told, in a fixed order', async () => {
    const { manager } = await startManager(await open());
    expect(await manager.describeOtherModifiers('a.ts', repo(1), session(1))).toBe('');
    const [, second, tenth] = [
      await manager.createWorkspace(creation(1)),
      await manager.createWorkspace(creation(2)),
      await manager.createWorkspace(creation(10, { agentName: 'agent-10' })),
    ];
    const elsewhere = await manager.createWorkspace(creation(4, { repoId: repo(2) }));
    await elsewhere.write('a.ts', bytes('x'));
    await second.write('a.ts', bytes('x'));
    expect(await manager.describeOtherModifiers('a.ts', repo(1), session(1))).toBe('modified by agent-2');
    expect(await manager.describeOtherModifiers('b.ts', repo(1), session(1))).toBe('');
    expect(await manager.describeOtherModifiers('a.ts', repo(1), session(2))).toBe('');

    const add = (name: string, file = 'a.ts') => ({ kind: 'add', symbol: { id: name, name, file } }) as const;
    await second.changeSymbols([add('create_task'), add('other', 'b.ts')]);
    expect(await manager.describeOtherModifiers('a.ts', repo(1), session(1))).toBe(
      'create_task modified by agent-2',
    );
    await second.changeSymbols([add('b'), add('c')]);
    expect(await manager.describeOtherModifiers('a.ts', repo(1), session(1))).toBe(
      'create_task, b, c modified by agent-2',
    );
    await second.changeSymbols([add('d')]);
    await tenth.delete('a.ts');
    // D-X9: by name, whichever was created first.
    expect(await manager.describeOtherModifiers('a.ts', repo(1), session(1))).toBe(
      'modified by agent-10; create_task, b, c,... modified by agent-2',
    );
  });

  test('D-05 a session whose row cannot be written is not opened, one whose cache fails is', async () => {
    const db = await open();
    const broken = new Error('no database');
    const failing = intercept(db, async (text) => {
      if (text.includes('INSERT INTO session_workspaces')) throw broken;
    });
    const without = await startManager(failing);
    await expect(without.manager.createWorkspace(creation(1))).rejects.toBe(broken);
    expect(without.manager.totalActive()).toBe(0);
    await settle();
    expect(without.cache.log).toEqual([]);

    const { manager, cache, log, metrics } = await startManager(db);
    cache.before = async () => {
      throw new Error('no cache');
    };
    await manager.createWorkspace(creation(1));
    await settle();
    expect(manager.totalActive()).toBe(1);
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'warn L2 cache write failed on create',
    ]);
    expect(metrics.counts.get('ws_manager_cache_errors_total')).toBe(1);
  });

  test('D-X4 a create with the id of a session that exists is refused, and the session stays', async () => {
    const db = await open();
    const { manager } = await startManager(db);
    const workspace = await manager.createWorkspace(creation(1));
    await workspace.write('a.ts', bytes('kept'));
    await expect(manager.createWorkspace(creation(1, { intent: 'other' }))).rejects.toThrow(
      SessionExistsError,
    );
    expect(manager.getWorkspace(session(1))).toBe(workspace);
    await manager.destroyWorkspace(session(1));
    await expect(manager.createWorkspace(creation(1))).rejects.toThrow(SessionExistsError);
    expect((await rowOf(db, session(1)))?.['intent']).toBe('intent 1');
  });

  test('D-02 D-07 D-09 D-F3 the first access touches the cache, the next after more than 30 s; a miss nothing', async () => {
    const { manager, cache, clock } = await startManager(await open());
    await manager.createWorkspace(creation(1));
    await settle();
    expect(cache.log.splice(0)).toEqual([`cache ${session(1)}`]);
    expect(manager.getWorkspace(session(1))?.sessionId).toBe(session(1));
    manager.getWorkspace(session(1).toUpperCase());
    clock.advance(30_000);
    manager.getWorkspace(session(1));
    manager.getWorkspace(session(2));
    await settle();
    expect(cache.log.splice(0)).toEqual([`touch ${session(1)}`]);
    clock.advance(1);
    manager.getWorkspace(session(1));
    await settle();
    expect(cache.log).toEqual([`touch ${session(1)}`]);
  });

  test('D-11 the sessions that are open here are counted, by repository and in all', async () => {
    const { manager, metrics } = await startManager(await open());
    for (const n of [1, 2]) await manager.createWorkspace(creation(n));
    await manager.createWorkspace(creation(3, { repoId: repo(2) }));
    expect(manager.activeCount(repo(1))).toBe(2);
    expect(manager.activeCount(repo(9))).toBe(0);
    expect(manager.totalActive()).toBe(3);
    expect(manager.activeSessionsForRepo(repo(1))).toEqual([session(1), session(2)]);
    expect(manager.activeSessionsForRepo(repo(1), session(1))).toEqual([session(2)]);
    expect(metrics.gauges.get('ws_manager_sessions')?.()).toBe(3);
  });

  test('D-10 D-X7 D-L2 a destroy ends the row and its files, empties the cache, and does nothing twice', async () => {
    const db = await open();
    const { manager, cache } = await startManager(db);
    const workspace = await manager.createWorkspace(creation(1));
    await workspace.write('a.ts', bytes('x'));
    const [first, second] = await Promise.all([
      manager.destroyWorkspace(session(1)),
      manager.destroyWorkspace(session(1)),
    ]);
    expect([first?.state, second]).toEqual(['abandoned', undefined]);
    expect(manager.getWorkspace(session(1))).toBeUndefined();
    expect(await overlayRows(db)).toEqual([]);
    const row = await rowOf(db, session(1));
    expect([row?.['state'], row?.['abandoned_reason'], row?.['owner_id']]).toEqual([
      'abandoned',
      'destroyed',
      null,
    ]);
    await settle();
    expect(cache.log).toEqual([`cache ${session(1)}`, `file a.ts ${session(1)}`, `evict ${session(1)}`]);
    expect(await manager.destroyWorkspace(session(9))).toBeUndefined();
    await expect(workspace.write('b.ts', bytes('x'))).rejects.toMatchObject({ code: 'ERR_SESSION_LOST' });
  });

  test('D-X1 D-L3 what is cached of a session follows program order, however slow the cache', async () => {
    const { manager, cache } = await startManager(await open());
    // The first write takes longest: unordered, the eviction would overtake it.
    let waits = 5;
    cache.before = async () => {
      for (let i = waits--; i > 0; i--) await settle();
    };
    await manager.createWorkspace(creation(1));
    await manager.destroyWorkspace(session(1));
    for (let i = 0; i < 20; i++) await settle();
    expect(cache.log).toEqual([`cache ${session(1)}`, `evict ${session(1)}`]);
    expect(cache.snapshots.size).toBe(0);
  });

  test('D-X2 an access while a session is destroyed leaves nothing behind it in the cache', async () => {
    const db = await open();
    let during = (): void => {};
    const watched = intercept(db, async (text) => {
      if (text.startsWith('DELETE FROM session_overlay_files')) during();
    });
    const { manager, cache } = await startManager(watched);
    await manager.createWorkspace(creation(1));
    during = () => expect(manager.getWorkspace(session(1))).toBeDefined();
    await manager.destroyWorkspace(session(1));
    await settle();
    expect(cache.log).toEqual([`cache ${session(1)}`, `touch ${session(1)}`, `evict ${session(1)}`]);
  });

  test('D-X6 the end of a persistent session is kept, moved, and found again after a restart', async () => {
    const db = await open();
    const clock = new FakeClock();
    const first = await startManager(db, { clock });
    const end = new Date(clock.epoch() + HOUR);
    const workspace = await first.manager.createWorkspace(
      creation(1, { mode: { kind: 'persistent', expiresAt: end } }),
    );
    expect((await rowOf(db, session(1)))?.['expires_at']).toEqual(end);
    await workspace.setExpiry(new Date(end.getTime() + HOUR));
    await first.manager.close();
    const second = await startManager(db, { clock });
    const { session_id } = await second.manager.resume(session(1));
    expect(second.manager.getWorkspace(session_id)?.record).toMatchObject({
      mode: 'persistent',
      expires_at: new Date(end.getTime() + HOUR),
    });
  });

  test('a file is in the database before it is in memory, with its hash, and reads as the session has it', async () => {
    const db = await open();
    const broken = new Error('no database');
    let fails = false;
    const failing = intercept(db, async (text) => {
      if (fails && text.includes('session_overlay_files')) throw broken;
    });
    const { manager } = await startManager(failing, {
      readBase: async (repoId, commit, path) =>
        path === 'base.ts' ? bytes(`${repoId} ${commit}`) : undefined,
    });
    const workspace = await manager.createWorkspace(creation(1));
    const hash = createHash('sha256').update('one').digest('hex');
    expect(await workspace.write('a.ts', bytes('one'), { change: 'added' })).toBe(hash);
    await workspace.delete('gone.ts');
    expect(await workspace.read('a.ts')).toEqual({ content: bytes('one'), modifiedInSession: true });
    expect(await workspace.read('base.ts')).toEqual({
      content: bytes(`${repo(1)} c0ffee`),
      modifiedInSession: false,
    });
    await expect(workspace.read('gone.ts')).rejects.toThrow(
      "file 'gone.ts' has been deleted in this session",
    );
    await expect(workspace.read('none.ts')).rejects.toMatchObject({ code: 'ERR_FILE_NOT_FOUND' });

    fails = true;
    await expect(workspace.write('a.ts', bytes('two'))).rejects.toBe(broken);
    await expect(workspace.revert('a.ts')).rejects.toBe(broken);
    expect(await workspace.read('a.ts')).toEqual({ content: bytes('one'), modifiedInSession: true });
    fails = false;

    await workspace.write('a.ts', bytes('three'), { baseHash: 'b45e' });
    const { rows } = await db.query(
      'SELECT file_path, change_type, content_hash, base_content_hash FROM session_overlay_files ORDER BY file_path',
    );
    expect(rows).toEqual([
      {
        file_path: 'a.ts',
        change_type: 'modified',
        content_hash: createHash('sha256').update('three').digest('hex'),
        base_content_hash: 'b45e',
      },
      {
        file_path: 'gone.ts',
        change_type: 'deleted',
        content_hash: createHash('sha256').update('').digest('hex'),
        base_content_hash: null,
      },
    ]);
    const row = await rowOf(db, session(1));
    expect([row?.['files_modified'], row?.['overlay_size_bytes'], workspace.totalBytes]).toEqual([2, 5, 5]);
    expect(workspace.listChanges().map(({ path, change }) => [path, change])).toEqual([
      ['a.ts', 'modified'],
      ['gone.ts', 'deleted'],
    ]);
    await workspace.revert('gone.ts');
    expect(workspace.hasChanged('gone.ts')).toBe(false);
    expect(await overlayRows(db)).toEqual(['a.ts']);
  });

  test('two writes of one file leave the same in memory, in the database and in the cache', async () => {
    const db = await open();
    const { manager, cache } = await startManager(db);
    const workspace = await manager.createWorkspace(creation(1));
    await Promise.all(['1', '2', '3'].map((text) => workspace.write('a.ts', bytes(text))));
    await settle();
    const stored = await manager.lookupFile(session(1), 'a.ts');
    const { rows } = await db.query<{ content: Uint8Array }>('SELECT content FROM session_overlay_files');
    expect(stored?.content).toEqual(bytes('3'));
    expect(Uint8Array.from(rows[0]?.content ?? [])).toEqual(bytes('3'));
    expect(cache.files.get(`${session(1)} a.ts`)?.content).toEqual(bytes('3'));
  });

  test('a merged session is final: nothing in it changes any more', async () => {
    const db = await open();
    const { manager, cache } = await startManager(db);
    const workspace = await manager.createWorkspace(creation(1));
    await workspace.setState('submitted');
    await workspace.write('a.ts', bytes('x'));
    await workspace.setState('merged');
    await settle();
    expect(cache.snapshots.get(session(1))?.state).toBe('merged');
    expect((await rowOf(db, session(1)))?.['state']).toBe('merged');
    await expect(workspace.write('a.ts', bytes('y'))).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' });
    await expect(workspace.setState('active')).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' });
    await expect(workspace.setExpiry(undefined)).rejects.toMatchObject({ code: 'ERR_INVALID_SESSION' });
  });

  test('what no session can have is refused by name', async () => {
    const { manager } = await startManager(await open());
    await expect(manager.createWorkspace(creation(1, { repoId: 'x' }))).rejects.toThrow(
      "repo_id must be a UUID, got 'x'",
    );
    await expect(manager.resume('x')).rejects.toMatchObject({ code: 'ERR_INVALID_SESSION' });
    await expect(manager.lookup('x')).rejects.toMatchObject({ code: 'ERR_SESSION_NOT_FOUND' });
    await expect(manager.lookup(session(1))).rejects.toMatchObject({ code: 'ERR_SESSION_NOT_FOUND' });
    const workspace = await manager.createWorkspace(creation(1));
    await expect(workspace.write('', bytes('x'))).rejects.toMatchObject({ code: 'ERR_INVALID_SESSION' });
    await manager.close();
    await expect(manager.createWorkspace(creation(2))).rejects.toMatchObject({ code: 'ERR_SESSIONS_CLOSED' });
  });
});
