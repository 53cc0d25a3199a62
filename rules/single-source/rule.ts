import { defineRule } from '../../src/engine/rule.ts';

/** Values that one place gives to a property, or that a value is compared with in one place. */
export interface SourceOption {
  /** The property whose literal values belong to one place. */
  readonly property?: string | undefined;
  /** The value whose comparisons with literals belong to one place. */
  readonly compare?: string | undefined;
  readonly numbers: readonly number[];
  readonly strings: readonly string[];
  /** The place: files, or functions of files. */
  readonly only: readonly string[];
}

export interface SingleSourceOptions {
  readonly sources: readonly SourceOption[];
}

export type MessageId = 'literalDefault' | 'literalComparison';

/** A value that one function decides is decided by nobody else. */
export const singleSource = defineRule<SingleSourceOptions, MessageId>({
  id: 'single-source',
  summary: 'a default, or what depends on a value, is decided in one place',
  defaultSeverity: 'off',
  defaultOptions: { sources: [] },
  messages: {
    literalDefault: {
      message: 'gives {property} the literal {value}',
      why: 'a default that is written in two places is changed in one of them',
      help: 'take the value from {only}',
    },
    literalComparison: {
      message: 'compares {property} with the literal {value}',
      why: 'what depends on the value is decided in two places, and the next value is added to one of them',
      help: 'leave the decision to {only}',
    },
  },
  options(zod) {
    const text = zod.string().min(1, 'a name must not be empty');
    const name = text.regex(/^#?[\p{ID_Start}$_][\p{ID_Continue}$]*$/u, 'a single name, without its type');
    const source = zod
      .strictObject({
        property: name.optional(),
        compare: name.optional(),
        numbers: zod.array(zod.number()).default([]),
        strings: zod.array(zod.string()).default([]),
        only: zod.array(text).min(1, 'a source without a place is no source'),
      })
      .refine(({ property, compare }) => (property === undefined) !== (compare === undefined), {
        message: 'a source is about either a `property` or what it is to `compare`',
      })
      .refine(({ numbers, strings }) => numbers.length + strings.length > 0, {
        message: 'without `numbers` or `strings` there is nothing to look for',
      });
    return zod.strictObject({
      sources: zod.array(source).min(1, 'without sources there is nothing to check'),
    });
  },
  relevance: ({ sources }) => ({ words: sources.flatMap(wordsOf) }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const { property, compare } of pass.options.sources) {
      if (property !== undefined) pass.unknownName('single-source.property', property, []);
      if (compare !== undefined) pass.unknownName('single-source.compare', compare, []);
    }
  },
});

/** A file that has none of these has nothing to do with a source. */
export function wordsOf({ property, compare, strings }: SourceOption): readonly string[] {
  return property === undefined ? [compare ?? '', ...strings].filter((word) => word !== '') : [property];
}
