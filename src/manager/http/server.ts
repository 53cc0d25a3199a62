import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, RawServerDefault } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import { failureOf } from './error-map.ts';
import { type ZodTypes, zodCompiler } from './validation.ts';

/** The server that routes are added to. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypes
>;

/** The longest request body, in bytes: an upload, with room around it. */
const BODY_LIMIT = 27 * 2 ** 20;

/** How long, in milliseconds, a server that closes waits for requests that are not through, and for slow readers. */
const CLOSE_GRACE_MS = 5_000;

/** Creates the HTTP server without any route. Loads `fastify` only now. */
export async function createServer(logger: Logger, clock: Clock): Promise<App> {
  const { default: fastify } = await import('fastify');
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: 'idle',
    // A URL that cannot be decoded, or is too long: fastify would answer in its own words.
    frameworkErrors: (error, _request, reply) => {
      const { status, body } = failureOf(error);
      (reply as unknown as FastifyReply).code(status).send(body);
    },
  }).withTypeProvider<ZodTypes>();
  app.setValidatorCompiler(zodCompiler as never);
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
    // Whoever has sent half a request, or does not read the answer, may never do the rest.
    const timer = clock.setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
    app.server.once('close', () => clock.clearTimeout(timer));
  });
  // A connection that is kept for the next request would be waited for.
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = failureOf(error);
    if (status === 500)
      logger.error('Request failed', { method: request.method, route: request.routeOptions.url, error });
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler((request, reply) => {
    return reply.code(404).send({ message: `there is no ${request.method} ${request.url.split('?')[0]}` });
  });
  return app as unknown as App;
}
