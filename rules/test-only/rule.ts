import { lastSegment, parseConfigName } from '../../src/analysis/config-name.ts';
import { filesSpeakingOfTests } from '../../src/analysis/lifecycle/test-words.ts';
import { TEST_ONLY_TAG } from '../../src/analysis/lifecycle/words.ts';
import { defineRule } from '../../src/engine/rule.ts';
import { TEST_FILES } from '../../src/engine/test-files.ts';

export interface TestOnlyOptions {
  /** The functions that only tests may refer to, beside those that say so themselves. */
  readonly functions: readonly string[];
  /** Patterns of the files that are tests, relative to the directory of the config. */
  readonly tests: readonly string[];
}

export type MessageId = 'called' | 'taken' | 'imported' | 'importsTest';

const WHY =
  'what is made for tests takes short cuts (no checks, no locks, no clean-up) that the rest of the program relies on not being taken';
const HELP = 'do it the way that production does, or take the code out of what only tests may use';

/** What is made for tests is out of reach for everybody else. */
export const testOnly = defineRule<TestOnlyOptions, MessageId>({
  id: 'test-only',
  summary: 'what is made for tests is used by tests alone',
  defaultSeverity: 'error',
  defaultOptions: { functions: [], tests: TEST_FILES },
  messages: {
    called: { message: 'calls {target}, which is for tests only', why: WHY, help: HELP },
    taken: { message: 'takes {target}, which is for tests only', why: WHY, help: HELP },
    imported: {
      message: 'imports {target}, which is for tests only',
      why: 'nothing here uses it yet, and what is at hand gets used',
      help: 'remove the import',
    },
    importsTest: {
      message: 'imports {module}, which is a test',
      why: 'tests are not shipped and not reviewed as production code is: what they export changes with them',
      help: 'move what is needed out of the tests, and import it from there',
    },
  },
  options(zod) {
    const text = zod.string().min(1, 'a name must not be empty');
    return zod.object({
      functions: zod.array(text).default([]),
      tests: zod.array(text).default([...TEST_FILES]),
    });
  },
  relevance: ({ functions, tests }) => ({
    words: [TEST_ONLY_TAG, ...functions.map((name) => lastSegment(parseConfigName(name).name))],
    files: (program) => filesSpeakingOfTests(program, tests),
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const name of pass.options.functions) pass.unknownName('test-only.functions', name, []);
  },
});
