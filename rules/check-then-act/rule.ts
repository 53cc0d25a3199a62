import { filesWithChains } from '../../src/analysis/locks/chain-texts.ts';
import { triggersOf } from '../../src/analysis/locks/primitives.ts';
import { defineRule } from '../../src/engine/rule.ts';

export type MessageId = 'staleDecision' | 'tornSnapshot';

/** What was read under one acquisition of a lock is no longer known under the next. */
export const checkThenAct = defineRule<undefined, MessageId>({
  id: 'check-then-act',
  summary: 'what a section writes is decided by what the same section has read',
  defaultSeverity: 'warn',
  defaultOptions: undefined,
  messages: {
    staleDecision: {
      message: 'writes {other} by what was read of {what} under an earlier acquisition of {lock}',
      why: 'between the two acquisitions others may change it, and what they did is lost or done twice',
      help: 'read and write under one acquisition of {lock}, or look again before writing',
    },
    tornSnapshot: {
      message: 'puts together {what} and {other}, read under two acquisitions of {lock}',
      why: 'between the two acquisitions others may change both, so that the parts never were there together',
      help: 'read both under one acquisition of {lock}',
    },
  },
  relevance: (_options, { primitives }) => ({
    words: triggersOf(primitives),
    files: filesWithChains,
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
});
