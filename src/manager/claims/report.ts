import type { Logger } from '../obs/log.ts';
import { settingsMismatch } from './first-wins.ts';
import type { Workspace, WorkspaceSettings } from './workspace.ts';

/**
 * Logs in what respect a client does not get what it asked for.
 *
 * @returns Whether the versions differ, which the people who use the workspace are to know.
 */
export function reportDifferences<Config>(
  logger: Logger,
  workspace: Workspace<Config>,
  requested: WorkspaceSettings,
  versions: { readonly client: string; readonly server: string },
): boolean {
  const fields = { workspace_id: workspace.id, path: workspace.path };
  const mismatch = settingsMismatch(workspace.settings, requested);
  if (mismatch) {
    logger.debug('Workspace flag mismatch on duplicate create; first wins', { ...fields, ...mismatch });
  }
  const { client: client_version, server: server_version } = versions;
  if (client_version === '' || client_version === server_version) return false;
  logger.warn('Client and server versions differ', { ...fields, client_version, server_version });
  return true;
}
