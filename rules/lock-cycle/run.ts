import { findCycles, MAX_WAYS } from '../../src/analysis/locks/cycles.ts';
import { declaredLocks } from '../../src/analysis/locks/declared.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import type { LockEdge } from '../../src/analysis/locks/record.ts';
import { traceOf } from '../../src/analysis/locks/trace.ts';
import type { Pass } from '../../src/engine/rule.ts';

export async function run(pass: Pass<undefined, 'cycle' | 'cycleOfPermits'>): Promise<void> {
  const facts = await pass.use(lockFacts);
  const declared = declaredLocks(pass.locks, facts);
  for (const site of facts.sites) pass.site(site);
  for (const { at, what } of facts.unresolved) pass.unresolved(at, what);
  const cutOff = ({ outer, inner }: LockEdge): void => {
    const names = `${facts.nameOf(outer.lock.cls)} and ${facts.nameOf(inner.lock.cls)}`;
    pass.unresolved(inner.at, `cycles through ${names}, with more than ${MAX_WAYS} ways to one lock`);
  };
  for (const cycle of findCycles(facts.edges, declared, cutOff)) {
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
