import { filesWithoutLockWords } from '../../src/analysis/locks/database-files.ts';
import { triggersOf } from '../../src/analysis/locks/primitives.ts';
import { defineRule } from '../../src/engine/rule.ts';

export interface LockCallbackOptions {
  /** Callbacks that are trusted to be short and to take no lock: `Class.field`, `file.ts#function.parameter`. */
  readonly allow: readonly string[];
  /** Methods of interfaces that count as callbacks too: `GraphBuilder.build`. */
  readonly callbacks: readonly string[];
}

export type MessageId = 'callbackUnderLock';

/**
 * Code that the author cannot see does not run while a lock is held: it may take any lock, wait for anything, or call
 * back into the object whose lock is held.
 */
export const lockCallback = defineRule<LockCallbackOptions, MessageId>({
  id: 'lock-callback',
  summary: 'no callback runs while a lock is held',
  defaultSeverity: 'off',
  defaultOptions: { allow: [], callbacks: [] },
  messages: {
    callbackUnderLock: {
      message: 'calls {callback} while holding {lock}',
      why: 'nobody knows what the callback does: it may wait for this very lock, or for one that comes before it',
      help: 'copy what the callback needs under {lock}, release it, and call {callback} then',
    },
  },
  options(zod) {
    const names = zod.array(zod.string().min(1, 'a name must not be empty'));
    return zod.object({ allow: names.default([]), callbacks: names.default([]) });
  },
  relevance: (_options, { primitives }) => ({
    words: triggersOf(primitives),
    files: filesWithoutLockWords,
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const name of pass.options.allow) pass.unknownName('lock-callback.allow', name, []);
    for (const name of pass.options.callbacks) pass.unknownName('lock-callback.callbacks', name, []);
  },
});
