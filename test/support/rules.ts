import type { MessageText, Rule } from '../../src/engine/rule.ts';

const message: MessageText = { message: 'is wrong', why: 'it breaks', help: 'mend it' };

/** A rule that looks at nothing, for tests that need a rule and not what it does. */
export function stubRule(id: string, parts: Partial<Rule<unknown>> = {}): Rule<unknown> {
  return {
    id,
    summary: `the summary of ${id}`,
    defaultSeverity: 'error',
    messages: { wrong: message },
    defaultOptions: {},
    relevance: () => ({ words: [] }),
    run: () => {},
    ...parts,
  };
}
