import { declaredLocks } from '../../src/analysis/locks/declared.ts';
import { type LockFacts, lockFacts } from '../../src/analysis/locks/facts.ts';
import { mayWait, means, type Section, sectionsOf, takingAgain } from '../../src/analysis/locks/sections.ts';
import type { LockClass } from '../../src/analysis/locks/values.ts';
import type { Operator, ProofView } from '../../src/engine/proof.ts';

const takeOuterInside: Operator = {
  id: 'take-outer-inside',
  summary: 'takes a lock under one that it must not be taken under',
  async mutants(view) {
    const facts = await view.use(lockFacts);
    const isForbidden = forbidden(view, facts);
    const sections = sectionsOf(facts.takings, view.program);
    return sections.filter(mayWait).flatMap((section) => {
      const held = heldAt(section, facts);
      const other = sections.find(
        (one) =>
          one.taking !== one.call &&
          isForbidden(section.lock, one.lock) &&
          !held.has(one.lock) &&
          means(one.call.expression, one.call, section) &&
          one.call.arguments.every((argument) => means(argument, one.call, section)),
      );
      if (!other) return [];
      const { file } = section.body;
      return [
        { edits: [{ file, start: section.start, end: section.start, text: `\n${takingAgain(other)};` }] },
      ];
    });
  },
};

/** Whether the config forbids to take one lock while another is held. */
function forbidden({ locks }: ProofView, facts: LockFacts): (outer: LockClass, inner: LockClass) => boolean {
  const declared = declaredLocks(locks, facts);
  return (outer, inner) => {
    if (outer === inner) return false;
    if (declared.isLeaf(outer) || declared.areDisjoint(outer, inner)) return true;
    const [held, taken] = [declared.rank(outer), declared.rank(inner)];
    return held !== undefined && taken !== undefined && taken <= held;
  };
}

/** The locks that are held where a section begins: to take one of them again would be another fault. */
function heldAt({ call, body }: Section, { edges }: LockFacts): ReadonlySet<LockClass> {
  const held = edges.filter(
    ({ inner }) =>
      inner.at.file === body.file && inner.at.start >= call.getStart() && inner.at.start <= call.end,
  );
  return new Set(held.map(({ outer }) => outer.lock.cls));
}

export const operators: readonly Operator[] = [takeOuterInside];
