import { describe, expect, it } from 'vitest';
import { filesWithDatabaseLocks } from '../../../src/analysis/locks/database-files.ts';

/** A program of one file with this text. */
function isFound(text: string): boolean {
  const program = {
    text: () => text,
    filesWith: (words: readonly string[], ignoreCase?: boolean) => {
      const [where, all] = ignoreCase
        ? [text.toLowerCase(), words.map((word) => word.toLowerCase())]
        : [text, words];
      return all.some((word) => where.includes(word)) ? ['file.ts'] : [];
    },
  };
  return filesWithDatabaseLocks(program).length > 0;
}

describe('the files that speak of locks of a database', () => {
  it.each([
    "await client.query('SELECT PG_ADVISORY_LOCK(1)')",
    'await sql`select pg_try_advisory_xact_lock_shared(7) as ok`',
    "await client.query('select pg_advisory_unlock_all()')",
    'await tx.query(`select * from jobs\n where id = $1\n for no key update`)',
    "await trx('jobs').where({ id }).forUpdate()",
    "await tx.select().from(jobs).for('key share')",
    "query.setLock('pessimistic_read')",
    "manager.findOne(Job, { where, lock: { mode: 'pessimistic_write' } })",
    'Job.findAll({ transaction, lock: true })',
    'Job.findAll({ lock: t.LOCK.SHARE, transaction: t })',
  ])('%s', (text) => {
    expect(isFound(text)).toBe(true);
  });

  it.each([
    '// waits for updates of the table',
    "import { advisory } from './advisory_notes.ts'; // for update see below",
    "for (const part of text.split('x')) names.push(part)",
    'const block = { lock: true };',
    "store.for('updates')",
  ])('not: %s', (text) => {
    expect(isFound(text)).toBe(false);
  });
});
