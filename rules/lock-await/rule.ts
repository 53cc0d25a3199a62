import { filesWithoutLockWords } from '../../src/analysis/locks/database-files.ts';
import { triggersOf } from '../../src/analysis/locks/primitives.ts';
import { defineRule } from '../../src/engine/rule.ts';

export type MessageId = 'awaitUnderBrief' | 'waitsForHolder';

/**
 * Nothing is waited for while a lock is held that is declared brief; and under any lock, nothing that needs the lock to
 * come about.
 */
export const lockAwait = defineRule<undefined, MessageId>({
  id: 'lock-await',
  summary: 'no await under a brief lock, and none for what needs the lock that is held',
  defaultSeverity: 'error',
  defaultOptions: undefined,
  messages: {
    awaitUnderBrief: {
      message: 'pauses while holding {lock}, which is declared brief',
      why: 'everybody else who wants the lock waits for as long as this takes, and what it guards may be half done',
      help: 'await before {lock} is acquired, or after it is released',
    },
    waitsForHolder: {
      message: 'waits for {what} while holding {lock}, without which that does not come about',
      why: 'whoever could end the wait needs the lock first, and the lock is given back only after the wait',
      help: 'release {lock} before waiting, and look again at what it guards afterwards',
    },
  },
  relevance: (_options, { primitives }) => ({
    words: triggersOf(primitives),
    files: filesWithoutLockWords,
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
});
