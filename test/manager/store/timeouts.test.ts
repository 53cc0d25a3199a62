import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { failureOf } from '../../../src/manager/http/error-map.ts';
import { isUnavailable, openDb } from '../../../src/manager/index.ts';
import { createDatabase, describePostgres } from '../servers.ts';

/** A message of the PostgreSQL protocol. */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const READY = message('Z', Buffer.from('I'));
const WELCOME = Buffer.concat([message('R', Buffer.alloc(4)), READY]);
const DONE = Buffer.concat([message('C', Buffer.from('SELECT 1\0')), READY]);

/** A server that says nothing, or answers the first `answers` messages, and then nothing any more. */
async function silentServer(answers: number): Promise<{ url: string; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    let heard = 0;
    socket.on('error', () => {});
    socket.on('data', () => {
      if (++heard <= answers) socket.write(heard === 1 ? WELCOME : DONE);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `postgres://u:p@127.0.0.1:${port}/x`, sockets };
}

/** What `work` fails with, as it is and as HTTP tells it. */
async function failure(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return { error, isUnavailable: isUnavailable(error), status: failureOf(error).status };
}

describe('a server that takes connections and then is silent', () => {
  test('is not waited for when it is opened', async () => {
    const { url } = await silentServer(0);
    expect(await failure(openDb({ url, connectTimeoutMs: 20 }))).toEqual({
      error: expect.objectContaining({
        code: 'ERR_DATABASE_TIMEOUT',
        message: 'the database did not connect within 20 ms; it may be overloaded, or hang',
      }),
      isUnavailable: true,
      status: 503,
    });
  });

  test.each(['statement', 'transaction'])(
    'is not waited for with a %s, whose connection is given up',
    async (kind) => {
      const { url, sockets } = await silentServer(2);
      const db = await openDb({ url, statementTimeoutMs: 1, poolSize: 1 });
      const [socket] = sockets;
      const gone = socket && once(socket, 'close');
      const work = kind === 'statement' ? db.query('SELECT 2') : db.tx((tx) => tx.query('SELECT 2'));
      expect(await failure(work)).toEqual({
        error: expect.objectContaining({
          code: 'ERR_DATABASE_TIMEOUT',
          message: 'the database did not answer within 1 ms; it may be overloaded, or hang',
        }),
        isUnavailable: true,
        status: 503,
      });
      await gone;
      await db.close();
    },
  );
});

describePostgres('a server that is slow', () => {
  test.each(['alone', 'in a transaction'])(
    'ends a statement that takes too long %s, and is asked the next',
    async (where) => {
      const db = await openDb({ url: await createDatabase(), statementTimeoutMs: 50, poolSize: 1 });
      onTestFinished(() => db.close());
      const sleep = 'SELECT pg_sleep(60)';
      const work = where === 'alone' ? db.query(sleep) : db.tx((tx) => tx.query(sleep));
      expect(await failure(work)).toMatchObject({
        error: {
          code: 'ERR_DATABASE_TIMEOUT',
          message: 'the database did not answer within 50 ms; it may be overloaded, or hang',
          cause: { code: '57014' },
        },
        isUnavailable: true,
        status: 503,
      });
      expect((await db.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    },
  );

  test('ends a wait for the lock of another, which rolls its transaction back', async () => {
    const url = await createDatabase();
    const holder = await openDb({ url });
    const db = await openDb({ url, statementTimeoutMs: 50, poolSize: 1 });
    onTestFinished(async () => void (await Promise.all([holder.close(), db.close()])));
    await holder.script('CREATE TABLE t (n integer); INSERT INTO t VALUES (1)');
    await holder.tx(async (tx) => {
      await tx.query('UPDATE t SET n = 2');
      const blocked = db.tx(async (other) => {
        await other.query('INSERT INTO t VALUES (3)');
        await other.query('UPDATE t SET n = 4 WHERE n = 1');
      });
      expect(await failure(blocked)).toMatchObject({ error: { code: 'ERR_DATABASE_TIMEOUT' }, status: 503 });
    });
    expect((await db.query('SELECT n FROM t')).rows).toEqual([{ n: 2 }]);
  });

  test('takes back what a transaction holds that is left alone', async () => {
    const url = await createDatabase();
    const db = await openDb({ url, statementTimeoutMs: 50, poolSize: 1 });
    const other = await openDb({ url });
    onTestFinished(async () => void (await Promise.all([other.close(), db.close()])));
    await other.script('CREATE TABLE t (n integer); INSERT INTO t VALUES (1)');
    const left = db.tx(async (tx) => {
      await tx.query('UPDATE t SET n = 2');
      // Waits for the lock of the transaction around it, until the server ends that.
      await other.query('UPDATE t SET n = 3');
      await tx.query('SELECT 1');
    });
    expect(await failure(left)).toMatchObject({ error: { code: '25P03' }, isUnavailable: true, status: 503 });
    expect((await db.query('SELECT n FROM t')).rows).toEqual([{ n: 3 }]);
  });

  test('whose connections are all in use is not waited for', async () => {
    const db = await openDb({ url: await createDatabase(), connectTimeoutMs: 200, poolSize: 1 });
    onTestFinished(() => db.close());
    const inner = db.tx(async () => await failure(db.tx(async () => 1)));
    expect(await inner).toMatchObject({ error: { code: 'ERR_DATABASE_TIMEOUT' }, status: 503 });
  });
});
