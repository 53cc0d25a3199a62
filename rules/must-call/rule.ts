import type { z } from 'zod';
import { lastSegment, parseConfigName } from '../../src/analysis/config-name.ts';
import { defineRule } from '../../src/engine/rule.ts';

/** A value as the config writes it: of an object, the members that matter. */
export type LiteralOption = string | number | boolean | null | { readonly [member: string]: LiteralOption };

/** A function, and what it calls. */
export interface FunctionOption {
  readonly function: string;
  /** All of these. */
  readonly calls: readonly string[];
  /** Not just somewhere, but on every path to the normal end of the function. */
  readonly onEveryPath?: boolean | undefined;
  /** Arguments that the calls have to have, by their index. */
  readonly args?: Readonly<Record<string, LiteralOption>> | undefined;
}

export interface MustCallOptions {
  readonly functions: readonly FunctionOption[];
}

export type MessageId = 'notCalled' | 'notOnEveryPath';

const WHY = 'others rely on the call: what it does, or tells them, does not happen otherwise';

/** A function calls what it is there to call. */
export const mustCall = defineRule<MustCallOptions, MessageId>({
  id: 'must-call',
  summary: 'functions call what they are pinned to',
  defaultSeverity: 'off',
  defaultOptions: { functions: [] },
  messages: {
    notCalled: {
      message: '{function} does not call {callee}',
      why: WHY,
      help: 'call {callee}, in {function} or in a helper that it calls',
    },
    notOnEveryPath: {
      message: '{function} can come to its end without a call of {callee}',
      why: WHY,
      help: 'call {callee} on every path, or throw',
    },
  },
  options(zod) {
    const text = zod.string().min(1, 'a name must not be empty');
    const literal: z.ZodType<LiteralOption> = zod.lazy(() =>
      zod.union([zod.string(), zod.number(), zod.boolean(), zod.null(), zod.record(zod.string(), literal)]),
    );
    const index = zod.string().regex(/^\d+$/, 'arguments go by their index');
    const pinned = zod.strictObject({
      function: text,
      calls: zod.array(text).min(1, 'without calls there is nothing to check'),
      onEveryPath: zod.boolean().optional(),
      args: zod.record(index, literal).optional(),
    });
    return zod.object({
      functions: zod.array(pinned).min(1, 'without functions there is nothing to check'),
    });
  },
  relevance: ({ functions }) => ({
    words: functions.map((one) => lastSegment(parseConfigName(one.function).name)),
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const one of pass.options.functions) pass.unknownName('must-call.function', one.function, []);
  },
});
