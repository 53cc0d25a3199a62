import { defineRule } from '../../src/engine/rule.ts';

export interface MutateWhileIteratingOptions {
  /** Also the deletion of the key that the iteration is at, and pauses in a loop over what others can change. */
  readonly strict?: boolean | undefined;
  /** Only iterations in files below these paths, relative to the config; everywhere, if absent. */
  readonly within?: readonly string[] | undefined;
}

export type MessageId = 'changesWhileIterating' | 'deletesAfterPause' | 'pausesWhileIterating';

/** A collection is not changed while it is walked. */
export const mutateWhileIterating = defineRule<MutateWhileIteratingOptions, MessageId>({
  id: 'mutate-while-iterating',
  summary: 'a collection is not changed while it is walked',
  defaultSeverity: 'warn',
  defaultOptions: {},
  messages: {
    changesWhileIterating: {
      message: 'changes {collection} with {how} while walking it',
      why: 'elements are passed over or met twice, or the walk has no end',
      help: 'walk a copy, `[...{collection}]`, or collect first and change afterwards',
    },
    deletesAfterPause: {
      message: 'deletes from {collection} while walking it, after a pause',
      why: 'while it paused, somebody else may have put another value under the same key',
      help: 'walk a copy, `[...{collection}]`, and look again after the pause',
    },
    pausesWhileIterating: {
      message: 'pauses while walking {collection}',
      why: 'while it pauses, others change what is walked',
      help: 'walk a copy, `[...{collection}]`',
    },
  },
  options: (zod) =>
    zod.strictObject({
      strict: zod.boolean().optional(),
      within: zod.array(zod.string().min(1, 'a path must not be empty')).min(1).optional(),
    }),
  relevance: () => ({ words: WALKS }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
});

/** How a walk over a collection is written. */
export const WALKS = [
  'for (',
  'for(',
  'for await',
  'while',
  'forEach',
  'map(',
  'flatMap(',
  'filter(',
  'find',
  'some(',
  'every(',
  'reduce',
];
