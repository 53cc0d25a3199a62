import { filesWithDatabaseLocks } from '../../src/analysis/locks/database-files.ts';
import { triggersOf } from '../../src/analysis/locks/primitives.ts';
import { defineRule } from '../../src/engine/rule.ts';

export type MessageId = 'leaked' | 'doubleRelease' | 'notHeld' | 'replacedWhileHeld' | 'escapes';

/**
 * Whoever takes a lock gives it back, once, on every way out. A lock that is not given back hangs everybody who comes
 * later; one that is given back twice lets two in.
 */
export const lockBalance = defineRule<undefined, MessageId>({
  id: 'lock-balance',
  summary: 'a lock is released on every path, once, by the task that holds it',
  defaultSeverity: 'error',
  defaultOptions: undefined,
  messages: {
    leaked: {
      message: '{lock} is not released on every path: {how}',
      why: 'nobody else can release it, so whoever waits for it next waits for ever',
      help: 'put the release of {lock} into a finally block that begins right after the acquisition, or run the work in a callback of the lock',
    },
    doubleRelease: {
      message: '{lock} is released a second time: {how}',
      why: 'by then another task may hold it, and a release by name does not ask whose it is',
      help: 'release {lock} in one place, a finally block, or by what acquire has returned',
    },
    notHeld: {
      message: '{lock} is released on a path where it was not acquired',
      why: 'the release lets a waiter in while somebody else holds the lock, or throws',
      help: 'acquire {lock} before the try block whose finally releases it, and release only what was granted',
    },
    replacedWhileHeld: {
      message: '{lock} is replaced by another object while it is held',
      why: 'whoever comes next takes the new one and does not wait for the holder of the old',
      help: 'keep {lock} for good, or replace it where nobody holds it or waits for it',
    },
    escapes: {
      message: 'the promise is returned without await, so the work outlives {lock}',
      why: 'finally and using release the lock when the promise is returned, not when it is settled',
      help: 'return await the promise, so that {lock} is released when the work is done',
    },
  },
  relevance: (_options, { primitives }) => ({
    words: triggersOf(primitives),
    files: filesWithDatabaseLocks,
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
});
