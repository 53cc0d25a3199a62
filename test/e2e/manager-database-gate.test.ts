import { describe, expect, it } from 'vitest';
import { checkManager, type Edit, LOCKS } from '../support/manager-gate.ts';

const MIGRATE = 'src/manager/store/migrate.ts';
const ROWS = 'src/manager/sessions/rows.ts';

/** What the lock rules find after an edit, as rule, message and file. */
function found(edit: Edit): string[] {
  const { code, report } = checkManager(edit, LOCKS);
  expect(code).toBe(1);
  return report.findings.map(({ ruleId, messageId, file }) => `${ruleId}/${messageId} ${file}`);
}

describe('the gate is red when', () => {
  it('a migration locks rows while it holds the lock of the migrations', () => {
    const before = '    const applied: string[] = [];\n';
    const edit: Edit = [
      MIGRATE,
      before,
      `    await tx.query('SELECT 1 FROM schema_migrations WHERE name = $1 FOR UPDATE', ['0001']);\n${before}`,
    ];
    expect(found(edit)).toEqual([`lock-order/underLeaf ${MIGRATE}`]);
  });

  it('a transaction locks a workspace of the fleet after a session', () => {
    const before = '      const dead = row.session_id;\n';
    const edit: Edit = [
      ROWS,
      before,
      `      await tx.query('SELECT 1 FROM workspaces WHERE id = $1 FOR UPDATE', [sessionId]);\n${before}`,
    ];
    expect(found(edit)).toEqual([`lock-order/contradictsOrder ${ROWS}`]);
  });
});
