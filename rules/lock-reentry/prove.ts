import { declaredLocks } from '../../src/analysis/locks/declared.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { mayWait, sectionsOf, takingAgain } from '../../src/analysis/locks/sections.ts';
import type { Operator } from '../../src/engine/proof.ts';

const takeTwice: Operator = {
  id: 'take-twice',
  summary: 'takes the lock again while it is held',
  async mutants(view) {
    const facts = await view.use(lockFacts);
    const { isReentrant } = declaredLocks(view.locks, facts);
    return (
      sectionsOf(
        // Of two locks of one class that nobody can tell apart, each may be taken.
        facts.takings.filter(({ lock }) => lock.path !== undefined),
        view.program,
      )
        // A session of a database may take what it holds again; of how many there are, one more may be free.
        .filter(({ lock }) => !lock.database && !isReentrant(lock) && lock.permits !== undefined)
        .filter(({ taking, call }) => taking !== call)
        .filter(mayWait)
        .map((section) => {
          const { file } = section.body;
          return {
            edits: [{ file, start: section.start, end: section.start, text: `\n${takingAgain(section)};` }],
          };
        })
    );
  },
};

export const operators: readonly Operator[] = [takeTwice];
