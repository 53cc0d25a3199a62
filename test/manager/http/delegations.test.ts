import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ADMIN_TOKEN, type Answer, type Served, startServed } from './support.ts';

interface Workspace {
  readonly id: string;
  readonly token: string;
}

/** A request by a workspace about its delegations. */
function ask(served: Served, by: Workspace, path: string, body: unknown = {}): Promise<Answer> {
  const url = `/v1/fleet/workspaces/${by.id}/delegations${path}`;
  return served.send('POST', url, body, { authorization: `Bearer ${by.token}` });
}

async function create(served: Served): Promise<Workspace> {
  const { body } = await served.send('POST', '/v1/fleet/workspaces', { name: randomUUID(), runtime: 'mock' });
  return body as Workspace;
}

function admin(served: Served, path: string): Promise<Answer> {
  return served.send('GET', `/admin/delegations${path}`, undefined, {
    authorization: `Bearer ${ADMIN_TOKEN}`,
  });
}

describe('with DELEGATION_LEDGER_WRITE=1', () => {
  let served: Served;
  let caller: Workspace;
  let callee: Workspace;
  let other: Workspace;
  beforeAll(async () => {
    served = await startServed({ DELEGATION_LEDGER_WRITE: '1' });
    [caller, callee, other] = [await create(served), await create(served), await create(served)];
    return () => served.manager.close();
  });

  /** A delegation that has been recorded. */
  let id: string;
  beforeEach(async () => {
    id = randomUUID();
    const body = { delegation_id: id, callee_id: callee.id, task: 'look' };
    expect(await ask(served, caller, '', body)).toEqual({
      status: 201,
      body: { delegation_id: id, arbitration: 'mine' },
    });
  });

  async function row(): Promise<unknown> {
    for (const status of ['in_flight', 'stuck', 'failed', 'completed']) {
      const { body } = await admin(served, `?status=${status}&limit=1000`);
      const { delegations } = body as { delegations: { delegation_id: string }[] };
      const found = delegations.find(({ delegation_id }) => delegation_id === id);
      if (found) return found;
    }
    return undefined;
  }

  test('M-12 a delegation that a workspace records is in the ledger, dispatched', async () => {
    expect(await row()).toMatchObject({
      status: 'dispatched',
      caller_id: caller.id,
      callee_id: callee.id,
      task_preview: 'look',
      last_heartbeat: null,
    });
  });

  test('M-12 the same record again changes nothing', async () => {
    const body = { delegation_id: id, callee_id: other.id };
    expect((await ask(served, caller, '', body)).body).toEqual({
      delegation_id: id,
      arbitration: 'not_mine',
    });
    expect(await row()).toMatchObject({ callee_id: callee.id });
  });

  test('a delegation without an id is given one', async () => {
    const { status, body } = await ask(served, caller, '', { callee_id: callee.id });
    expect([status, body]).toEqual([
      201,
      { delegation_id: expect.stringMatching(/^[\da-f-]{36}$/), arbitration: 'mine' },
    ]);
  });

  test('M-12 M-13 who works on it says so, and how it ended; the caller may say it again', async () => {
    expect(await ask(served, callee, `/${id}/heartbeat`)).toEqual({ status: 200, body: { alive: true } });
    expect(await row()).toMatchObject({ last_heartbeat: expect.any(String) });
    expect(
      (await ask(served, callee, `/${id}/status`, { status: 'completed', result: 'done' })).body,
    ).toEqual({
      arbitration: 'mine',
    });
    expect((await ask(served, caller, `/${id}/status`, { status: 'completed' })).body).toEqual({
      arbitration: 'not_mine',
    });
    expect(await row()).toMatchObject({ status: 'completed', result_preview: 'done' });
    expect((await ask(served, callee, `/${id}/heartbeat`)).body).toEqual({ alive: false });
  });

  test('M-12 a status that cannot follow is a conflict', async () => {
    await ask(served, callee, `/${id}/status`, { status: 'failed', error: 'no' });
    expect(await ask(served, callee, `/${id}/status`, { status: 'completed' })).toMatchObject({
      status: 409,
      body: { code: 'ERR_LEDGER_TRANSITION' },
    });
    expect(await row()).toMatchObject({ status: 'failed', error_detail: 'no', result_preview: null });
  });

  test.each(['status', 'heartbeat'])('a workspace that has no part in it gets no %s of it', async (what) => {
    const body = what === 'status' ? { status: 'failed' } : {};
    expect(await ask(served, other, `/${id}/${what}`, body)).toMatchObject({
      status: 404,
      body: { code: 'ERR_LEDGER_NOT_FOUND' },
    });
    // The same answer as for one that is not there.
    expect(await ask(served, other, `/nothing/${what}`, body)).toMatchObject({ status: 404 });
    expect(await row()).toMatchObject({ status: 'dispatched', last_heartbeat: null });
  });

  test('a record of what is the delegation of others is refused, and leaves that alone', async () => {
    const body = { delegation_id: id, callee_id: other.id };
    expect(await ask(served, other, '', body)).toMatchObject({
      status: 404,
      body: { code: 'ERR_LEDGER_NOT_FOUND' },
    });
    expect(await row()).toMatchObject({ caller_id: caller.id, callee_id: callee.id });
  });

  test('only the workspace itself speaks for itself', async () => {
    const stranger = { id: caller.id, token: other.token };
    for (const path of ['', `/${id}/status`, `/${id}/heartbeat`]) {
      expect(await ask(served, stranger, path)).toMatchObject({ status: 401 });
    }
  });

  test.each([
    [{ callee_id: 'x' }, ''],
    [{}, ''],
    [{ callee_id: randomUUID(), delegation_id: '' }, ''],
    [{ callee_id: randomUUID(), delegation_id: 'a\0b' }, ''],
    [{ callee_id: randomUUID(), idempotency_key: '\n' }, ''],
    [{ status: 'lost' }, '/x/status'],
  ])('%j is refused', async (body, path) => {
    expect(await ask(served, caller, path, body)).toMatchObject({ status: 400 });
  });
});

test('M-12 without the flag nothing is written, and nobody is refused', async () => {
  const served = await startServed();
  try {
    const caller = await create(served);
    const before = await admin(served, '/stats');
    expect(before.status).toBe(200);
    const record = await ask(served, caller, '', { delegation_id: 'd', callee_id: randomUUID() });
    expect(record).toEqual({ status: 201, body: { delegation_id: 'd', arbitration: 'unarbitrated' } });
    expect(await ask(served, caller, '/d/status', { status: 'completed' })).toEqual({
      status: 200,
      body: { arbitration: 'unarbitrated' },
    });
    expect(await ask(served, caller, '/d/heartbeat')).toEqual({ status: 200, body: { alive: false } });
    expect(await admin(served, '/stats')).toEqual(before);
  } finally {
    await served.manager.close();
  }
});
