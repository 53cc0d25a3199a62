import type { FastifyReply } from 'fastify';

/**
 * Aborts when the client has gone before it got its answer.
 *
 * Not fastify's own `request.signal`: that aborts as soon as the body has been read, on Node 20.
 */
export function clientGone({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const gone = new AbortController();
  const leave = (): void => {
    if (!raw.writableEnded) gone.abort(new Error('the client has gone'));
  };
  if (raw.destroyed) leave();
  else raw.once('close', leave);
  return gone.signal;
}
