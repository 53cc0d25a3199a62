import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  type Db,
  DELEGATION_STATUSES,
  type DelegationStatus,
  delegationStats,
  Ledger,
  listDelegations,
  mayBecome,
  type Queryable,
  recordDelegationStatus,
} from '../../../src/manager/index.ts';
import { describeDatabases, describePostgres, openPostgres, wrapped } from '../servers.ts';

const callerId = randomUUID();
const calleeId = randomUUID();

function delegation(delegationId: string, idempotencyKey?: string) {
  return { delegationId, callerId, calleeId, idempotencyKey, task: `do ${delegationId}` };
}

async function row(db: Queryable, id: string) {
  const { rows } = await db.query('SELECT * FROM delegations WHERE delegation_id = $1', [id]);
  return rows[0];
}

/** Puts a delegation somewhere, by whatever way. */
async function put(db: Db, id: string, status: DelegationStatus): Promise<void> {
  await new Ledger({ db, writes: 'on' }).insert(delegation(id));
  await db.query('UPDATE delegations SET status = $2 WHERE delegation_id = $1', [id, status]);
}

test('M-F9 the table: straight to the end from everywhere, back from stuck, and out of the end never', () => {
  const ways = DELEGATION_STATUSES.map((from) => [
    from,
    DELEGATION_STATUSES.filter((to) => mayBecome(from, to)),
  ]);
  expect(Object.fromEntries(ways)).toEqual({
    queued: ['dispatched', 'in_progress', 'stuck', 'completed', 'failed'],
    dispatched: ['in_progress', 'stuck', 'completed', 'failed'],
    in_progress: ['stuck', 'completed', 'failed'],
    stuck: ['completed', 'failed'],
    completed: [],
    failed: [],
  });
});

describeDatabases('ledger', (open) => {
  async function start() {
    const db = await open();
    return { db, ledger: new Ledger({ db, writes: 'on' }) };
  }

  test('M-12 a delegation is entered as queued, with a deadline in six hours and no heartbeat', async () => {
    const { db, ledger } = await start();
    expect(await ledger.insert(delegation('d'))).toBe(true);
    expect(await row(db, 'd')).toMatchObject({
      status: 'queued',
      caller_id: callerId,
      callee_id: calleeId,
      task_preview: 'do d',
      result_preview: null,
      error_detail: null,
      last_heartbeat: null,
    });
    const { rows } = await db.query(
      "SELECT deadline - created_at = interval '6 hours' AS six FROM delegations",
    );
    expect(rows).toEqual([{ six: true }]);
  });

  test('M-12 a delegation that is entered again is left as it is', async () => {
    const { db, ledger } = await start();
    await ledger.record(delegation('d'));
    expect(await ledger.insert({ ...delegation('d'), task: 'other' })).toBe(false);
    expect(await row(db, 'd')).toMatchObject({ status: 'dispatched', task_preview: 'do d' });
  });

  test('M-F11 a second row with the same idempotency key is no row and no error', async () => {
    const { db, ledger } = await start();
    expect(await ledger.insert(delegation('d', 'key'))).toBe(true);
    expect(await ledger.insert(delegation('e', 'key'))).toBe(false);
    expect(await ledger.insert({ ...delegation('f', 'key'), callerId: calleeId })).toBe(true);
    expect(await ledger.insert(delegation('g'))).toBe(true);
    expect(await row(db, 'e')).toBeUndefined();
  });

  test('M-12 record is queued, then dispatched', async () => {
    const { db, ledger } = await start();
    expect(await ledger.record(delegation('d'))).toBe('mine');
    expect((await row(db, 'd'))?.['status']).toBe('dispatched');
  });

  test('M-12 with writes off no statement is sent', async () => {
    const ledger = new Ledger({ db: {} as Db, writes: 'off' });
    expect(await ledger.insert(delegation('d'))).toBe(false);
    expect(await ledger.setStatus('d', 'completed')).toBe('unarbitrated');
    expect(await ledger.record(delegation('d'))).toBe('unarbitrated');
    expect(await ledger.heartbeat('d')).toBe(false);
  });

  test('M-12 M-F9 a delegation goes from each status to those of the table, and to no other', async () => {
    const { db, ledger } = await start();
    for (const from of DELEGATION_STATUSES) {
      for (const to of DELEGATION_STATUSES.filter((status) => status !== from)) {
        const id = `${from}-${to}`;
        await put(db, id, from);
        const outcome = await ledger.setStatus(id, to).catch((error: unknown) => error);
        expect([id, (await row(db, id))?.['status']]).toEqual([id, mayBecome(from, to) ? to : from]);
        if (mayBecome(from, to)) expect([id, outcome]).toEqual([id, 'mine']);
        else expect(outcome).toMatchObject({ code: 'ERR_LEDGER_TRANSITION', from, to });
      }
    }
  });

  test('M-12 the same status again is no change, and not an error even at the end', async () => {
    const { db, ledger } = await start();
    for (const status of DELEGATION_STATUSES) {
      await put(db, status, status);
      expect(await ledger.setStatus(status, status)).toBe('not_mine');
      expect((await row(db, status))?.['status']).toBe(status);
    }
  });

  test('M-F9 the same status again fills in what was missing, and nothing else', async () => {
    const { db, ledger } = await start();
    await ledger.record(delegation('d'));
    await ledger.setStatus('d', 'completed');
    await ledger.setStatus('d', 'completed', { result: 'first' });
    await ledger.setStatus('d', 'completed', { result: 'second', error: 'late' });
    expect(await row(db, 'd')).toMatchObject({ result_preview: 'first', error_detail: 'late' });
  });

  test('M-F9 what was stuck and is completed after all keeps nothing of having been stuck', async () => {
    const { db, ledger } = await start();
    await ledger.record(delegation('d'));
    await ledger.setStatus('d', 'stuck', { error: 'no heartbeat for 600s' });
    expect(await ledger.setStatus('d', 'completed', { result: 'done' })).toBe('mine');
    expect(await row(db, 'd')).toMatchObject({
      status: 'completed',
      result_preview: 'done',
      error_detail: null,
    });
  });

  test('M-F9 of a delegation that is not there nothing is decided', async () => {
    const { ledger } = await start();
    expect(await ledger.setStatus('nobody', 'completed')).toBe('unarbitrated');
  });

  test('M-F9 a change that comes in between is seen: the swap is on the status that was read', async () => {
    const { db } = await start();
    await put(db, 'd', 'dispatched');
    let isFirst = true;
    const ledger = new Ledger({
      writes: 'on',
      db: wrapped(db, {
        query: async (text, params) => {
          if (text.startsWith('UPDATE') && isFirst) {
            isFirst = false;
            await db.query("UPDATE delegations SET status = 'failed', error_detail = 'theirs'");
          }
          return await db.query(text, params);
        },
      }),
    });
    await expect(ledger.setStatus('d', 'completed', { result: 'mine' })).rejects.toMatchObject({
      from: 'failed',
    });
    expect(await row(db, 'd')).toMatchObject({
      status: 'failed',
      result_preview: null,
      error_detail: 'theirs',
    });
  });

  test('M-F9 who never wins is told to ask again', async () => {
    const { db } = await start();
    await put(db, 'd', 'queued');
    const ledger = new Ledger({
      writes: 'on',
      db: wrapped(db, {
        query: async (text, params) =>
          text.startsWith('UPDATE') ? { rows: [], rowCount: 0 } : await db.query(text, params),
      }),
    });
    expect(await ledger.setStatus('d', 'completed')).toBe('deferred');
  });

  test('M-12 a heartbeat is for what is not over', async () => {
    const { db, ledger } = await start();
    for (const status of DELEGATION_STATUSES) {
      await put(db, status, status);
      const isOver = status === 'completed' || status === 'failed';
      expect(await ledger.heartbeat(status)).toBe(!isOver);
      expect((await row(db, status))?.['last_heartbeat']).toEqual(isOver ? null : expect.any(Date));
    }
    expect(await ledger.heartbeat('nobody')).toBe(false);
  });

  test('M-F10 a preview is cut at 4096 bytes, and never inside a character', async () => {
    const { db, ledger } = await start();
    await ledger.insert({ ...delegation('d'), task: `x${'€'.repeat(2000)}` });
    expect((await row(db, 'd'))?.['task_preview']).toBe(`x${'€'.repeat(1365)}`);
    await ledger.setStatus('d', 'completed', { result: 'nul \0 and half \uD83D a pair' });
    expect((await row(db, 'd'))?.['result_preview']).toBe('nul \uFFFD and half \uFFFD a pair');
  });

  test('M-13 the ledger is written with the result before the place that writes it without', async () => {
    const { db, ledger } = await start();
    await ledger.record(delegation('d'));
    const seen: unknown[] = [];
    const activity = {
      updateDelegationStatus: async (id: string, status: DelegationStatus) => {
        seen.push(await ledger.setStatus(id, status));
      },
    };
    const outcome = await recordDelegationStatus(ledger, activity, 'd', 'completed', { result: 'done' });
    expect([outcome, seen]).toEqual(['mine', ['not_mine']]);
    expect(await row(db, 'd')).toMatchObject({ status: 'completed', result_preview: 'done' });
    await expect(recordDelegationStatus(ledger, activity, 'd', 'failed')).rejects.toThrow('is completed');
    expect(seen).toHaveLength(1);
  });

  test('M-15 a list is by status, latest first, and limited', async () => {
    const { db } = await start();
    for (const status of DELEGATION_STATUSES) await put(db, status, status);
    await put(db, 'late', 'queued');
    await db.query(
      "UPDATE delegations SET updated_at = now() + interval '1 minute' WHERE delegation_id = 'late'",
    );
    const ids = async (query: Parameters<typeof listDelegations>[1]) =>
      (await listDelegations(db, query)).map(({ delegation_id }) => delegation_id);
    expect(new Set(await ids({}))).toEqual(new Set(['late', 'queued', 'dispatched', 'in_progress']));
    expect(await ids({ status: 'in_flight', limit: '1' })).toEqual(['late']);
    expect(await ids({ status: 'stuck' })).toEqual(['stuck']);
    expect(await ids({ status: 'failed', limit: 1000 })).toEqual(['failed']);
    expect(await ids({ status: 'completed' })).toEqual(['completed']);
  });

  test.each([
    { status: 'queued' },
    { status: '' },
    { status: 'toString' },
    { limit: '0' },
    { limit: '1001' },
    { limit: '-1' },
    { limit: '1.5' },
    { limit: '1e2' },
    { limit: '' },
  ])('M-15 %j is no query', async (query) => {
    await expect(listDelegations({} as Db, query)).rejects.toMatchObject({ code: 'ERR_LEDGER_QUERY' });
  });

  test('M-15 the stats have all six statuses, always', async () => {
    const { db } = await start();
    const none = { queued: 0, dispatched: 0, in_progress: 0, completed: 0, failed: 0, stuck: 0 };
    expect(await delegationStats(db)).toEqual(none);
    await put(db, 'd', 'stuck');
    await put(db, 'e', 'stuck');
    expect(await delegationStats(db)).toEqual({ ...none, stuck: 2 });
  });
});

describePostgres('ledger, many writers', () => {
  test('M-F9 of 20 that complete a delegation at once, one is told that it was theirs', async () => {
    const db = await openPostgres();
    const ledger = new Ledger({ db, writes: 'on' });
    for (let round = 0; round < 10; round++) {
      await ledger.record(delegation(`d${round}`));
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          ledger.setStatus(`d${round}`, 'completed', { result: `by ${i}` }),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'mine')).toHaveLength(1);
      const winner = outcomes.indexOf('mine');
      expect((await row(db, `d${round}`))?.['result_preview']).toBe(`by ${winner}`);
    }
  });

  test('M-F11 of 20 records of one key at once one row is left', async () => {
    const db = await openPostgres();
    const ledger = new Ledger({ db, writes: 'on' });
    const inserted = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ledger.insert(delegation(`d${i}`, 'key'))),
    );
    expect(inserted.filter(Boolean)).toHaveLength(1);
    expect((await db.query('SELECT 1 FROM delegations')).rowCount).toBe(1);
  });
});
