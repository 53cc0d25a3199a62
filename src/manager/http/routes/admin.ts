import { z } from 'zod';
import { delegationStats, listDelegations } from '../../ledger/index.ts';
import type { Db } from '../../store/db.ts';
import type { AuthHook } from '../admin-auth.ts';
import type { App } from '../server.ts';

const listQuery = z.object({ status: z.string().optional(), limit: z.string().optional() });

/** What the routes of administrators need. */
export interface AdminRoutes {
  readonly db: Db;
  readonly adminAuth: AuthHook;
}

/** The ledger of delegations, for administrators. */
export function adminRoutes(app: App, { db, adminAuth }: AdminRoutes): void {
  app.get(
    '/admin/delegations',
    { schema: { querystring: listQuery }, onRequest: adminAuth },
    async ({ query }) => ({ delegations: await listDelegations(db, query) }),
  );
  app.get('/admin/delegations/stats', { onRequest: adminAuth }, async () => await delegationStats(db));
}
