import type { Span } from '../../src/engine/finding.ts';
import type { ProofResult, RuleProof, Trial } from '../../src/proof/prove.ts';
import type { Status } from '../../src/proof/trial.ts';

/** What all that is tried here is put into. */
export const SOURCE = 'const one = 1;\nconst two = 2;\n';

/** A change of the `2` in the second line to `3`, and what became of it. */
export function trial(status: Status, ruleId: string, parts: Partial<Trial> = {}): Trial {
  return {
    status,
    ruleId,
    operator: 'count',
    kind: 'breaking',
    found: [],
    mutant: { edits: [{ file: '/p/src/a.ts', start: 27, end: 28, text: '3' }] },
    ...parts,
  };
}

export function rewrite(status: 'quiet' | 'noisy', found: readonly Span[] = []): Trial {
  return trial(status, '', {
    operator: 'rename locals',
    kind: 'preserving',
    found: found.map((at) => ({ ...at, ruleId: 'no-two', messageId: 'two' })),
  });
}

export function ruleProof(state: RuleProof['state'], trials: readonly Trial[] = []): RuleProof {
  const ruleId = trials[0]?.ruleId ?? `rule-${state}`;
  return { ruleId, state, sites: 1, operators: [{ id: 'count', summary: 'counts on', trials }] };
}

export function result(parts: Partial<ProofResult>): ProofResult {
  return {
    cwd: '/p',
    rules: [],
    preserving: [],
    holds: false,
    durationMs: 1234,
    text: (file) => (file.startsWith('/p/src/') ? SOURCE : undefined),
    ...parts,
  };
}
