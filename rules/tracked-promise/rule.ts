import { filesWithBuilders } from '../../src/analysis/inserts/builder-libraries.ts';
import { INSERT_WORDS } from '../../src/analysis/inserts/words.ts';
import { triggersOf } from '../../src/analysis/locks/primitives.ts';
import { defineRule } from '../../src/engine/rule.ts';

export interface TrackedPromiseOptions {
  /** What may be left alone: the work of these functions, and what is started in these functions and files. */
  readonly allow: readonly string[];
  /** `held`: work that is started while a lock is held; `locks`: that takes a lock, or inserts rows; `all`: any. */
  readonly scope: 'held' | 'locks' | 'all';
}

export type MessageId = 'untracked' | 'dropped';

/** Work that was started is waited for by somebody. */
export const trackedPromise = defineRule<TrackedPromiseOptions, MessageId>({
  id: 'tracked-promise',
  summary: 'work that was started is waited for by somebody',
  defaultSeverity: 'warn',
  defaultOptions: { allow: [], scope: 'locks' },
  unaskedOptions: { allow: [], scope: 'held' },
  messages: {
    untracked: {
      message: 'starts {callee}, and leaves its promise to nobody{how}',
      why: 'nobody notices that it fails, and nobody waits for it before the process, the test or the connection ends',
      help: 'await it, return it, or hand it to what keeps track of work in the background',
    },
    dropped: {
      message: 'hands an async function {where}',
      why: 'nobody notices that it fails, and nobody waits for it before the process, the test or the connection ends',
      help: 'hand it to what keeps track of work in the background, or call that from a function that is not async',
    },
  },
  options(zod) {
    return zod.strictObject({
      allow: zod.array(zod.string().min(1, 'a name must not be empty')).default([]),
      scope: zod.enum(['held', 'locks', 'all']).default('locks'),
    });
  },
  relevance: ({ scope }, { primitives }) =>
    scope === 'all'
      ? { words: ['('] }
      : {
          words: [...(scope === 'locks' ? INSERT_WORDS : []), ...triggersOf(primitives)],
          ignoreCase: true,
          ...(scope === 'locks' && { files: filesWithBuilders }),
        },
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
});
