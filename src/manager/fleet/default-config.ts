import { knownTier } from './default-tier.ts';
import type { FleetWorkspace } from './workspace-row.ts';

/** What an instance is configured with: what the workspace was given, and on top of that what its columns say. */
export function instanceConfig(
  workspace: Pick<FleetWorkspace, 'name' | 'runtime' | 'model' | 'tier' | 'config'>,
): Record<string, unknown> {
  const { name, runtime, model, tier, config } = workspace;
  return { ...config, name, runtime, model, tier: knownTier(tier) };
}
