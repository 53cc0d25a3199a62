import { describe, expect, it } from 'vitest';
import { by, checkManager, type Edit } from '../support/manager-gate.ts';

const BOOKS = 'src/manager/graphs/admission.ts';
const CLIENTS = 'src/manager/claims/client-table.ts';
const BROKER = 'src/manager/events/broker.ts';

/** What the gate finds after an edit, as rule, file, and the beginning of the message. */
function found(edit: Edit, ruleId = 'exclusive-mutator'): string[] {
  const { code, report } = checkManager(edit, by(ruleId));
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

  it.each<[what: string, edit: Edit, finding: string]>([
    [
      'the reaper walks the books themselves',
      [
        BOOKS,
        'for (const [token, old] of [...this.#retainedOld]) {',
        'for (const [token, old] of this.#retainedOld) {',
      ],
      `${BOOKS}: changes this.#retainedOld with delete while walking it`,
    ],
    [
      'clients are forgotten one by one, as each is told',
      [
        CLIENTS,
        'for (const claim of this.#clients.values()) this.#stopHold(claim);\n    this.#clients.clear();\n',
        'for (const claim of this.#clients.values()) {\n      this.#stopHold(claim);\n      this.#clients.clear();\n    }\n',
      ],
      `${CLIENTS}: changes this.#clients with clear while walking it`,
    ],
    [
      'a subscription waits for each whose offer it ends',
      [
        BROKER,
        '    for (const { onTaken } of this.#offers) onTaken();\n',
        '    (async () => {\n      for (const { onTaken } of this.#offers) await onTaken();\n    })();\n',
      ],
      `${BROKER}: pauses while walking this.#offers`,
    ],
  ])('WG-22 %s', (_what, edit, finding) => {
    expect(found(edit, 'mutate-while-iterating')).toEqual([`mutate-while-iterating ${finding}`]);
  });
});
