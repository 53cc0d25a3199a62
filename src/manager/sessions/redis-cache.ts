import { createClient, type RedisClientType } from '@redis/client';
import { type Clock, systemClock } from '../clock.ts';
import { withDeadline } from '../deadline.ts';
import { silentLogger } from '../obs/log.ts';
import type { RedisCacheOptions, SharedCache } from './open-redis-cache.ts';
import type { OverlayFile } from './overlay.ts';
import type { GraphDelta } from './session-graph.ts';
import type { SessionSnapshot } from './types.ts';

const DEFAULT_TTL_SECS = 24 * 60 * 60;
const DEFAULT_TIMEOUT_MS = 500;
const DEFAULT_MAX_QUEUED = 1_000;
const FIRST_RECONNECT_MS = 50;
const MAX_RECONNECT_MS = 2_000;
/** How long, in milliseconds, reads do not ask a server that has left an operation without an answer. */
const SILENCE_MS = 5_000;

/** Connects to the server, or goes on trying. See `openRedisCache`. */
export async function connectRedis(options: RedisCacheOptions): Promise<SharedCache> {
  const { url, logger = silentLogger, clock = systemClock, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const client: RedisClientType = createClient({
    url,
    commandsQueueMaxLength: options.maxQueued ?? DEFAULT_MAX_QUEUED,
    socket: {
      connectTimeout: Math.max(timeoutMs, FIRST_RECONNECT_MS),
      reconnectStrategy: (retries) =>
        Math.min(FIRST_RECONNECT_MS * 2 ** Math.min(retries, 10), MAX_RECONNECT_MS),
    },
  }) as RedisClientType;

  // One line for each time the server goes away, not one for each attempt to reach it.
  let away = false;
  client.on('error', (error: unknown) => {
    if (!away) logger.warn('Cache server lost', { error });
    away = true;
  });
  client.on('ready', () => {
    away = false;
  });
  const cache = new RedisCache(client, { clock, timeoutMs, ttlSecs: options.ttlSecs ?? DEFAULT_TTL_SECS });
  await cache.connect();
  return cache;
}

/** {@link RedisCacheOptions} without the connection. */
interface Limits {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly ttlSecs: number;
}

/**
 * Sessions under `{<session id>}:meta`, `:graph`, `:file:<path>` and `:files` (the set of the paths), as JSON. The
 * braces put all keys of a session into one slot of a cluster, so that `MULTI` may span them.
 *
 * Every key lives for the same time from when it was last written or touched. That is what ends an entry that an
 * eviction misses: it reads which files there are before it removes them, and another process may add one in between.
 */
class RedisCache implements SharedCache {
  readonly #client: RedisClientType;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #ttl: number;
  /** Until when, by the clock's `now`, the server is taken to be away. */
  #silentUntil = 0;

  constructor(client: RedisClientType, { clock, timeoutMs, ttlSecs }: Limits) {
    if (!Number.isInteger(ttlSecs) || ttlSecs < 1 || ttlSecs > 0xffffffff) {
      throw new RangeError(`ttlSecs must be a whole number of seconds from 1 to 4294967295, got ${ttlSecs}`);
    }
    this.#client = client;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#ttl = ttlSecs;
  }

  /** Starts to connect, and waits for that no longer than for any operation. */
  async connect(): Promise<void> {
    await this.#within(this.#client.connect()).catch(() => {});
  }

  async cacheWorkspace(snapshot: SessionSnapshot): Promise<void> {
    await this.#set(keysOf(snapshot.session_id).meta, snapshot);
  }

  async getWorkspace(sessionId: string): Promise<SessionSnapshot | null> {
    return await this.#get(keysOf(sessionId).meta);
  }

  async cacheFile(sessionId: string, path: string, file: OverlayFile | null): Promise<void> {
    const keys = keysOf(sessionId);
    const multi = this.#client.multi();
    if (file) {
      multi.set(keys.file(path), encodeFile(file), { expiration: { type: 'EX', value: this.#ttl } });
      multi.sAdd(keys.files, path).expire(keys.files, this.#ttl);
    } else {
      multi.unlink(keys.file(path)).sRem(keys.files, path);
    }
    await this.#within(multi.exec());
  }

  async getFile(sessionId: string, path: string): Promise<OverlayFile | null> {
    const file = await this.#get<CachedFile>(keysOf(sessionId).file(path));
    return (
      file && {
        ...file,
        content: Uint8Array.from(Buffer.from(file.content, 'base64')),
        baseHash: file.baseHash,
      }
    );
  }

  async listFiles(sessionId: string): Promise<string[]> {
    this.#requireServer();
    return (await this.#within(this.#client.sMembers(keysOf(sessionId).files))).sort();
  }

  async cacheGraph(sessionId: string, graph: GraphDelta): Promise<void> {
    await this.#set(keysOf(sessionId).graph, graph);
  }

  async getGraph(sessionId: string): Promise<GraphDelta | null> {
    return await this.#get(keysOf(sessionId).graph);
  }

  async evict(sessionId: string): Promise<void> {
    const keys = keysOf(sessionId);
    // What a look-up starts from goes first, even if the answer to the rest comes too late.
    const removal = this.#client
      .multi()
      .sMembers(keys.files)
      .unlink([keys.meta, keys.graph, keys.files])
      .exec();
    const [paths] = (await this.#within(removal)) as unknown as [string[]];
    if (paths.length > 0) await this.#within(this.#client.unlink(paths.map((path) => keys.file(path))));
  }

  async touch(sessionId: string): Promise<void> {
    const keys = keysOf(sessionId);
    this.#requireServer();
    const paths = await this.#within(this.#client.sMembers(keys.files));
    const multi = this.#client.multi();
    for (const key of [keys.meta, keys.graph, keys.files, ...paths.map((path) => keys.file(path))]) {
      multi.expire(key, this.#ttl);
    }
    await this.#within(multi.execAsPipeline());
  }

  async close(): Promise<void> {
    if (!this.#client.isOpen) return;
    try {
      this.#requireServer();
      await this.#within(this.#client.close());
    } catch {
      this.#client.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #set(key: string, value: unknown): Promise<void> {
    const expiration = { type: 'EX', value: this.#ttl } as const;
    await this.#within(this.#client.set(key, JSON.stringify(value), { expiration }));
  }

  async #get<T>(key: string): Promise<T | null> {
    this.#requireServer();
    const text = await this.#within(this.#client.get(key));
    return text === null ? null : (JSON.parse(text) as T);
  }

  /**
   * Nobody waits for what a server that is away might know: one that is not connected, or that has just not answered.
   * A host that is gone leaves its connections open.
   */
  #requireServer(): void {
    if (!this.#client.isReady || this.#clock.now() < this.#silentUntil)
      throw new Error('the cache server is away');
  }

  /** Waits for `work` no longer than `timeoutMs`. */
  async #within<T>(work: Promise<T>): Promise<T> {
    const late = (): Error => {
      this.#silentUntil = this.#clock.now() + SILENCE_MS;
      return new Error(`the cache server did not answer within ${this.#timeoutMs} ms`);
    };
    const answer = await withDeadline(this.#clock, this.#timeoutMs, late, () => work);
    this.#silentUntil = 0;
    return answer;
  }
}

/** A file in JSON: its content in base64. */
interface CachedFile extends Omit<OverlayFile, 'content'> {
  readonly content: string;
}

function encodeFile(file: OverlayFile): string {
  const cached: CachedFile = { ...file, content: Buffer.from(file.content).toString('base64') };
  return JSON.stringify(cached);
}

function keysOf(sessionId: string) {
  const prefix = `{${sessionId}}`;
  return {
    meta: `${prefix}:meta`,
    graph: `${prefix}:graph`,
    files: `${prefix}:files`,
    file: (path: string) => `${prefix}:file:${path}`,
  };
}
