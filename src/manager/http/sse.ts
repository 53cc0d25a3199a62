import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Subscription } from '../events/broker.ts';

/** What a stream of server-sent events needs of its surroundings. */
export interface EventStreamOptions {
  readonly clock: Clock;
  /** How often a silent stream says that it is alive, in milliseconds. */
  readonly heartbeatMs: number;
}

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  // It carries this stream and nothing after it: a server that closes does not wait for it.
  connection: 'close',
  // Proxies that collect answers before they pass them on would collect this one for ever.
  'x-accel-buffering': 'no',
} as const;

/** As many events go out in one write, besides the first. */
const MAX_TOGETHER = 63;

/** Events as they are sent: made once, however many streams an event goes to. */
const frames = new WeakMap<object, string>();

/**
 * Sends `events` to the client of `reply` until they end or the client has gone, whichever way it went.
 *
 * No more is taken from `events` than the client reads, so that whoever fills them sees how slow it is.
 *
 */
export async function sendEvents<T extends object>(
  reply: FastifyReply,
  events: Subscription<T>,
  options: EventStreamOptions,
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  const gone = new AbortController();
  const leave = (): void => {
    gone.abort();
    events.close();
  };
  if (raw.destroyed) leave();
  else raw.once('close', leave);

  raw.writeHead(200, HEADERS);
  // The client learns that it is attached before anything happens.
  raw.write(': attached\n\n');
  const stopHeartbeat = startHeartbeat(raw, options);
  try {
    for await (const event of events) {
      if (gone.signal.aborted) break;
      // What has come together goes out together: a write costs more than an event.
      const text = [event, ...events.takeWaiting(MAX_TOGETHER)].map(frameOf).join('');
      if (!raw.write(text)) await drained(raw, gone.signal);
    }
  } finally {
    stopHeartbeat();
    raw.off('close', leave);
    raw.end();
  }
}

function frameOf(event: object): string {
  const known = frames.get(event);
  if (known !== undefined) return known;
  const frame = `data: ${JSON.stringify(event)}\n\n`;
  frames.set(event, frame);
  return frame;
}

function startHeartbeat(raw: ServerResponse, { clock, heartbeatMs }: EventStreamOptions): () => void {
  const beat = (): void => {
    // A client that does not read what it has got is not sent more to prove that it lives.
    if (!raw.writableNeedDrain) raw.write(': heartbeat\n\n');
    timer = clock.setTimeout(beat, heartbeatMs);
  };
  let timer = clock.setTimeout(beat, heartbeatMs);
  return () => clock.clearTimeout(timer);
}

async function drained(raw: ServerResponse, signal: AbortSignal): Promise<void> {
  try {
    await once(raw, 'drain', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
