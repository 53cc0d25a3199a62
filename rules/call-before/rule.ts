import { lastSegment, parseConfigName } from '../../src/analysis/config-name.ts';
import { defineRule } from '../../src/engine/rule.ts';

/** Two calls, of which one comes before the other. */
export interface PairOption {
  /** The function that is called before. */
  readonly first: string;
  /** The function that is called after it; or a field, from which something is removed after it. */
  readonly then: string;
  /** Whether `first` counts as soon as it is begun, awaited or not. */
  readonly begun?: boolean | undefined;
  /** The files or functions in which that has to be; without it, in the whole program. */
  readonly in?: readonly string[] | undefined;
}

export interface CallBeforeOptions {
  readonly pairs: readonly PairOption[];
}

export type MessageId = 'notBefore' | 'notAwaited';

/** One call comes before another on every path. */
export const callBefore = defineRule<CallBeforeOptions, MessageId>({
  id: 'call-before',
  summary: 'one call comes before another on every path',
  defaultSeverity: 'off',
  defaultOptions: { pairs: [] },
  messages: {
    notBefore: {
      message: '{act} {later} on a path on which {first} has not been called before',
      why: 'what has to be there first is then missing, or comes too late',
      help: 'call {first} before, on every path to here',
    },
    notAwaited: {
      message: '{act} {later} before {first} is certain to be done, which was only started',
      why: 'what has been started may come later, or fail, while this goes on as if it were done',
      help: 'await {first} before, and let its failure go on',
    },
  },
  options(zod) {
    const text = zod.string().min(1, 'a name must not be empty');
    const pair = zod.strictObject({
      first: text,
      then: text,
      begun: zod.boolean().optional(),
      in: zod.array(text).min(1, 'without a place there is nothing to check').optional(),
    });
    return zod.object({ pairs: zod.array(pair).min(1, 'without pairs there is nothing to check') });
  },
  relevance: ({ pairs }) => ({
    words: pairs.map((pair) => lastSegment(parseConfigName(pair.then).name)),
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const pair of pass.options.pairs) {
      pass.unknownName('call-before.first', pair.first, []);
      pass.unknownName('call-before.then', pair.then, []);
    }
  },
});
