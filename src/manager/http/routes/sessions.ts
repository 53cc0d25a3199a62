import { z } from 'zod';
import {
  DEFAULT_IDLE_TTL_MS,
  DEFAULT_MAX_TTL_MS,
  type OverlayFile,
  type SessionManager,
  SessionNotFoundError,
  SessionNotOpenError,
  type SessionWorkspace,
} from '../../sessions/index.ts';
import type { App } from '../server.ts';

const createBody = z.object({
  session_id: z.string().optional(),
  repo_id: z.string(),
  agent_id: z.string(),
  agent_name: z.string().optional(),
  changeset_id: z.string(),
  intent: z.string().default(''),
  base_commit: z.string(),
  mode: z.enum(['ephemeral', 'persistent']).default('ephemeral'),
  expires_at: z.iso.datetime({ offset: true }).optional(),
});
const byId = z.object({ sid: z.string() });
const byRepo = z.object({ repo_id: z.string() });
const byFile = z.object({ file: z.string().min(1) });
const gcBody = z.object({
  idle_ttl_secs: z.number().nonnegative().optional(),
  max_ttl_secs: z.number().nonnegative().optional(),
  connected: z.array(z.string()).optional(),
});
const fileBody = z.object({ content: z.base64() });

/** What the routes of sessions need. */
export interface SessionRoutes {
  readonly sessions: SessionManager;
}

/** Sessions of agents: create, look, list, write, resume, end, collect. */
export function sessionRoutes(app: App, { sessions }: SessionRoutes): void {
  app.post('/v1/sessions', { schema: { body: createBody } }, async ({ body }, reply) => {
    const { mode, expires_at } = body;
    const workspace = await sessions.createWorkspace({
      sessionId: body.session_id,
      repoId: body.repo_id,
      agentId: body.agent_id,
      agentName: body.agent_name,
      changesetId: body.changeset_id,
      intent: body.intent,
      baseCommit: body.base_commit,
      mode:
        mode === 'ephemeral'
          ? { kind: mode }
          : { kind: mode, expiresAt: expires_at === undefined ? undefined : new Date(expires_at) },
    });
    return reply.code(201).send(workspace.info());
  });

  app.get('/v1/sessions', { schema: { querystring: byRepo } }, ({ query }) =>
    sessions.listSessions(query.repo_id),
  );

  app.get('/v1/sessions/:sid', { schema: { params: byId } }, ({ params }) => sessions.lookup(params.sid));

  app.delete('/v1/sessions/:sid', { schema: { params: byId } }, async ({ params }) => {
    const ended = await sessions.destroyWorkspace(params.sid);
    if (!ended) throw new SessionNotFoundError(params.sid);
    return ended;
  });

  app.post('/v1/sessions/:sid/resume', { schema: { params: byId } }, ({ params }) =>
    sessions.resume(params.sid),
  );

  app.get(
    '/v1/sessions/:sid/modifiers',
    { schema: { params: byId, querystring: byFile } },
    async ({ params, query }) => {
      const { repo_id } = await sessions.lookup(params.sid);
      return { modifiers: await sessions.describeOtherModifiers(query.file, repo_id, params.sid) };
    },
  );

  app.get('/v1/sessions/:sid/files', { schema: { params: byId } }, async ({ params }) => {
    const workspace = await opened(sessions, params.sid);
    return workspace.listChanges().map(changeToJson);
  });

  app.get(
    '/v1/sessions/:sid/file',
    { schema: { params: byId, querystring: byFile } },
    async ({ params, query }) => {
      const workspace = await opened(sessions, params.sid);
      const { content, modifiedInSession } = await workspace.read(query.file);
      return { content: Buffer.from(content).toString('base64'), modified_in_session: modifiedInSession };
    },
  );

  app.put(
    '/v1/sessions/:sid/file',
    { schema: { params: byId, querystring: byFile, body: fileBody } },
    async ({ params, query, body }) => {
      const workspace = await opened(sessions, params.sid);
      return { hash: await workspace.write(query.file, Buffer.from(body.content, 'base64')) };
    },
  );

  app.delete(
    '/v1/sessions/:sid/file',
    { schema: { params: byId, querystring: byFile } },
    async ({ params, query }) => {
      const workspace = await opened(sessions, params.sid);
      await workspace.delete(query.file);
      return {};
    },
  );

  app.post('/v1/sessions/gc', { schema: { body: gcBody } }, async ({ body }) => {
    const { idle_ttl_secs, max_ttl_secs, connected } = body;
    const rounds = [
      await sessions.gcExpired(),
      await sessions.gcExpiredSessions(
        idle_ttl_secs === undefined ? DEFAULT_IDLE_TTL_MS : idle_ttl_secs * 1_000,
        max_ttl_secs === undefined ? DEFAULT_MAX_TTL_MS : max_ttl_secs * 1_000,
      ),
      ...(connected === undefined ? [] : [await sessions.cleanupDisconnected(connected)]),
    ];
    return {
      stranded: rounds.flatMap(({ stranded }) => stranded),
      expired: rounds.flatMap(({ expired }) => expired),
    };
  });
}

/** The session, which must be open on this manager: what it changes goes through its memory. */
async function opened(sessions: SessionManager, sessionId: string): Promise<SessionWorkspace> {
  const workspace = sessions.getWorkspace(sessionId);
  if (workspace) return workspace;
  // One that nobody knows is told as such.
  await sessions.lookup(sessionId);
  throw new SessionNotOpenError(sessionId);
}

function changeToJson({ path, change, hash }: OverlayFile): Record<string, unknown> {
  return { path, change, hash };
}
