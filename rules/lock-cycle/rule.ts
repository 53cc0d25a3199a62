import { filesWithoutLockWords } from '../../src/analysis/locks/database-files.ts';
import { triggersOf } from '../../src/analysis/locks/primitives.ts';
import { defineRule } from '../../src/engine/rule.ts';

/**
 * Locks whose order nobody declared must still have one. Every edge "acquires B while holding A" of the program is
 * put into one graph; a cycle in it is a deadlock that needs only the right interleaving. An inversion between two
 * locks with a declared order is left to `lock-order`.
 */
export const lockCycle = defineRule<undefined, 'cycle' | 'cycleOfPermits'>({
  id: 'lock-cycle',
  summary: 'locks without a declared order are never acquired in a cycle',
  defaultSeverity: 'error',
  defaultOptions: undefined,
  messages: {
    cycle: {
      message: '{names} are acquired in a cycle: {cycle}',
      why: 'each task may hold one of the locks and wait for the next, and all of them wait for ever',
      help: 'choose one order for {names}, declare it in locks.order, and acquire in that order everywhere',
    },
    cycleOfPermits: {
      message: '{names} are acquired in a cycle: {cycle}',
      why: 'when as many tasks as there are permits hold one each and wait for the next lock, all wait for ever',
      help: 'choose one order for {names}, declare it in locks.order, and acquire in that order everywhere',
    },
  },
  relevance: (_options, { primitives }) => ({
    words: triggersOf(primitives),
    files: filesWithoutLockWords,
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
});
