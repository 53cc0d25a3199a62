/** The public API of `ws-gate`. */

import type { CheckOptions } from './engine/check.ts';
import type { CheckReport } from './engine/finding.ts';

/**
 * Analyses a project, as `ws-gate check` does.
 *
 * @returns the report that `--format json` prints
 * @throws {GateError} for what the user can mend: an invalid config, a scope without files
 */
export async function check(options: CheckOptions = {}): Promise<CheckReport> {
  // Loaded on demand: a config imports this module for `defineConfig` alone.
  const { check: runCheck } = await import('./engine/check.ts');
  const { report } = await runCheck(options);
  return report;
}

export { defineConfig } from './config/define.ts';
export type {
  LockPrimitive,
  LocksConfig,
  Override,
  RuleSetting,
  SeveritySetting,
  UserConfig,
} from './config/types.ts';
export type { CheckOptions } from './engine/check.ts';
export { GateError } from './engine/error.ts';
export type { CheckReport, Finding, Severity, Span, TraceStep, Unresolved } from './engine/finding.ts';
export type { Edit, Mutant, Operator, ProofView } from './engine/proof.ts';
export {
  type Analysis,
  type AnalysisContext,
  type AnyRule,
  defineRule,
  type MessageText,
  type Pass,
  type Relevance,
  type Report,
  type ReportStep,
  type Rule,
} from './engine/rule.ts';
