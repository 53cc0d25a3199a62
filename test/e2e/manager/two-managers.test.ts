import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { TreeNode } from '../../../src/manager/client/index.ts';
import { type Db, migrate, openDb } from '../../../src/manager/index.ts';
import { client } from '../../manager/fakes.ts';
import { ControlPlane } from '../../manager/fleet/control-plane.ts';
import { createDatabase, POSTGRES_URL, REDIS_URL } from '../../manager/servers.ts';
import { ManagerProcess } from './process.ts';

vi.setConfig({ testTimeout: 120_000 });

interface Pair {
  readonly managers: readonly [ManagerProcess, ManagerProcess];
  readonly db: Db;
  readonly plane: ControlPlane;
}

/** Two managers on one database, one cache and one control plane. */
async function startPair(prepare: (db: Db) => Promise<void> = async () => {}): Promise<Pair> {
  const url = await createDatabase();
  const db = await openDb({ url });
  onTestFinished(() => db.close());
  await migrate(db);
  await prepare(db);
  const plane = await ControlPlane.start();
  const settings = {
    DATABASE_URL: url,
    REDIS_URL: REDIS_URL ?? '',
    WS_MANAGER_CONTROL_PLANE_URL: plane.url,
    WS_MANAGER_CONTROL_PLANE_TOKEN: plane.token,
  };
  const managers = await Promise.all([ManagerProcess.start(settings), ManagerProcess.start(settings)]);
  return { managers, db, plane };
}

/** A metric, summed over both. */
async function total({ managers }: Pair, metric: string): Promise<number> {
  const values = await Promise.all(managers.map((manager) => manager.metric(metric)));
  return values.reduce((sum, value) => sum + value);
}

async function statusesOf({ db }: Pair): Promise<unknown[]> {
  const { rows } = await db.query<{ status: string }>('SELECT DISTINCT status FROM workspaces');
  return rows.map(({ status }) => status);
}

const missing = POSTGRES_URL === undefined || REDIS_URL === undefined;

describe.skipIf(missing)('two managers over HTTP (run by `npm run test:servers`)', () => {
  test('D a session of one is looked up and listed on the other, and resumed there once the one has ended', async () => {
    const { managers } = await startPair();
    const [one, other] = managers;
    const repo = randomUUID();
    const made = await one.client.createSession({
      repo_id: repo,
      agent_id: 'a',
      changeset_id: client(0xc),
      intent: 'to be resumed',
      base_commit: 'c0ffee',
    });
    const route = `/v1/sessions/${made.session_id}`;
    const content = Buffer.from('written on the one').toString('base64');
    expect((await one.send('PUT', `${route}/file?file=a.ts`, { content })).status).toBe(200);

    expect(await other.send('GET', route)).toMatchObject({
      status: 200,
      body: { session_id: made.session_id, agent_name: 'agent-1', intent: 'to be resumed' },
    });
    expect((await other.client.listSessions(repo)).map(({ session_id }) => session_id)).toEqual([
      made.session_id,
    ]);
    expect(await other.send('POST', `${route}/resume`)).toMatchObject({
      status: 409,
      body: { code: 'ERR_SESSION_IN_USE' },
    });

    expect(await one.end('SIGTERM')).toEqual([0, null]);
    const resumed = await other.send('POST', `${route}/resume`);
    expect(resumed).toMatchObject({ status: 200, body: { agent_name: 'agent-1' } });
    const { session_id } = resumed.body as { session_id: string };
    expect(await other.send('GET', `/v1/sessions/${session_id}/file?file=a.ts`)).toEqual({
      status: 200,
      body: { content, modified_in_session: true },
    });
  });

  test('M-F1 of 20 imports of one tree at once, 10 on each, every workspace has one row and is started once', async () => {
    const pair = await startPair();
    const tree: TreeNode = {
      name: 'org',
      runtime: 'node',
      children: [
        { name: 'a', children: [{ name: 'web' }] },
        { name: 'b', children: [{ name: 'web' }] },
      ],
    };
    const imports = Array.from({ length: 20 }, (_, n) =>
      pair.managers[n % 2 === 0 ? 0 : 1].client.importTree(tree),
    );
    const results = await Promise.all(imports);
    const [ids] = results.map((result) => result.map(({ id }) => id));
    for (const result of results) expect(result.map(({ id }) => id)).toEqual(ids);
    // Each was made by one of them, and found by the others.
    expect(results.flat().filter(({ skipped }) => !skipped)).toHaveLength(5);
    const { rows } = await pair.db.query('SELECT parent_id, name FROM workspaces GROUP BY parent_id, name');
    expect(rows).toHaveLength(5);
    expect((await pair.db.query('SELECT id FROM workspaces')).rowCount).toBe(5);
    await expect.poll(() => statusesOf(pair), { timeout: 30_000 }).toEqual(['online']);
    expect(pair.plane.bodies).toHaveLength(5);
  });

  test('M-F4 restarts that are asked of both at once start the workspace once', async () => {
    const pair = await startPair();
    const [one, other] = pair.managers;
    const { id } = await one.client.createFleetWorkspace({ name: 'w', runtime: 'node' });
    await expect.poll(() => statusesOf(pair)).toEqual(['online']);
    const before = pair.plane.bodies.length;

    // The start is not over before both were asked.
    let answers: (() => void)[] = [];
    pair.plane.whenStarting = (proceed) => void answers.push(proceed);
    const restart = `/v1/fleet/workspaces/${id}/restart`;
    const asked = await Promise.all([one, other].map((manager) => manager.send('POST', restart)));
    expect(asked.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect(asked.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'ERR_FLEET_BUSY' });
    await expect.poll(() => answers.length).toBe(1);
    pair.plane.whenStarting = (proceed) => proceed();
    for (const proceed of answers) proceed();
    answers = [];
    await expect.poll(() => statusesOf(pair)).toEqual(['online']);
    expect(pair.plane.bodies).toHaveLength(before + 1);
    expect(pair.plane.instances.size).toBe(1);
  });

  test('M what both sweep is counted once', async () => {
    const pair = await startPair(async (db) => {
      await db.script(`
        INSERT INTO delegations (delegation_id, caller_id, callee_id, status, deadline)
          SELECT 'd' || n, gen_random_uuid(), gen_random_uuid(), 'queued', now() - interval '1 hour'
          FROM generate_series(1, 50) n;
        INSERT INTO pending_uploads (file_id, workspace_id, content, size_bytes, filename, acked_at, expires_at)
          SELECT gen_random_uuid(), gen_random_uuid(), 'x', 1, 'f' || n,
            CASE WHEN n <= 20 THEN now() - interval '2 hours' END, now() - interval '1 hour'
          FROM generate_series(1, 50) n;
        INSERT INTO workspaces (id, name, status, runtime, model, tier)
          SELECT gen_random_uuid(), 'w' || n, 'provisioning', 'node', 'm', 1 FROM generate_series(1, 20) n;
      `);
    });
    const swept = 'ws_manager_delegations_swept_total';
    await expect.poll(() => total(pair, `${swept}{outcome="failed"}`)).toBe(50);
    await expect.poll(() => total(pair, 'ws_manager_pending_uploads_swept_total{outcome="acked"}')).toBe(20);
    await expect
      .poll(() => total(pair, 'ws_manager_pending_uploads_swept_total{outcome="expired"}'))
      .toBe(30);
    // Those that a manager has left behind are started by one of the two.
    await expect.poll(() => statusesOf(pair), { timeout: 30_000 }).toEqual(['online']);
    expect(await total(pair, 'ws_manager_phantom_busy_resets_total')).toBe(20);
    expect(pair.plane.bodies).toHaveLength(20);
    expect(await total(pair, `${swept}{outcome="error"}`)).toBe(0);
  });
});
