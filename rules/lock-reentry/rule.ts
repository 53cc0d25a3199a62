import { filesWithoutLockWords } from '../../src/analysis/locks/database-files.ts';
import { triggersOf } from '../../src/analysis/locks/primitives.ts';
import { defineRule } from '../../src/engine/rule.ts';

export type MessageId = 'reacquired' | 'upgrade' | 'nestedPermit' | 'nestedConnection';

/**
 * A lock that its holder waits for again is never granted: the holder waits for itself. Reported where the path to
 * the lock shows that it is the same object; two objects of one class are the business of `lock-order`.
 */
export const lockReentry = defineRule<undefined, MessageId>({
  id: 'lock-reentry',
  summary: 'a lock is not acquired again by the task that holds it',
  defaultSeverity: 'error',
  defaultOptions: undefined,
  messages: {
    reacquired: {
      message: 'acquires {inner} again while it is held',
      why: 'the lock is not reentrant: the task waits for a release that only it can make',
      help: 'call a variant that expects {inner} to be held, or release it first',
    },
    upgrade: {
      message: 'acquires {inner} exclusively while holding a share of it',
      why: 'the writer waits for all readers to leave, and its own task is one of them',
      help: 'release the share first, and check again under the exclusive lock what was read under it',
    },
    nestedPermit: {
      message: 'acquires a permit of {inner} while holding one',
      why: 'when every permit is held by a task that waits for another, none is ever given back',
      help: 'take all permits at once, or give the first back before waiting for the next',
    },
    nestedConnection: {
      message: 'waits for another connection of {inner} while its own holds {outer}',
      why: 'whoever waits for {outer} keeps a connection meanwhile; when none is left, the holder waits for them and they wait for it, which the database does not see',
      help: 'send the query on the connection that holds {outer}, or before {outer} is taken',
    },
  },
  relevance: (_options, { primitives }) => ({
    words: triggersOf(primitives),
    files: filesWithoutLockWords,
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
});
