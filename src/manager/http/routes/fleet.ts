import { z } from 'zod';
import type { Fleet, FleetWorkspace, TreeNode, TreeOutcome } from '../../fleet/index.ts';
import type { App } from '../server.ts';
import type { WorkspaceAuth } from '../workspace-auth.ts';

const input = z.object({
  name: z.string(),
  model: z.string().exactOptional(),
  tier: z.number().int().exactOptional(),
  config: z.record(z.string(), z.unknown()).exactOptional(),
});
const createBody = input.extend({ runtime: z.string(), parent_id: z.uuid().nullish() });
const changeBody = z.object({
  name: z.string().exactOptional(),
  model: z.string().exactOptional(),
  tier: z.number().int().exactOptional(),
  config: z.record(z.string(), z.unknown()).exactOptional(),
});
const byId = z.object({ id: z.string() });
const restartBody = z.object({ reset_session: z.boolean().exactOptional() });

const node: z.ZodType<TreeNode> = z.lazy(() =>
  input.extend({ runtime: z.string().exactOptional(), children: z.array(node).exactOptional() }),
);
const importBody = z.object({ tree: z.union([node, z.array(node)]), parent_id: z.uuid().nullish() });

/** What the routes of the fleet need. */
export interface FleetRoutes {
  readonly fleet: Fleet;
  readonly auth: WorkspaceAuth;
}

/** The fleet: create, look, change, remove, restart, pause, resume, import. */
export function fleetRoutes(app: App, { fleet, auth }: FleetRoutes): void {
  app.post('/v1/fleet/workspaces', { schema: { body: createBody } }, async ({ body }, reply) => {
    const { parent_id, ...rest } = body;
    const workspace = await fleet.create({ ...rest, parentId: parent_id });
    // The one answer that says by which token the workspace will know itself.
    return reply.code(201).send({ ...toJson(workspace), token: auth.tokenOf(workspace.id) });
  });

  app.get('/v1/fleet/workspaces', async () => (await fleet.list()).map(toJson));

  app.get('/v1/fleet/workspaces/:id', { schema: { params: byId } }, async ({ params }) =>
    toJson(await fleet.get(params.id)),
  );

  app.patch(
    '/v1/fleet/workspaces/:id',
    { schema: { params: byId, body: changeBody } },
    async ({ params, body }) => toJson(await fleet.update(params.id, body)),
  );

  app.delete('/v1/fleet/workspaces/:id', { schema: { params: byId } }, async ({ params }, reply) => {
    const outcome = await fleet.remove(params.id);
    return reply.code(statusOf(outcome)).send(outcome);
  });

  app.post(
    '/v1/fleet/workspaces/:id/restart',
    { schema: { params: byId, body: restartBody } },
    async ({ params, body }, reply) => {
      const request = await fleet.restart(params.id, body.reset_session ? { resetSession: true } : {});
      return reply.code(202).send({ id: params.id, restart: request });
    },
  );

  app.post('/v1/fleet/workspaces/:id/pause', { schema: { params: byId } }, async ({ params }, reply) => {
    const outcome = await fleet.pause(params.id);
    return reply.code(statusOf(outcome)).send(outcome);
  });

  app.post('/v1/fleet/workspaces/:id/resume', { schema: { params: byId } }, async ({ params }, reply) => {
    const outcome = await fleet.resume(params.id);
    return reply.code(statusOf(outcome)).send(outcome);
  });

  app.post('/v1/fleet/org/import', { schema: { body: importBody } }, async ({ body }) => {
    const roots = Array.isArray(body.tree) ? body.tree : [body.tree];
    return { results: await fleet.importTrees(roots, body.parent_id ?? null) };
  });

  app.post(
    '/v1/fleet/workspaces/:id/heartbeat',
    { schema: { params: byId }, onRequest: auth.hook },
    async ({ params }) => {
      await fleet.heartbeat(params.id);
      return {};
    },
  );
}

/** Told as it went: all of it, some of it, nothing. */
function statusOf({ status }: TreeOutcome): number {
  return { ok: 200, partial: 207, failed: 500 }[status];
}

function toJson(workspace: FleetWorkspace): Record<string, unknown> {
  const { id, parentId, name, status, runtime, model, tier, config, instanceId, lastError } = workspace;
  return {
    id,
    parent_id: parentId,
    name,
    status,
    runtime,
    model,
    tier,
    config,
    instance_id: instanceId,
    last_error: lastError,
    created_at: workspace.createdAt.toISOString(),
    updated_at: workspace.updatedAt.toISOString(),
  };
}
