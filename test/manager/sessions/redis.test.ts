import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createClient } from '@redis/client';
import { expect, onTestFinished, test } from 'vitest';
import {
  openRedisCache,
  type RedisCacheOptions,
  type SessionSnapshot,
  type SharedCache,
} from '../../../src/manager/index.ts';
import { overlayFile } from '../../../src/manager/sessions/overlay.ts';
import { describeDatabases, describeRedis, REDIS_URL } from '../servers.ts';
import { bytes, creation, RecordingLogger, repo, startManager } from './support.ts';

const snapshotOf = (session_id: string): SessionSnapshot => ({
  session_id,
  repo_id: repo(1),
  agent_id: 'agent-id',
  agent_name: 'agent-1',
  changeset_id: repo(2),
  intent: 'to say "ü"\n',
  base_commit: 'c0ffee',
  state: 'active',
  mode: 'persistent',
});

async function open(options: Partial<RedisCacheOptions> = {}): Promise<SharedCache> {
  const cache = await openRedisCache({ url: REDIS_URL ?? '', ...options });
  onTestFinished(() => cache.close());
  return cache;
}

/** Asks the server itself. */
async function redis() {
  const client = createClient({ url: REDIS_URL ?? '' });
  await client.connect();
  onTestFinished(() => client.close());
  return client;
}

describeRedis('a cache', () => {
  test('returns what it was given, under the keys that are documented', async () => {
    const [cache, id] = [await open({ ttlSecs: 100 }), randomUUID()];
    const file = overlayFile('src/a:b.ts', 'added', new Uint8Array([0, 255, 128]), 'b45e');
    const graph = { added: [{ id: 's', name: 'sum', file: 'a.ts' }], modified: [], removed: ['r'] };
    await cache.cacheWorkspace(snapshotOf(id));
    await cache.cacheFile(id, file.path, file);
    await cache.cacheFile(id, 'a.ts', overlayFile('a.ts', 'deleted', bytes('')));
    await cache.cacheGraph(id, graph);
    expect(await cache.getWorkspace(id)).toEqual(snapshotOf(id));
    expect(await cache.getFile(id, file.path)).toEqual(file);
    expect(await cache.listFiles(id)).toEqual(['a.ts', 'src/a:b.ts']);
    expect(await cache.getGraph(id)).toEqual(graph);

    const client = await redis();
    const keys = (await client.keys(`*${id}*`)).sort();
    expect(keys).toEqual([
      `{${id}}:file:a.ts`,
      `{${id}}:file:src/a:b.ts`,
      `{${id}}:files`,
      `{${id}}:graph`,
      `{${id}}:meta`,
    ]);
    for (const key of keys) {
      expect(await client.ttl(key)).toBeGreaterThan(90);
      expect(await client.ttl(key)).toBeLessThanOrEqual(100);
    }
  });

  test('misses with null, and forgets a file, and then all of a session, and nothing of another', async () => {
    const [cache, id, other] = [await open(), randomUUID(), randomUUID()];
    expect(await cache.getWorkspace(id)).toBeNull();
    expect(await cache.getFile(id, 'a.ts')).toBeNull();
    expect(await cache.getGraph(id)).toBeNull();
    expect(await cache.listFiles(id)).toEqual([]);
    await cache.evict(id);
    await cache.touch(id);
    for (const each of [id, other]) {
      await cache.cacheWorkspace(snapshotOf(each));
      for (const path of ['a.ts', 'b.ts'])
        await cache.cacheFile(each, path, overlayFile(path, 'added', bytes('x')));
    }
    await cache.cacheFile(id, 'a.ts', null);
    expect([await cache.listFiles(id), await cache.getFile(id, 'a.ts')]).toEqual([['b.ts'], null]);
    await cache.evict(id);
    const client = await redis();
    expect(await client.keys(`*${id}*`)).toEqual([]);
    expect(await cache.listFiles(other)).toEqual(['a.ts', 'b.ts']);
  });

  test('lets everything of a session that is touched live as long as what is new', async () => {
    const [cache, id] = [await open({ ttlSecs: 1000 }), randomUUID()];
    await cache.cacheWorkspace(snapshotOf(id));
    await cache.cacheFile(id, 'a.ts', overlayFile('a.ts', 'added', bytes('x')));
    await cache.cacheGraph(id, { added: [], modified: [], removed: [] });
    const client = await redis();
    const keys = await client.keys(`*${id}*`);
    expect(keys.length).toBe(4);
    for (const key of keys) await client.expire(key, 10);
    await cache.touch(id);
    for (const key of keys) expect(await client.ttl(key)).toBeGreaterThan(990);
  });

  test('connects again by itself, and what was written meanwhile is there then', async () => {
    const proxy = await startProxy(new URL(REDIS_URL ?? ''));
    const log = new RecordingLogger();
    const [cache, id] = [await open({ url: proxy.url, logger: log, timeoutMs: 5_000 }), randomUUID()];
    await cache.cacheWorkspace(snapshotOf(id));
    await proxy.cut();
    await expect
      .poll(() => cache.getWorkspace(id).catch((error: Error) => error.message), { timeout: 10_000 })
      .toBe('the cache server is away');
    const written = cache.cacheFile(id, 'a.ts', overlayFile('a.ts', 'added', bytes('x')));
    await proxy.restore();
    await written;
    // The client sends what waited before it calls itself ready.
    await expect
      .poll(() => cache.listFiles(id).catch(() => undefined), { timeout: 10_000 })
      .toEqual(['a.ts']);
    expect(log.lines.map(({ message }) => message)).toEqual(['Cache server lost']);
  });
});

/** A way to the server that can be cut. */
async function startProxy({ hostname, port }: URL) {
  const sockets = new Set<Socket>();
  const { connect } = await import('node:net');
  let server: Server = createServer();
  let listening = 0;
  const listen = async (): Promise<void> => {
    server = createServer((socket) => {
      const upstream = connect(Number(port), hostname);
      for (const each of [socket, upstream]) {
        sockets.add(each);
        each.on('error', () => each.destroy());
        each.on('close', () => sockets.delete(each));
      }
      socket.pipe(upstream).pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(listening, '127.0.0.1', resolve));
    const address = server.address();
    listening = typeof address === 'object' && address ? address.port : 0;
  };
  const cut = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen();
  onTestFinished(cut);
  return { url: `redis://127.0.0.1:${listening}`, cut, restore: listen };
}

/** A server that takes connections and never answers. */
async function startSilence(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `redis://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

describeDatabases('a cache server that is gone for good', (openDatabase) => {
  test.each([
    ['refuses connections', async () => 'redis://127.0.0.1:1'],
    ['does not answer', startSilence],
  ])('and %s costs a session nothing: none fails, none waits', async (_, start) => {
    const db = await openDatabase();
    const log = new RecordingLogger();
    const cache = await open({ url: await start(), timeoutMs: 20, maxQueued: 10, logger: log });
    const { manager, metrics } = await startManager(db, { cache });
    // What waits for the cache would wait for as long as its timeout, for each session.
    const [before, plain] = [performance.now(), await startManager(db)];
    for (let n = 1; n <= 20; n++) await plain.manager.createWorkspace(creation(100 + n));
    const usual = performance.now() - before;
    const start_ = performance.now();
    for (let n = 1; n <= 20; n++) {
      const workspace = await manager.createWorkspace(creation(n));
      expect(manager.getWorkspace(workspace.sessionId)).toBe(workspace);
    }
    expect(performance.now() - start_).toBeLessThan(usual * 5 + 200);
    await expect
      .poll(() => metrics.counts.get('ws_manager_cache_errors_total') ?? 0, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(40);
    expect(log.lines.map(({ message }) => message)).toEqual(
      log.lines.length === 0 ? [] : ['Cache server lost'],
    );
    expect((await manager.lookup(creation(101).sessionId ?? '')).intent).toBe('intent 101');
  });
});
