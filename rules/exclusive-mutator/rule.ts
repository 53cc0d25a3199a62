import { lastSegment, parseConfigName } from '../../src/analysis/config-name.ts';
import { defineRule } from '../../src/engine/rule.ts';

/** A field, and who may change it. */
export interface ExclusiveField {
  readonly field: string;
  /** The methods that only its owners call, and `=` for another value of the field itself. All changes, if absent. */
  readonly methods?: readonly string[] | undefined;
  /** The functions, by name or by file and name, or whole files. */
  readonly only: readonly string[];
}

export interface ExclusiveMutatorOptions {
  readonly fields: readonly ExclusiveField[];
}

export type MessageId = 'mutatedElsewhere';

/** What a field holds is changed by its owners alone. */
export const exclusiveMutator = defineRule<ExclusiveMutatorOptions, MessageId>({
  id: 'exclusive-mutator',
  summary: 'what a field holds is changed by its owners alone',
  defaultSeverity: 'off',
  defaultOptions: { fields: [] },
  messages: {
    mutatedElsewhere: {
      message: 'changes {field} with {how}, which only {owners} may do',
      why: 'what the owner looks at before each change is not looked at here',
      help: 'leave it to {owners}, or list this function after a review',
    },
  },
  options(zod) {
    const text = zod.string().min(1, 'a name must not be empty');
    const field = zod.strictObject({
      field: text,
      methods: zod.array(text).min(1, 'leave methods out to count every change').optional(),
      only: zod.array(text).min(1, 'a field that nobody may change is readonly'),
    });
    return zod.strictObject({
      fields: zod.array(field).min(1, 'without fields there is nothing to check'),
    });
  },
  relevance: ({ fields }) => ({
    words: fields.map(({ field }) => lastSegment(parseConfigName(field).name)),
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const { field } of pass.options.fields) pass.unknownName('exclusive-mutator.field', field, []);
  },
});
