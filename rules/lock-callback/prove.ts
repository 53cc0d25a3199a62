import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { sectionsOf } from '../../src/analysis/locks/sections.ts';
import type { Operator } from '../../src/engine/proof.ts';
import { ts } from '../../src/syntax/ts.ts';
import type { LockCallbackOptions } from './rule.ts';

const callHookUnderLock: Operator<LockCallbackOptions> = {
  id: 'call-hook-under-lock',
  summary: 'gives a class a hook that anybody may set, and calls it while a lock is held',
  async mutants(view) {
    const { takings } = await view.use(lockFacts);
    return sectionsOf(takings, view.program).flatMap(
      ({ lock, style, owner, start, taking, body: { file } }) => {
        const isOfObject = ts.isMethodDeclaration(owner) && ts.isClassLike(owner.parent) && !isStatic(owner);
        const first = isOfObject && ts.isClassLike(owner.parent) ? owner.parent.members[0] : undefined;
        if (lock.database || style === 'scoped' || !first) return [];
        const before = first.getFullStart();
        return [
          {
            edits: [
              { file, start: before, end: before, text: `\n${HOOK}: () => void = () => {};` },
              { file, start, end: start, text: `\nthis.${HOOK}();` },
            ],
            expect: [{ file, start: taking.getStart(), end: start }],
          },
        ];
      },
    );
  },
};

const HOOK = 'onHeld';

function isStatic({
  modifiers,
}: {
  readonly modifiers?: readonly { readonly kind: number }[] | undefined;
}): boolean {
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) ?? false;
}

export const operators: readonly Operator<LockCallbackOptions>[] = [callHookUnderLock];
