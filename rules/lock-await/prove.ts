import { declaredLocks } from '../../src/analysis/locks/declared.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { mayWait, sectionsOf } from '../../src/analysis/locks/sections.ts';
import type { Operator } from '../../src/engine/proof.ts';

const pauseUnderBrief: Operator = {
  id: 'pause-under-brief',
  summary: 'waits while a lock is held that is declared brief',
  async mutants(view) {
    const facts = await view.use(lockFacts);
    const { isBrief } = declaredLocks(view.locks, facts);
    return sectionsOf(facts.takings, view.program)
      .filter((section) => isBrief(section.lock) && mayWait(section))
      .map(({ start, body: { file } }) => ({
        edits: [{ file, start, end: start, text: '\nawait Promise.resolve();' }],
      }));
  },
};

export const operators: readonly Operator[] = [pauseUnderBrief];
