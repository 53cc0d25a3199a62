import { filesWithoutLockWords } from '../../src/analysis/locks/database-files.ts';
import { triggersOf } from '../../src/analysis/locks/primitives.ts';
import { defineRule } from '../../src/engine/rule.ts';

export type MessageId =
  | 'contradictsOrder'
  | 'siblingHeld'
  | 'underLeaf'
  | 'disjointHeld'
  | 'unorderedMultiAcquire'
  | 'unorderedRows'
  | 'sameClassNested';

const HANG = 'two tasks that take the locks in opposite order wait for each other for ever';

/**
 * Locks are taken in the declared order. A violation is an acquisition, in a function or in anything it calls and
 * waits for, while a lock may be held that the declaration does not allow outside of it. A lock that is only tried
 * is not waited for, so trying it is never a violation.
 */
export const lockOrder = defineRule<undefined, MessageId>({
  id: 'lock-order',
  summary: 'locks are acquired in the declared order',
  defaultSeverity: 'error',
  defaultOptions: undefined,
  messages: {
    contradictsOrder: {
      message: 'acquires {inner} while holding {outer}; the declared order is {inner} → {outer}',
      why: HANG,
      help: 'release {outer} before acquiring {inner}, or acquire {inner} first',
    },
    siblingHeld: {
      message: 'acquires {inner} while holding {outer}; they are declared siblings, never held together',
      why: 'siblings have no order between them, so two tasks may take them in opposite order',
      help: 'release {outer} before acquiring {inner}',
    },
    underLeaf: {
      message: 'acquires {inner} while holding {outer}, which is declared a leaf',
      why: 'the holder of a leaf acquires nothing: that is what makes it safe to take anywhere',
      help: 'release {outer} before acquiring {inner}',
    },
    disjointHeld: {
      message: 'acquires {inner} while holding {outer}; they are declared disjoint, never held together',
      why: 'the two guard steps that must not overlap',
      help: 'release {outer} before acquiring {inner}',
    },
    unorderedMultiAcquire: {
      message: 'acquires {inner} while holding {outer}, or the other way round: both are started at once',
      why: 'one may be granted while the other is still waited for, so the pair is held and waited for in both orders',
      help: 'acquire one after the other, in the declared order',
    },
    unorderedRows: {
      message: 'locks several rows of {inner} in no fixed order',
      why: 'without ORDER BY the database locks rows as it finds them; of two transactions that find the same rows in different orders each waits for the other',
      help: 'add ORDER BY a unique column to the query, in every transaction that locks these rows',
    },
    sameClassNested: {
      message: 'acquires {inner} of one object while holding {outer} of another, in no fixed order',
      why: 'another task may take the same two locks the other way round, and both wait for ever',
      help: 'put the objects in a fixed order first (by id, say) and acquire in that order',
    },
  },
  relevance: (_options, { primitives }) => ({
    words: triggersOf(primitives),
    files: filesWithoutLockWords,
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    const { order, leaf, brief, reentrant, disjoint } = pass.locks;
    const entries: [string, readonly string[]][] = [
      ['locks.order', order.flat()],
      ['locks.leaf', leaf],
      ['locks.brief', brief],
      ['locks.reentrant', reentrant],
      ['locks.disjoint', disjoint.flat()],
    ];
    for (const [where, names] of entries) for (const name of names) pass.unknownName(where, name, []);
  },
});
