import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  type Db,
  type DelegationStatus,
  DelegationSweeper,
  Ledger,
  prometheusMetrics,
  Supervisor,
} from '../../../src/manager/index.ts';
import { FakeClock, RecordingLogger, settle } from '../fakes.ts';
import { describeDatabases, describePostgres, openPostgres } from '../servers.ts';

const THRESHOLD_MS = 600_000;

async function sweeperOf(db: Db, stuckThresholdS?: number) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const metrics = await prometheusMetrics();
  return {
    clock,
    logger,
    metrics,
    sweeper: new DelegationSweeper({ db, clock, logger, metrics, stuckThresholdS }),
  };
}

/** A delegation as time has left it. */
async function put(
  db: Db,
  id: string,
  past: { status?: DelegationStatus; heartbeatS?: number; deadlineS?: number; calleeId?: string },
): Promise<void> {
  const { status = 'in_progress', heartbeatS = null, deadlineS = -3_600, calleeId = randomUUID() } = past;
  await new Ledger({ db, writes: 'on' }).insert({ delegationId: id, callerId: randomUUID(), calleeId });
  await db.query(
    `UPDATE delegations SET status = $2, last_heartbeat = now() - make_interval(secs => $3),
       deadline = now() - make_interval(secs => $4) WHERE delegation_id = $1`,
    [id, status, heartbeatS, deadlineS],
  );
}

async function statuses(db: Db): Promise<Record<string, unknown>> {
  const { rows } = await db.query<{ delegation_id: string; status: string; error_detail: string | null }>(
    'SELECT delegation_id, status, error_detail FROM delegations',
  );
  return Object.fromEntries(rows.map((row) => [row.delegation_id, [row.status, row.error_detail]]));
}

describeDatabases('delegation sweeper', (open) => {
  async function start() {
    const db = await open();
    const parts = await sweeperOf(db);
    parts.clock.advance(THRESHOLD_MS);
    return { db, ...parts };
  }

  test('M-14 what is past its deadline has failed, whatever its heartbeat', async () => {
    const { db, sweeper } = await start();
    for (const status of ['queued', 'dispatched', 'in_progress', 'stuck'] as const) {
      await put(db, status, { status, deadlineS: 1, heartbeatS: 10_000 });
    }
    expect(await sweeper.sweep()).toEqual({ failed: 4, stuck: 0 });
    const failed = ['failed', 'deadline exceeded by sweeper'];
    expect(await statuses(db)).toEqual({
      queued: failed,
      dispatched: failed,
      in_progress: failed,
      stuck: failed,
    });
  });

  test('M-14 what has been silent for too long is stuck, what has never said anything is not', async () => {
    const { db, sweeper } = await start();
    await put(db, 'silent', { heartbeatS: 601 });
    await put(db, 'alive', { heartbeatS: 590 });
    await put(db, 'never', {});
    expect(await sweeper.sweep()).toEqual({ failed: 0, stuck: 1 });
    expect(await statuses(db)).toEqual({
      silent: ['stuck', 'no heartbeat for 600s'],
      alive: ['in_progress', null],
      never: ['in_progress', null],
    });
  });

  test('M-14 what is over is left alone', async () => {
    const { db, sweeper } = await start();
    await put(db, 'done', { status: 'completed', deadlineS: 1, heartbeatS: 10_000 });
    await put(db, 'lost', { status: 'failed', deadlineS: 1, heartbeatS: 10_000 });
    expect(await sweeper.sweep()).toEqual({ failed: 0, stuck: 0 });
    expect(await statuses(db)).toEqual({ done: ['completed', null], lost: ['failed', null] });
  });

  test('M-F9 what is stuck already is not written again', async () => {
    const { db, sweeper } = await start();
    await put(db, 'silent', { heartbeatS: 601 });
    await sweeper.sweep();
    const at = async () => (await db.query('SELECT updated_at FROM delegations')).rows;
    const before = await at();
    expect(await sweeper.sweep()).toEqual({ failed: 0, stuck: 0 });
    expect(await at()).toEqual(before);
  });

  test('M-F9 the heartbeat of the workspace that is at work counts as well', async () => {
    const { db, sweeper } = await start();
    for (const [name, seconds] of [
      ['alive', 10],
      ['dead', 700],
    ] as const) {
      const calleeId = randomUUID();
      await db.query(
        `INSERT INTO workspaces (id, name, status, runtime, model, tier, heartbeat_at)
         VALUES ($1, $2, 'online', 'node', 'm', 3, now() - make_interval(secs => $3)) ON CONFLICT DO NOTHING`,
        [calleeId, name, seconds],
      );
      await put(db, `${name} callee`, { calleeId, heartbeatS: 650 });
      await put(db, `${name} callee, no word`, { calleeId });
    }
    expect(await sweeper.sweep()).toEqual({ failed: 0, stuck: 2 });
    expect(await statuses(db)).toEqual({
      'alive callee': ['in_progress', null],
      'alive callee, no word': ['in_progress', null],
      'dead callee': ['stuck', 'no heartbeat for 600s'],
      'dead callee, no word': ['stuck', 'no heartbeat for 600s'],
    });
  });

  test('M-F9 a manager that has just started calls nothing stuck, and fails what is past its deadline', async () => {
    const db = await open();
    const { sweeper, clock } = await sweeperOf(db);
    await put(db, 'silent', { heartbeatS: 601 });
    await put(db, 'late', { deadlineS: 1 });
    expect(await sweeper.sweep()).toEqual({ failed: 1, stuck: 0 });
    clock.advance(THRESHOLD_MS - 1);
    expect(await sweeper.sweep()).toEqual({ failed: 0, stuck: 0 });
    clock.advance(1);
    expect(await sweeper.sweep()).toEqual({ failed: 0, stuck: 1 });
  });

  test('M-14 the threshold can be set', async () => {
    const db = await open();
    const { sweeper, clock } = await sweeperOf(db, 30);
    clock.advance(30_000);
    await put(db, 'silent', { heartbeatS: 31 });
    expect(await sweeper.sweep()).toEqual({ failed: 0, stuck: 1 });
    expect(await statuses(db)).toEqual({ silent: ['stuck', 'no heartbeat for 30s'] });
  });

  test('M-19 sweeps are counted, those that fail too', async () => {
    const { db, sweeper, metrics } = await start();
    await put(db, 'late', { deadlineS: 1 });
    await put(db, 'silent', { heartbeatS: 601 });
    await sweeper.sweep();
    await db.query('DROP TABLE delegations');
    await expect(sweeper.sweep()).rejects.toThrow('delegations');
    const text = await metrics.render();
    for (const outcome of ['failed', 'stuck', 'error']) {
      expect(text).toContain(`ws_manager_delegations_swept_total{outcome="${outcome}"} 1\n`);
    }
  });
});

test('M-14 sweeps at once, every 5 minutes, and after a sweep that has failed', async () => {
  let sweeps = 0;
  const db = {
    query: async () => {
      sweeps++;
      if (sweeps === 2) throw new Error('the database is gone');
      return { rows: [], rowCount: 0 };
    },
  } as Partial<Db> as Db;
  const { sweeper, clock, logger, metrics } = await sweeperOf(db);
  const supervisor = new Supervisor({ clock, logger, metrics });
  sweeper.start(supervisor);
  await settle();
  expect([sweeps, clock.running]).toEqual([1, [300_000]]);
  clock.advance(300_000);
  await settle();
  expect([sweeps, clock.running]).toEqual([2, [1_000]]);
  clock.advance(1_000);
  await settle();
  expect([sweeps, clock.running]).toEqual([3, [300_000]]);
  await supervisor.close();
});

describePostgres('delegation sweeper, two managers', () => {
  test('each row is swept by one of them', async () => {
    const db = await openPostgres();
    for (let i = 0; i < 50; i++) await put(db, `late ${i}`, { deadlineS: 1 });
    const sweepers = await Promise.all([sweeperOf(db), sweeperOf(db)]);
    const [one, other] = await Promise.all(sweepers.map(({ sweeper }) => sweeper.sweep()));
    expect((one?.failed ?? 0) + (other?.failed ?? 0)).toBe(50);
  });
});
