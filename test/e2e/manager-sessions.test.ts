import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { migrate, openDb } from '../../src/manager/index.ts';
import { createDatabase, POSTGRES_URL, REDIS_URL } from '../manager/servers.ts';

const manager = pathToFileURL(path.resolve(import.meta.dirname, '../../dist/src/manager/index.js')).href;

/** A process with a session manager, to which expressions are sent, and which answers with their values. */
const PROGRAM = `
import { createInterface } from 'node:readline';
import { openDb, openRedisCache, SessionManager } from '${manager}';
const db = await openDb({ url: process.env.DB });
const cache = await openRedisCache({ url: process.env.REDIS, timeoutMs: 5000 });
const sessions = await SessionManager.open({ db, cache, leaseMs: 1500 });
const text = new TextEncoder();
console.log('"ready"');
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = await new Function('sessions', 'cache', 'text', 'return (async () => (' + line + '))()')(sessions, cache, text);
  } catch (error) {
    answer = error.code ?? error.message;
  }
  console.log(JSON.stringify(answer ?? null));
}
await sessions.close();
await cache.close();
await db.close();
`;

interface Peer {
  readonly child: ChildProcess;
  /** Evaluates an expression there. */
  ask(expression: string): Promise<unknown>;
}

async function startPeer(database: string): Promise<Peer> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    env: { ...process.env, DB: database, REDIS: REDIS_URL },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const { stdin, stdout } = child;
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value));
  expect(await read()).toBe('ready');
  return {
    child,
    async ask(expression) {
      stdin.write(`${expression}\n`);
      return await read();
    },
  };
}

const [ID, REPO] = ['00000005-0000-4000-8000-000000000001', '0000000a-0000-4000-8000-000000000001'];
const create =
  `sessions.createWorkspace({ sessionId: '${ID}', repoId: '${REPO}', agentId: 'a', changesetId: '${REPO}',
  intent: 'to be resumed', baseCommit: 'c0ffee' }).then((w) => w.write('a.ts', text.encode('x')))`.replaceAll(
    '\n',
    ' ',
  );

async function database(): Promise<string> {
  const url = await createDatabase();
  const db = await openDb({ url });
  await migrate(db);
  await db.close();
  return url;
}

const missing = POSTGRES_URL === undefined || REDIS_URL === undefined;

describe.skipIf(missing)(
  'two processes on one database and one cache (run by `npm run test:servers`)',
  () => {
    test('a session of one is looked up and listed on the other, and resumed there once the one has ended', async () => {
      const url = await database();
      const [a, b] = [await startPeer(url), await startPeer(url)];
      await a.ask(create);
      const lookup = `sessions.lookup('${ID}').then((s) => [s.intent, s.agent_name])`;
      await expect
        .poll(() => b.ask(`cache.getWorkspace('${ID}')`))
        .toMatchObject({ intent: 'to be resumed' });
      expect(await b.ask(lookup)).toEqual(['to be resumed', 'agent-1']);
      expect(
        await b.ask(`sessions.listSessions('${REPO}').then((all) => all.map((s) => s.session_id))`),
      ).toEqual([ID]);
      expect(await b.ask(`sessions.resume('${ID}')`)).toBe('ERR_SESSION_IN_USE');

      a.child.stdin?.end();
      expect(await once(a.child, 'exit')).toEqual([0, null]);
      expect(await b.ask(`cache.getWorkspace('${ID}')`)).toBeNull();
      expect(await b.ask(`sessions.resume('${ID}').then((s) => s.agent_name)`)).toBe('agent-1');
      const [resumed] = (await b.ask(`sessions.activeSessionsForRepo('${REPO}')`)) as [string];
      expect(await b.ask(`sessions.getWorkspace('${resumed}').hasChanged('a.ts')`)).toBe(true);
    });

    test('a process that is killed loses nothing: the other resumes its session when its lease is over', async () => {
      const url = await database();
      const [a, b] = [await startPeer(url), await startPeer(url)];
      await a.ask(create);
      a.child.kill('SIGKILL');
      await once(a.child, 'exit');
      await expect
        .poll(() => b.ask(`sessions.resume('${ID}').then((s) => s.state)`), {
          timeout: 20_000,
          interval: 200,
        })
        .toBe('active');
      const [resumed] = (await b.ask(`sessions.activeSessionsForRepo('${REPO}')`)) as [string];
      expect(await b.ask(`sessions.getWorkspace('${resumed}').hasChanged('a.ts')`)).toBe(true);
      expect(await b.ask(`sessions.resume('${ID}').then((s) => s.session_id)`)).toBe(resumed);
    });

    test('agents that both name at once have different names', async () => {
      const url = await database();
      const peers = [await startPeer(url), await startPeer(url)];
      const draw = `Promise.all(Array.from({ length: 50 }, () => sessions.nextAgentName('${REPO}')))`;
      const names = (await Promise.all(peers.map((peer) => peer.ask(draw)))).flat();
      expect(new Set(names).size).toBe(100);
    });
  },
);
