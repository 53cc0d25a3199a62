import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { DELEGATION_STATUSES, type Ledger } from '../../ledger/index.ts';
import type { App } from '../server.ts';
import type { WorkspaceAuth } from '../workspace-auth.ts';

const key = z
  .string()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}*$/u, 'it must be on one line');
const recordBody = z.object({
  delegation_id: key.optional(),
  callee_id: z.uuid(),
  idempotency_key: key.optional(),
  task: z.string().optional(),
});
const statusBody = z.object({
  status: z.enum(DELEGATION_STATUSES),
  result: z.string().optional(),
  error: z.string().optional(),
});
const byId = z.object({ id: z.uuid() });
const byDelegation = byId.extend({ did: key });

/** What the routes of delegations need. */
export interface DelegationRoutes {
  readonly ledger: Ledger;
  readonly auth: WorkspaceAuth;
}

/**
 * What workspaces of the fleet tell of what they ask of each other. Each speaks for itself alone, and only of
 * delegations that it has a part in. Where the ledger is off, all of it is taken and nothing is written.
 */
export function delegationRoutes(app: App, { ledger, auth }: DelegationRoutes): void {
  app.post(
    '/v1/fleet/workspaces/:id/delegations',
    { schema: { params: byId, body: recordBody }, onRequest: auth.hook },
    async ({ params, body }, reply) => {
      const { delegation_id: delegationId = randomUUID(), callee_id: calleeId, task } = body;
      const delegation = { delegationId, callerId: params.id, calleeId, task };
      const arbitration = await ledger.record({ ...delegation, idempotencyKey: body.idempotency_key });
      return reply.code(201).send({ delegation_id: delegationId, arbitration });
    },
  );

  app.post(
    '/v1/fleet/workspaces/:id/delegations/:did/status',
    { schema: { params: byDelegation, body: statusBody }, onRequest: auth.hook },
    async ({ params, body }) => {
      await ledger.assertParty(params.did, params.id);
      const { status, ...details } = body;
      return { arbitration: await ledger.setStatus(params.did, status, details) };
    },
  );

  app.post(
    '/v1/fleet/workspaces/:id/delegations/:did/heartbeat',
    { schema: { params: byDelegation }, onRequest: auth.hook },
    async ({ params }) => {
      await ledger.assertParty(params.did, params.id);
      return { alive: await ledger.heartbeat(params.did) };
    },
  );
}
