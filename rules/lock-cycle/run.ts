import { findCycles } from '../../src/analysis/locks/cycles.ts';
import { declaredLocks } from '../../src/analysis/locks/declared.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { traceOf } from '../../src/analysis/locks/trace.ts';
import type { Pass } from '../../src/engine/rule.ts';

export async function run(pass: Pass<undefined, 'cycle' | 'cycleOfPermits'>): Promise<void> {
  const facts = await pass.use(lockFacts);
  const declared = declaredLocks(pass.locks, facts);
  for (const site of facts.sites) pass.site(site);
  for (const { at, what } of facts.unresolved) pass.unresolved(at, what);
  for (const cycle of findCycles(facts.edges, declared)) {
    const [first] = cycle;
    if (!first) continue;
    const names = cycle.map(({ outer }) => facts.nameOf(outer.lock.cls));
    pass.report({
      messageId: cycle.every(({ outer }) => outer.lock.cls.permits === 1) ? 'cycle' : 'cycleOfPermits',
      at: first.inner.at,
      data: {
        names: listed([...names].sort()),
        cycle: [...names, names[0]].join(' → '),
      },
      trace: cycle.flatMap((edge) => traceOf(edge, facts.nameOf)),
    });
  }
}

function listed(names: readonly string[]): string {
  return names.length < 2
    ? names.join('')
    : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}
