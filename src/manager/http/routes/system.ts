import type { PrometheusMetrics } from '../../obs/metrics.ts';
import type { Db } from '../../store/db.ts';
import type { App } from '../server.ts';

/** What the routes about the server itself need. */
export interface SystemRoutes {
  readonly version: string;
  readonly db: Db;
  readonly metrics: PrometheusMetrics;
}

/** Is it up, which is it, how is it. */
export function systemRoutes(app: App, { version, db, metrics }: SystemRoutes): void {
  app.get('/v1/health', async () => {
    await db.query('SELECT 1');
    return { status: 'ok' };
  });
  app.get('/v1/version', async () => ({ version }));
  app.get('/metrics', async (_request, reply) => {
    return reply.type(metrics.contentType).send(await metrics.render());
  });
}
