import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { mayWait, sectionsOf, takingAgain } from '../../src/analysis/locks/sections.ts';
import { declaredLocks } from '../../src/analysis/locks/declared.ts';
import type { Operator } from '../../src/engine/proof.ts';

const takeTwice: Operator = {
  id: 'take-twice',
  summary: 'takes the lock again while it is held',
  async mutants(view) {
    const facts = await view.use(lockFacts);
    const { isReentrant } = declaredLocks(view.locks, facts);
    return sectionsOf(facts.takings, view.program)
      .filter((section) => mayWait(section) && !isReentrant(section.lock) && section.taking !== section.call)
      .map((section) => {
        const { file } = section.body;
        return { edits: [{ file, start: section.start, end: section.start, text: `\n${takingAgain(section)};` }] };
      });
  },
};

export const operators: readonly Operator[] = [takeTwice];
