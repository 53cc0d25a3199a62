import { type DeclaredLocks, declaredLocks } from '../../src/analysis/locks/declared.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import type { LockEdge } from '../../src/analysis/locks/record.ts';
import { causeOf, shortestPerKey, traceOf } from '../../src/analysis/locks/trace.ts';
import type { Pass } from '../../src/engine/rule.ts';
import type { MessageId } from './rule.ts';

export async function run(pass: Pass<undefined, MessageId>): Promise<void> {
  const facts = await pass.use(lockFacts);
  const declared = declaredLocks(pass.locks, facts);
  for (const site of facts.sites) pass.site(site);
  for (const { at, what } of facts.unresolved) pass.unresolved(at, what);
  const violations = new Map<LockEdge, MessageId>();
  for (const edge of facts.edges) {
    const messageId = judge(edge, declared);
    if (messageId) violations.set(edge, messageId);
  }
  for (const edge of shortestPerKey([...violations.keys()], causeOf)) {
    const messageId = violations.get(edge);
    if (!messageId) continue;
    pass.report({
      messageId,
      at: edge.inner.at,
      data: { inner: facts.nameOf(edge.inner.lock.cls) },
      trace: traceOf(edge, facts.nameOf),
    });
  }
}

function judge({ outer, inner, instances }: LockEdge, declared: DeclaredLocks): MessageId | undefined {
  const { cls } = inner.lock;
  // To wait until it is free is the business of `lock-await`.
  if (inner.until) return undefined;
  if (outer.lock.cls !== cls || instances !== 'same' || declared.isReentrant(cls)) return undefined;
  if (cls.permits !== 1) return 'nestedPermit';
  if (outer.mode === 'shared' && inner.mode === 'shared') {
    return cls.primitive.readers === 'recursive' ? undefined : 'reacquired';
  }
  return outer.mode === 'shared' ? 'upgrade' : 'reacquired';
}
