import type { CheckReport, CheckResult, Finding } from '../../src/engine/finding.ts';

/** The parts of a result that a test is about; the counts follow from the findings. */
export interface ResultParts extends Partial<Omit<CheckResult, 'report' | 'sourceText' | 'why'>> {
  readonly findings?: readonly Finding[];
  readonly unresolved?: CheckReport['unresolved'];
  readonly summary?: Partial<CheckReport['summary']>;
  /** Text by the path that findings carry. */
  readonly sources?: Readonly<Record<string, string>>;
  /** Reasons by `ruleId/messageId`. */
  readonly reasons?: Readonly<Record<string, string>>;
}

/** A result of the engine, made by hand. */
export function resultOf(parts: ResultParts): CheckResult {
  const { findings = [], unresolved = [], summary, sources = {}, reasons = {}, ...rest } = parts;
  return {
    report: {
      schemaVersion: 1,
      tool: { name: 'ws-gate', version: '0.1.0' },
      cwd: '/repo',
      summary: {
        files: 2,
        errors: findings.filter(({ severity }) => severity === 'error').length,
        warnings: findings.filter(({ severity }) => severity === 'warn').length,
        suppressed: rest.suppressed?.length ?? 0,
        baselined: 0,
        unresolved: unresolved.length,
        durationMs: 412,
        ...summary,
      },
      findings,
      unresolved,
    },
    suppressed: [],
    rules: [],
    phases: [],
    counts: { parsed: 0, queries: 0, oracle: 'none' },
    ...rest,
    sourceText: (file) => sources[file],
    why: (ruleId, messageId) => reasons[`${ruleId}/${messageId}`],
  };
}
