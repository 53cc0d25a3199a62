import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Db, MAX_UPLOAD_BYTES, PendingUploads } from '../../../src/manager/index.ts';
import { describeDatabases, describePostgres, openPostgres, wrapped } from '../servers.ts';

const workspaceId = randomUUID();
const NOT_FOUND = { code: 'ERR_UPLOAD_NOT_FOUND' };

function file(filename: string, text = filename) {
  return { filename, mimetype: 'text/plain; charset=utf-8', content: Buffer.from(text) };
}

async function count(db: Db): Promise<number> {
  return (await db.query('SELECT 1 FROM pending_uploads')).rowCount;
}

describeDatabases('pending uploads', (open) => {
  async function start() {
    const db = await open();
    return { db, uploads: new PendingUploads(db) };
  }

  test('M-16 a file comes back as it was sent, under a safe name and type', async () => {
    const { uploads } = await start();
    const content = Uint8Array.from({ length: 256 }, (_, i) => i);
    const id = await uploads.put(workspaceId, {
      filename: '../a b.bin',
      mimetype: 'Image/PNG; q=1',
      content,
    });
    const found = await uploads.get(workspaceId, id);
    expect({ ...found, content: [...found.content] }).toEqual({
      fileId: id,
      filename: 'a_b.bin',
      mimetype: 'image/png',
      content: [...content],
    });
  });

  test('M-16 a file is kept for 24 hours', async () => {
    const { db, uploads } = await start();
    const id = await uploads.put(workspaceId, file('a'));
    const { rows } = await db.query(
      "SELECT expires_at - created_at = interval '24 hours' AS day, size_bytes FROM pending_uploads",
    );
    expect(rows).toEqual([{ day: true, size_bytes: 1 }]);
    await db.query('UPDATE pending_uploads SET expires_at = now()');
    await expect(uploads.get(workspaceId, id)).rejects.toMatchObject(NOT_FOUND);
    await expect(uploads.markFetched(workspaceId, id)).rejects.toMatchObject(NOT_FOUND);
    await expect(uploads.ack(workspaceId, id)).rejects.toMatchObject(NOT_FOUND);
  });

  test('M-16 a file of another workspace is not there, like one that never was', async () => {
    const { uploads } = await start();
    const id = await uploads.put(workspaceId, file('a'));
    for (const [workspace, fileId] of [
      [randomUUID(), id],
      [workspaceId, randomUUID()],
      [workspaceId, 'nothing'],
      ['nobody', id],
    ] as const) {
      await expect(uploads.get(workspace, fileId)).rejects.toMatchObject(NOT_FOUND);
      await expect(uploads.markFetched(workspace, fileId)).rejects.toMatchObject(NOT_FOUND);
      await expect(uploads.ack(workspace, fileId)).rejects.toMatchObject(NOT_FOUND);
    }
  });

  test('M-16 the first fetch is remembered', async () => {
    const { db, uploads } = await start();
    const id = await uploads.put(workspaceId, file('a'));
    const fetched = async () =>
      (await db.query('SELECT fetched_at FROM pending_uploads')).rows[0]?.['fetched_at'];
    expect(await fetched()).toBeNull();
    await uploads.markFetched(workspaceId, id);
    await db.query("UPDATE pending_uploads SET fetched_at = '2030-01-01Z'");
    await uploads.markFetched(workspaceId, id);
    expect(await fetched()).toEqual(new Date('2030-01-01Z'));
  });

  test('M-16 an ack can be repeated, and after it the file is not there', async () => {
    const { uploads } = await start();
    const id = await uploads.put(workspaceId, file('a'));
    await uploads.ack(workspaceId, id);
    await uploads.ack(workspaceId, id);
    await expect(uploads.get(workspaceId, id)).rejects.toMatchObject(NOT_FOUND);
    await expect(uploads.markFetched(workspaceId, id)).rejects.toMatchObject(NOT_FOUND);
  });

  test('M-16 a batch is kept in order', async () => {
    const { uploads } = await start();
    const ids = await uploads.putBatch(workspaceId, [file('a'), file('b'), file('c')]);
    const names = await Promise.all(ids.map(async (id) => (await uploads.get(workspaceId, id)).filename));
    expect(names).toEqual(['a', 'b', 'c']);
    expect(await uploads.putBatch(workspaceId, [])).toEqual([]);
  });

  test('M-16 a batch is checked before its transaction begins', async () => {
    const { db } = await start();
    let transactions = 0;
    const counted = wrapped(db, {
      tx: (body) => {
        transactions++;
        return db.tx(body);
      },
    });
    const uploads = new PendingUploads(counted);
    const huge = { filename: 'b', content: new Uint8Array(MAX_UPLOAD_BYTES + 1) };
    await expect(uploads.putBatch(workspaceId, [file('a'), huge])).rejects.toMatchObject({
      code: 'ERR_UPLOAD_TOO_LARGE',
      message: expect.stringContaining('26214401 bytes'),
    });
    await expect(uploads.putBatch(workspaceId, [file('a'), file('b', '')])).rejects.toMatchObject({
      code: 'ERR_UPLOAD_INVALID',
    });
    await expect(uploads.putBatch('nobody', [file('a')])).rejects.toMatchObject({
      code: 'ERR_UPLOAD_INVALID',
    });
    expect([transactions, await count(db)]).toEqual([0, 0]);
  });

  test('M-F12 what belongs to a batch is written with it, or neither is', async () => {
    const { db, uploads } = await start();
    const failure = new Error('no activity');
    const failed = uploads.putBatch(workspaceId, [file('a'), file('b')], async (tx, ids) => {
      await tx.query('INSERT INTO workspaces_audit (workspace_id, event) VALUES ($1, $2)', [
        ids[0],
        'upload',
      ]);
      throw failure;
    });
    await expect(failed).rejects.toBe(failure);
    expect(await count(db)).toBe(0);
    expect((await db.query('SELECT 1 FROM workspaces_audit')).rowCount).toBe(0);
    await uploads.putBatch(workspaceId, [file('a')], async (tx, [id]) => {
      await tx.query('INSERT INTO workspaces_audit (workspace_id, event) VALUES ($1, $2)', [id, 'upload']);
    });
    expect([await count(db), (await db.query('SELECT 1 FROM workspaces_audit')).rowCount]).toEqual([1, 1]);
  });

  test('M-16 a sweep removes what was acked long enough ago and what has expired, and counts them', async () => {
    const { db, uploads } = await start();
    const ids = await uploads.putBatch(
      workspaceId,
      ['kept', 'acked', 'acked old', 'expired'].map((n) => file(n)),
    );
    const [, acked = '', ackedOld = '', expired] = ids;
    await uploads.ack(workspaceId, acked);
    await uploads.ack(workspaceId, ackedOld);
    await db.query(
      "UPDATE pending_uploads SET acked_at = now() - interval '3601 seconds' WHERE file_id = $1",
      [ackedOld],
    );
    await db.query('UPDATE pending_uploads SET expires_at = now() WHERE file_id = $1', [expired]);
    expect(await uploads.sweep(3_600)).toEqual({ acked: 1, expired: 1 });
    const { rows } = await db.query<{ filename: string }>(
      'SELECT filename FROM pending_uploads ORDER BY filename',
    );
    expect(rows.map(({ filename }) => filename)).toEqual(['acked', 'kept']);
    expect(await uploads.sweep(3_600)).toEqual({ acked: 0, expired: 0 });
  });

  test('M-16 what is acked counts as acked, even after its day, and stays for its hour', async () => {
    const { db, uploads } = await start();
    const id = await uploads.put(workspaceId, file('a'));
    await uploads.ack(workspaceId, id);
    await db.query('UPDATE pending_uploads SET expires_at = now()');
    expect(await uploads.sweep(3_600)).toEqual({ acked: 0, expired: 0 });
    expect(await uploads.sweep(0)).toEqual({ acked: 1, expired: 0 });
  });

  test('M-16 a retention below zero is none', async () => {
    const { uploads } = await start();
    const id = await uploads.put(workspaceId, file('a'));
    await uploads.ack(workspaceId, id);
    expect(await uploads.sweep(-3_600)).toEqual({ acked: 1, expired: 0 });
  });
});

describePostgres('pending uploads, two managers', () => {
  test('each file is swept by one of them', async () => {
    const db = await openPostgres();
    const uploads = new PendingUploads(db);
    await uploads.putBatch(
      workspaceId,
      Array.from({ length: 50 }, (_, i) => file(`${i}`)),
    );
    await db.query('UPDATE pending_uploads SET expires_at = now()');
    const [one, other] = await Promise.all([uploads.sweep(0), uploads.sweep(0)]);
    expect((one?.expired ?? 0) + (other?.expired ?? 0)).toBe(50);
  });
});
