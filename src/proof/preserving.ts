import type { CheckRun } from '../engine/check.ts';
import type { Mutant } from '../engine/proof.ts';

/** A rewrite of code that changes nothing, and the rules that must not mind it. */
export interface Rewrite {
  readonly operator: string;
  readonly mutant: Mutant;
  readonly rules: readonly string[];
}

export async function preservingMutants(
  _base: CheckRun,
  _rules: readonly string[],
): Promise<readonly Rewrite[]> {
  return [];
}
