import type { Db } from './db.ts';
import { migrations } from './migrations/index.ts';

/** One step of the schema. */
export interface Migration {
  /** Sorts the step among the others, and is remembered by the database: `0001_workspaces`. */
  readonly name: string;
  readonly sql: string;
}

/** Any number that no other application of the same database uses for an advisory lock. */
const MIGRATION_LOCK = 7_362_154_100;

/**
 * Brings the schema up to date: applies, in the order of their names, the steps that the database does not have.
 * Each is applied in full or not at all. Processes that start together on one database take turns.
 *
 * @returns The names of the steps that were applied now.
 */
export async function migrate(db: Db, steps: readonly Migration[] = migrations): Promise<string[]> {
  return await db.tx(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await tx.query(
      'CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const applied: string[] = [];
    for (const { name, sql } of [...steps].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const { rowCount } = await tx.query(
        'INSERT INTO schema_migrations (name) VALUES ($1) ON CONFLICT (name) DO NOTHING',
        [name],
      );
      if (rowCount === 0) continue;
      for (const statement of statementsOf(sql)) await tx.query(statement);
      applied.push(name);
    }
    return applied;
  });
}

/** The statements of a step: each ends with a semicolon at the end of a line. */
function statementsOf(sql: string): string[] {
  return sql
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
