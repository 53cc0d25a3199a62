const SAAS_TIER = 4;
const SELF_HOSTED_TIER = 3;

/** The tier of a workspace that asks for none. The only default of a tier. */
export function defaultTierOf(mode: 'saas' | 'self-hosted'): number {
  return mode === 'saas' ? SAAS_TIER : SELF_HOSTED_TIER;
}

/** A tier that exists: the given one, or the self-hosted default for one out of range. */
export function knownTier(tier: number): number {
  return Number.isInteger(tier) && tier >= 1 && tier <= 4 ? tier : SELF_HOSTED_TIER;
}
