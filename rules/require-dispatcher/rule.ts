import { lastSegment, parseConfigName } from '../../src/analysis/config-name.ts';
import { defineRule } from '../../src/engine/rule.ts';

/** One set of backend functions, and who may call them. */
export interface DispatcherOption {
  /** The functions that only a dispatcher calls. */
  readonly calls: readonly string[];
  /** The dispatchers: files, or functions of files. */
  readonly allowIn: readonly string[];
  /** What everybody else calls, for the report. */
  readonly use: string;
}

export interface RequireDispatcherOptions {
  readonly dispatchers: readonly DispatcherOption[];
}

export type MessageId = 'bypassed' | 'escapes';

const WHY =
  'what the dispatcher adds (choosing the backend, locking, events, state) does not happen on this path';

/** Backend functions are reached through their dispatcher: nobody else calls them, or takes them as a value. */
export const requireDispatcher = defineRule<RequireDispatcherOptions, MessageId>({
  id: 'require-dispatcher',
  summary: 'backend functions are called by their dispatchers only',
  defaultSeverity: 'off',
  defaultOptions: { dispatchers: [] },
  messages: {
    bypassed: {
      message: 'calls {target} outside its dispatcher',
      why: WHY,
      help: 'call {use} instead',
    },
    escapes: {
      message: 'takes {target} as a value outside its dispatcher',
      why: `whoever gets the value may call it, and ${WHY}`,
      help: 'pass a function that calls {use} instead',
    },
  },
  options(zod) {
    const text = zod.string().min(1, 'a name must not be empty');
    const dispatcher = zod.strictObject({
      calls: zod.array(text).min(1, 'a dispatcher without calls dispatches nothing'),
      allowIn: zod.array(text),
      use: text,
    });
    return zod.object({
      dispatchers: zod.array(dispatcher).min(1, 'without dispatchers there is nothing to check'),
    });
  },
  relevance: ({ dispatchers }) => ({
    words: dispatchers.flatMap(({ calls }) => calls.map((call) => lastSegment(parseConfigName(call).name))),
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const { calls } of pass.options.dispatchers) {
      for (const name of calls) pass.unknownName('require-dispatcher.calls', name, []);
    }
  },
});
