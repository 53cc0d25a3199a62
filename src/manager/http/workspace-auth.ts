import { createHmac, randomBytes } from 'node:crypto';
import type { Db } from '../store/db.ts';
import { type AuthHook, bearerOf, sameSecret } from './admin-auth.ts';
import { HttpError } from './error-map.ts';

const SECRET = 'workspace_token_secret';

/** Knows a workspace of the fleet by its token. */
export interface WorkspaceAuth {
  /** The token of a workspace, the same on every manager of the database, and for as long as that lives. */
  tokenOf(workspaceId: string): string;
  /** Lets only the workspace through that the `:id` of the route names. */
  readonly hook: AuthHook;
}

/**
 * Opens the tokens of a database. They are made of the ids by a secret that is drawn once and kept there, so that no
 * token is ever stored.
 */
export async function openWorkspaceAuth(db: Db): Promise<WorkspaceAuth> {
  await db.query('INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING', [
    SECRET,
    randomBytes(32).toString('hex'),
  ]);
  const { rows } = await db.query<{ value: string }>('SELECT value FROM settings WHERE name = $1', [SECRET]);
  const secret = rows[0]?.value;
  if (secret === undefined)
    throw new Error('the secret of the workspace tokens was deleted while it was read');

  const tokenOf = (workspaceId: string): string =>
    createHmac('sha256', secret).update(workspaceId.toLowerCase()).digest('base64url');
  return {
    tokenOf,
    hook: async (request, reply) => {
      const { id = '' } = request.params as { id?: string };
      const given = bearerOf(request.headers.authorization);
      if (given !== undefined && sameSecret(given, tokenOf(id))) return;
      reply.header('www-authenticate', 'Bearer');
      throw new HttpError(401, 'the token of the workspace is required');
    },
  };
}
