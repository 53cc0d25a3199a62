import type { UserConfig } from './types.ts';

/**
 * Declares a config. It returns what it is given; it exists so that an editor completes and checks the keys
 * of `ws-gate.config.ts`.
 */
export function defineConfig(config: UserConfig): UserConfig {
  return config;
}
