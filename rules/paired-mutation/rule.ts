import { lastSegment, parseConfigName } from '../../src/analysis/config-name.ts';
import { defineRule } from '../../src/engine/rule.ts';

/** What is removed together. */
export interface PairOption {
  /** The field or variable from which something is removed. */
  readonly remove: string;
  /** Where it is removed as well, and what is called for that. */
  readonly also: readonly string[];
  /** Whether it happens in the order in which it is listed here. */
  readonly order?: boolean | undefined;
}

export interface PairedMutationOptions {
  readonly pairs: readonly PairOption[];
}

export type MessageId = 'unpaired' | 'outOfOrder';

/** What belongs together is removed together. */
export const pairedMutation = defineRule<PairedMutationOptions, MessageId>({
  id: 'paired-mutation',
  summary: 'what belongs together is removed together',
  defaultSeverity: 'off',
  defaultOptions: { pairs: [] },
  messages: {
    unpaired: {
      message: 'removes from {remove} without {missing}',
      why: 'what is left behind leaks, or is found later and taken for something that is still there',
      help: 'add {missing} to the same function, on every path that comes through here',
    },
    outOfOrder: {
      message: '{early} comes before {late}, which has to come first',
      why: 'in between, others see a state that must not be',
      help: 'move {late} up',
    },
  },
  options(zod) {
    const text = zod.string().min(1, 'a name must not be empty');
    const pair = zod.strictObject({
      remove: text,
      also: zod.array(text).min(1, 'without companions there is nothing to check'),
      order: zod.boolean().optional(),
    });
    return zod.object({ pairs: zod.array(pair).min(1, 'without pairs there is nothing to check') });
  },
  relevance: ({ pairs }) => ({
    words: pairs.map(({ remove }) => lastSegment(parseConfigName(remove).name)),
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const { remove } of pass.options.pairs) pass.unknownName('paired-mutation.remove', remove, []);
  },
});
