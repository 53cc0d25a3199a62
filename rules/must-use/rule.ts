import { lastSegment, parseConfigName } from '../../src/analysis/config-name.ts';
import { MUST_USE_TAG } from '../../src/analysis/lifecycle/words.ts';
import { defineRule } from '../../src/engine/rule.ts';

export interface MustUseOptions {
  /** The functions whose results must be used, beside those that say so themselves. */
  readonly functions: readonly string[];
}

export type MessageId = 'discarded' | 'unread' | 'ignored' | 'undisposed';

const WHY =
  'the result is what the call was made for (a grant to give back, a reservation to commit, an outcome to act on): without it the call has done half of something';
const HELP = 'bind it with `using`, dispose of it, return it, or pass it on';

/** The result of a function that is called for its result is used. */
export const mustUse = defineRule<MustUseOptions, MessageId>({
  id: 'must-use',
  summary: 'results that must be used are used',
  defaultSeverity: 'error',
  defaultOptions: { functions: [] },
  messages: {
    discarded: { message: 'throws away the result of {target}{how}', why: WHY, help: HELP },
    unread: { message: 'keeps the result of {target}{how}', why: WHY, help: HELP },
    ignored: {
      message: 'leaves the result of {target} to {how}, which does nothing with it',
      why: WHY,
      help: HELP,
    },
    undisposed: {
      message: 'only looks at the result of {target}, which is to be disposed of',
      why: 'what it stands for (a lock, a reservation, a lease) is held until somebody disposes of it, and nobody can any more',
      help: HELP,
    },
  },
  options(zod) {
    return zod.object({
      functions: zod.array(zod.string().min(1, 'a name must not be empty')).default([]),
    });
  },
  relevance: ({ functions }) => ({
    words: [MUST_USE_TAG, ...functions.map((name) => lastSegment(parseConfigName(name).name))],
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const name of pass.options.functions) pass.unknownName('must-use.functions', name, []);
  },
});
