import { findCycles } from '../../src/analysis/locks/cycles.ts';
import { declaredLocks } from '../../src/analysis/locks/declared.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { BUILTIN_PRIMITIVES, lockWords } from '../../src/analysis/locks/primitives.ts';
import { traceOf } from '../../src/analysis/locks/trace.ts';
import { defineRule } from '../../src/engine/rule.ts';

/**
 * Locks whose order nobody declared must still have one. Every edge "acquires B while holding A" of the program is
 * put into one graph; a cycle in it is a deadlock that needs only the right interleaving. An inversion between two
 * locks with a declared order is left to `lock-order`.
 */
export const lockCycle = defineRule<undefined, 'cycle'>({
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
  },
  relevance: (_options, { primitives }) => ({ words: lockWords([...primitives, ...BUILTIN_PRIMITIVES]) }),
  async run(pass) {
    const facts = await pass.use(lockFacts);
    const declared = declaredLocks(pass.locks, facts);
    for (const site of facts.sites) pass.site(site);
    for (const { at, what } of facts.unresolved) pass.unresolved(at, what);
    for (const cycle of findCycles(facts.edges, declared)) {
      const [first] = cycle;
      if (!first) continue;
      const names = cycle.map(({ outer }) => facts.nameOf(outer.lock.cls));
      pass.report({
        messageId: 'cycle',
        at: first.inner.at,
        data: {
          names: listed([...names].sort()),
          cycle: [...names, names[0]].join(' → '),
        },
        trace: cycle.flatMap((edge) => traceOf(edge, facts.nameOf)),
      });
    }
  },
});

function listed(names: readonly string[]): string {
  return names.length < 2
    ? names.join('')
    : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}
