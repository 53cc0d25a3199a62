import { describe, expect, it } from 'vitest';
import { by, checkManager, type Edit } from '../support/manager-gate.ts';

const BOOKS = 'src/manager/graphs/admission.ts';

/** What the gate finds after an edit, as rule, file, and the beginning of the message. */
function found(edit: Edit): string[] {
  const { code, report } = checkManager(edit, by('exclusive-mutator'));
  expect(code).toBe(1);
  return report.findings.map(({ ruleId, message, file }) => `${ruleId} ${file}: ${message.split(',')[0]}`);
}

describe('the invariants of docs/invariants.md: the gate is red when', () => {
  it('WG-15 an eviction lets go of what is retained, through a variable', () => {
    const before = '    const token = this.#retain(old);\n';
    const edit: Edit = [
      BOOKS,
      before,
      `${before}    const kept = this.#retainedOld;\n    kept.delete(token);\n`,
    ];
    expect(found(edit)).toEqual([
      `exclusive-mutator ${BOOKS}: changes MemoryAccounts.#retainedOld with delete`,
    ]);
  });

  it('WG-16 a look at the accounts changes them', () => {
    const before = '  get committed(): number {\n';
    expect(found([BOOKS, before, `${before}    this.#loaded -= 1;\n`])).toEqual([
      `exclusive-mutator ${BOOKS}: changes MemoryAccounts.#loaded with -=`,
    ]);
  });
});
