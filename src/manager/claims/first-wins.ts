import type { LogFields } from '../obs/log.ts';
import type { WorkspaceSettings } from './workspace.ts';

/**
 * The log fields that show how the settings of a later create differ from those the workspace was opened with;
 * `undefined` if they do not.
 *
 * Both sides are what the clients sent, with nothing defaulted: a client that leaves a setting out differs from
 * one that sets it. The order of `env` counts.
 */
export function settingsMismatch(
  existing: WorkspaceSettings,
  requested: WorkspaceSettings,
): LogFields | undefined {
  const same =
    existing.yolo === requested.yolo &&
    existing.debug === requested.debug &&
    existing.dataDir === requested.dataDir &&
    existing.env.length === requested.env.length &&
    existing.env.every((entry, i) => entry === requested.env[i]);
  if (same) return undefined;
  return {
    existing_yolo: existing.yolo,
    requested_yolo: requested.yolo,
    existing_debug: existing.debug,
    requested_debug: requested.debug,
    existing_data_dir: existing.dataDir,
    requested_data_dir: requested.dataDir,
    existing_env: existing.env,
    requested_env: requested.env,
  };
}

/**
 * Whether a later create may not join, because it says through which channels the workspace may be reached, and the
 * workspace was opened with others. What is a matter of security is not the first client's to decide for the others.
 */
export function channelsDiffer(existing: WorkspaceSettings, requested: WorkspaceSettings): boolean {
  if (requested.channels === undefined) return false;
  const [open, wanted] = [new Set(existing.channels), new Set(requested.channels)];
  return open.size !== wanted.size || [...wanted].some((channel) => !open.has(channel));
}
