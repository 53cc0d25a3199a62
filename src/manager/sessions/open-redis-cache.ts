import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import type { WorkspaceCache } from './cache.ts';

/** Options of {@link openRedisCache}; only `url` is required. */
export interface RedisCacheOptions {
  /** Of a Redis or Valkey server: `redis://127.0.0.1:6379`. */
  readonly url: string;
  /** How long, in seconds, what nobody touches is kept. Default a day. */
  readonly ttlSecs?: number | undefined;
  /** How long, in milliseconds, an operation may take. Default 500. */
  readonly timeoutMs?: number | undefined;
  /** How many commands may wait for a server that is away. Default 1000. */
  readonly maxQueued?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** A cache on a server, to be closed by whoever opened it. */
export interface SharedCache extends WorkspaceCache, AsyncDisposable {
  /** Sends what is queued, if the server is there, and disconnects. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens a cache on a server that speaks the Redis protocol. The library that it takes is loaded only now.
 *
 * A server that is away is no error, here or later: reads fail at once and writes after `timeoutMs`, until it is back.
 *
 * @throws If the library is not installed, or the options are wrong.
 */
export async function openRedisCache(options: RedisCacheOptions): Promise<SharedCache> {
  const { connectRedis } = await import('./redis-cache.ts');
  return await connectRedis(options);
}
