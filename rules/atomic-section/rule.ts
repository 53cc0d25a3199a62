import { ATOMIC_WORDS } from '../../src/analysis/atomic/words.ts';
import { defineRule } from '../../src/engine/rule.ts';

export type MessageId = 'suspends';

/** What the code declares to be atomic runs from its beginning to its end before anybody else does. */
export const atomicSection = defineRule<undefined, MessageId>({
  id: 'atomic-section',
  summary: 'nothing pauses in a function tagged `@atomic`, or between the markers of an atomic section',
  defaultSeverity: 'error',
  defaultOptions: undefined,
  messages: {
    suspends: {
      message: '{section} is atomic, and {what}',
      why: 'whoever runs in the meantime finds what the section changes half done, and may change it as well',
      help: 'pause before the section or after it, and start what goes on later once it is done',
    },
  },
  relevance: () => ({ words: ATOMIC_WORDS }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
});
