import { lastSegment, parseConfigName } from '../../src/analysis/config-name.ts';
import { filesWithBuilders } from '../../src/analysis/inserts/builder-libraries.ts';
import { INSERT_WORDS } from '../../src/analysis/inserts/words.ts';
import { defineRule } from '../../src/engine/rule.ts';

/** What makes it harmless that a function inserts, as far as the code can show it. Any other text is a reason. */
const MECHANISMS = ['on-conflict', 'lookup-then-insert', 'single-row'] as const;

/** Who may insert into a table. */
export interface TableAllowance {
  /** `name` or `schema.name`. */
  readonly table: string;
  /** By function, as `src/file.ts#Class.method`: one of the mechanisms, or a reason in words. */
  readonly allow: Readonly<Record<string, string>>;
}

/** One table, or several. */
export type InsertAllowlistOptions = TableAllowance | readonly TableAllowance[];

export type MessageId = 'unlisted' | 'contradicted';

/** The tables of the options, each with its list. */
export function allowancesOf(options: InsertAllowlistOptions): readonly TableAllowance[] {
  return 'table' in options ? [options] : options;
}

/** The functions that insert into a table are the ones that are listed, each with what makes it safe. */
export const insertAllowlist = defineRule<InsertAllowlistOptions, MessageId>({
  id: 'insert-allowlist',
  summary: 'the functions that insert into a table are listed, each with what makes it safe',
  defaultSeverity: 'off',
  defaultOptions: [],
  options(zod) {
    const text = zod.string().min(1, 'a name must not be empty');
    const reason = zod
      .string()
      .regex(
        new RegExp(`^(?:${MECHANISMS.join('|')})$|\\S\\s+\\S`),
        `must be one of ${MECHANISMS.join(', ')}, or a reason in words`,
      );
    const allowance = zod.strictObject({ table: text, allow: zod.record(text, reason) });
    return zod.union([allowance, zod.array(allowance).min(1, 'without tables there is nothing to check')]);
  },
  messages: {
    unlisted: {
      message: 'inserts into {table}, and is not in its list',
      why: 'nobody has looked at what happens when this insert runs twice, or beside the others',
      help: 'review it, and list {place} with what makes it safe: on-conflict, lookup-then-insert, single-row, or a reason',
    },
    contradicted: {
      message: 'is listed as {mechanism} for {table}, but {fact}',
      why: 'what the list promises of this insert is not what the code does',
      help: 'restore what makes the insert safe, or list what does now',
    },
  },
  relevance: () => ({ words: INSERT_WORDS, ignoreCase: true, files: filesWithBuilders }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const { table, allow } of allowancesOf(pass.options)) {
      const isNowhere = pass.program.filesWith([lastSegment(table)], true).length === 0;
      if (isNowhere) pass.unknownName('insert-allowlist.table', table, []);
      for (const place of Object.keys(allow)) {
        const { name } = parseConfigName(place);
        if (name !== undefined && pass.program.filesWith([lastSegment(name)], false).length === 0)
          pass.unknownName('insert-allowlist.allow', place, []);
        else
          pass.stale(
            `insert-allowlist.allow lists ${place}, which does not insert into ${table}`,
            'remove the entry, or correct it',
          );
      }
    }
  },
});
