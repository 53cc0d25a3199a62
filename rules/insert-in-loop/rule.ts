import { lastSegment } from '../../src/analysis/config-name.ts';
import { filesWithBuilders } from '../../src/analysis/inserts/builder-libraries.ts';
import { INSERT_WORDS } from '../../src/analysis/inserts/words.ts';
import { defineRule } from '../../src/engine/rule.ts';

/** What the config says about inserts. */
export interface InsertInLoopOptions {
  /** Tables that take no blind insert: `name`, `schema.name`, `schema.*`, or `*` for all. */
  readonly tables: readonly string[];
  /** Functions that look for the row first, as the config names declarations: `lookup`, `Store.lookup`. */
  readonly preflight: readonly string[];
}

export type MessageId = 'insertInLoop' | 'unfoldable';

/**
 * No row is inserted blindly again and again. A violation is a call that runs an INSERT into a protected table, is
 * reached more than once from the outermost caller (by a loop, an iterating callback or a recursion, in any function on
 * the way), and has nothing that makes a repetition harmless: no guard in the statement, no preflight that decides in
 * the same iteration, no promise of the author.
 */
export const insertInLoop = defineRule<InsertInLoopOptions, MessageId>({
  id: 'insert-in-loop',
  summary: 'an insert that runs once per iteration is idempotent',
  hatches: ['idempotent-by-design'],
  defaultSeverity: 'error',
  defaultOptions: { tables: ['*'], preflight: [] },
  options: (z) =>
    z.strictObject({
      tables: z.array(z.string().min(1)).min(1).default(['*']),
      preflight: z.array(z.string().min(1)).default([]),
    }),
  messages: {
    insertInLoop: {
      message: 'inserts into {table} once per iteration of {loop}',
      why: 'a run that is repeated, or stops half way and starts again, leaves every row twice',
      help: 'let the statement skip rows that exist (ON CONFLICT, WHERE NOT EXISTS), or look first and insert only what is missing',
    },
    unfoldable: {
      message: 'runs an INSERT whose {what} cannot be read from the code, once per iteration of {loop}',
      why: 'a statement that cannot be read may insert blindly into a protected table',
      help: 'write the {what} as text or a constant, or say why repeating it is harmless: // ws-gate: idempotent-by-design -- reason',
    },
  },
  relevance: () => ({ words: INSERT_WORDS, ignoreCase: true, files: filesWithBuilders }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    const { tables, preflight } = pass.options;
    const isNowhere = (name: string): boolean =>
      pass.program.filesWith([lastSegment(name)], true).length === 0;
    for (const table of tables) {
      if (table !== '*' && isNowhere(table)) pass.unknownName('insert-in-loop.tables', table, []);
    }
    for (const name of preflight) {
      if (isNowhere(name)) pass.unknownName('insert-in-loop.preflight', name, []);
    }
  },
});
