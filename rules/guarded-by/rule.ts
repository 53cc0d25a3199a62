import { TAG_WORDS } from '../../src/analysis/locks/tag-words.ts';
import { defineRule } from '../../src/engine/rule.ts';

export type MessageId =
  | 'unguardedRead'
  | 'unguardedWrite'
  | 'requiresLock'
  | 'excludesLock'
  | 'locksInLockless';

/**
 * What the code says of its own locks, in annotations, holds: guarded fields are touched under their lock, functions
 * are called with the locks that they require and without those that they exclude, and what may not lock does not.
 */
export const guardedBy = defineRule<undefined, MessageId>({
  id: 'guarded-by',
  summary: 'what is annotated with a lock is touched and called under it',
  defaultSeverity: 'error',
  defaultOptions: undefined,
  messages: {
    unguardedRead: {
      message: 'reads {subject} without holding {lock}',
      why: 'another task may be in the middle of changing it, so that what is read never was true',
      help: 'read it while holding {lock}, or tag the function `@requiresLock {name}` if all its callers hold it',
    },
    unguardedWrite: {
      message: 'writes {subject} without holding {lock} exclusively',
      why: 'a task that holds the lock takes for granted that nobody else changes it',
      help: 'write it while holding {lock}, or tag the function `@requiresLock {name}` if all its callers hold it',
    },
    requiresLock: {
      message: 'calls {subject} without holding {lock}',
      why: '{subject} touches what the lock guards, and leaves it to its callers to hold the lock',
      help: 'hold {lock} around the call, to the end of what it starts',
    },
    excludesLock: {
      message: 'calls {subject} while holding {lock}',
      why: '{subject} is not made for being called under the lock: it may take it, or wait for somebody who does',
      help: 'release {lock} before the call',
    },
    locksInLockless: {
      message: '{subject} acquires {lock}, and is declared to take no lock',
      why: 'whoever calls it relies on its never waiting for a lock, and may hold any',
      help: 'do without the lock, or take it in the caller',
    },
  },
  relevance: () => ({ words: TAG_WORDS }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
});
