import { z } from 'zod';
import { type Backend, UnknownCommandError } from '../../claims/index.ts';
import type { WorkspaceInfo } from '../../claims/workspace.ts';
import type { ServedWorkspace } from '../../served-workspace.ts';
import { clientGone } from '../client-gone.ts';
import type { App } from '../server.ts';
import { type EventStreamOptions, sendEvents } from '../sse.ts';

const createBody = z.object({
  path: z.string(),
  client_id: z.string(),
  yolo: z.boolean().exactOptional(),
  debug: z.boolean().exactOptional(),
  data_dir: z.string().exactOptional(),
  env: z.array(z.string()).exactOptional(),
  version: z.string().exactOptional(),
});
const byId = z.object({ id: z.string() });
const byClient = z.object({ client_id: z.string() });
const control = z.object({ command: z.string() });
const currentSession = z.object({ client_id: z.string(), session_id: z.string() });

/** What the routes of shared workspaces need. */
export interface ClaimsRoutes extends EventStreamOptions {
  readonly backend: Backend<ServedWorkspace>;
}

/** Workspaces that clients share: create or join, look, attach to the events, give up. */
export function claimsRoutes(app: App, { backend, ...options }: ClaimsRoutes): void {
  app.post('/v1/workspaces', { schema: { body: createBody } }, async ({ body }, reply) => {
    const { client_id: clientId, data_dir: dataDir = '', ...rest } = body;
    const { info } = await backend.createWorkspace(
      { ...rest, clientId, dataDir },
      { signal: clientGone(reply) },
    );
    return toJson(info, clientId);
  });

  app.get('/v1/workspaces', async () =>
    backend.listWorkspaces().map((workspace) => toJson(backend.describe(workspace))),
  );

  app.get('/v1/workspaces/:id', { schema: { params: byId } }, async ({ params }) =>
    toJson(backend.describe(backend.getWorkspace(params.id))),
  );

  app.delete(
    '/v1/workspaces/:id',
    { schema: { params: byId, querystring: byClient } },
    async ({ params, query }) => {
      await backend.deleteWorkspace(params.id, query.client_id);
      return {};
    },
  );

  app.get(
    '/v1/workspaces/:id/events',
    { schema: { params: byId, querystring: byClient } },
    async ({ params, query }, reply) => {
      const { events } = backend.getWorkspace(params.id).config;
      // Before the attach: what happens from the moment of the claim on is not to be missed.
      using subscription = events.subscribe();
      await backend.attachClient(params.id, query.client_id);
      try {
        await sendEvents(reply, subscription, options);
      } finally {
        await backend.detachClient(params.id, query.client_id);
      }
    },
  );

  app.post(
    '/v1/workspaces/:id/current-session',
    { schema: { params: byId, body: currentSession } },
    async ({ params, body }) => {
      await backend.setCurrentSession(params.id, body.client_id, body.session_id);
      return {};
    },
  );

  app.delete('/v1/clients/:id', { schema: { params: byId } }, async ({ params }) => {
    await backend.retireClient(params.id);
    return {};
  });

  app.post('/v1/control', { schema: { body: control } }, async ({ body }) => {
    if (body.command !== 'shutdown_if_idle') throw new UnknownCommandError(body.command);
    await backend.shutdownIfIdle();
    return {};
  });
}

/** A workspace as the protocol has it. The environment is left out where there is none. */
function toJson(info: WorkspaceInfo<ServedWorkspace>, clientId?: string): Record<string, unknown> {
  const { id, path, yolo, debug, dataDir, version, env, config } = info;
  return {
    id,
    path,
    yolo,
    debug,
    data_dir: dataDir,
    version,
    ...(clientId === undefined ? {} : { client_id: clientId }),
    config: config.settings,
    ...(env.length === 0 ? {} : { env }),
  };
}
