import { lastSegment, parseConfigName } from '../../src/analysis/config-name.ts';
import { defineRule } from '../../src/engine/rule.ts';

/** Fields that are not tested by hand, and what tells instead. */
export interface BareCheckOption {
  /** A test of all of them is one that the accessor makes. */
  readonly fields: readonly string[];
  /** The accessor: its name, or a few words. */
  readonly use: string;
  /** Who else may test them: files, or functions of files. */
  readonly allowIn: readonly string[];
}

export interface NoBareCheckOptions {
  readonly checks: readonly BareCheckOption[];
}

export type MessageId = 'bareCheck';

/** Whether the fields of a check are there is asked of their accessor, and not of the fields. */
export const noBareCheck = defineRule<NoBareCheckOptions, MessageId>({
  id: 'no-bare-check',
  summary: 'what has an accessor is not tested field by field',
  defaultSeverity: 'off',
  defaultOptions: { checks: [] },
  messages: {
    bareCheck: {
      message: 'tests {fields} by hand',
      why: 'a place that decides by itself is forgotten when there is one more field, or another order',
      help: 'ask {use} instead',
    },
  },
  options(zod) {
    const text = zod.string().min(1, 'a name must not be empty');
    const check = zod.strictObject({
      fields: zod.array(text).min(1, 'a check without fields checks nothing'),
      use: text,
      allowIn: zod.array(text).default([]),
    });
    return zod.strictObject({
      checks: zod.array(check).min(1, 'without checks there is nothing to look for'),
    });
  },
  relevance: ({ checks }) => ({
    words: checks.flatMap(({ fields }) => fields.map((field) => lastSegment(parseConfigName(field).name))),
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const { fields } of pass.options.checks) {
      for (const name of fields) pass.unknownName('no-bare-check.fields', name, []);
    }
  },
});
