import { type DeclaredLocks, declaredLocks } from '../../src/analysis/locks/declared.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import type { LockEdge } from '../../src/analysis/locks/record.ts';
import { causeOf, shortestPerKey, traceOf } from '../../src/analysis/locks/trace.ts';
import type { Span } from '../../src/engine/finding.ts';
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
  const again = [...violations.keys()].filter((edge) =>
    /^(?:reacquired|upgrade)$/.test(violations.get(edge) ?? ''),
  );
  for (const edge of shortestPerKey([...violations.keys()], causeIn)) {
    const messageId = violations.get(edge);
    if (!messageId || again.some((other) => isOfOneCause(edge, other))) continue;
    pass.report({
      messageId,
      at: edge.inner.at,
      data: { inner: facts.nameOf(edge.inner.lock.cls), outer: facts.nameOf(edge.outer.lock.cls) },
      trace: traceOf(edge, facts.nameOf),
    });
  }
}

/** A connection that is waited for is one cause, whatever the session holds meanwhile. */
function causeIn(edge: LockEdge): string {
  const { lock, at } = edge.inner;
  return lock.cls.database === 'pool' ? `${lock.cls.id}|${at.file}:${at.start}` : causeOf(edge);
}

/** Whether a connection is waited for to take the very lock that is held: then that is said, and no more. */
function isOfOneCause({ outer, inner }: LockEdge, again: LockEdge): boolean {
  const taken = again.inner.lock.session?.at ?? again.inner.at;
  return (
    inner.lock.cls.database === 'pool' &&
    isSamePlace(outer.at, again.outer.at) &&
    isSamePlace(inner.at, taken)
  );
}

function isSamePlace(a: Span, b: Span): boolean {
  return a.file === b.file && a.start === b.start;
}

function judge({ outer, inner, instances }: LockEdge, declared: DeclaredLocks): MessageId | undefined {
  const { cls } = inner.lock;
  // A session that holds a lock waits for another connection of its own pool.
  if (cls.database === 'pool') return 'nestedConnection';
  // To wait until it is free is the business of `lock-await`.
  if (inner.until) return undefined;
  if (outer.lock.cls !== cls || instances !== 'same' || declared.isReentrant(cls)) return undefined;
  if (cls.permits !== 1) return 'nestedPermit';
  if (outer.mode === 'shared' && inner.mode === 'shared') {
    return cls.primitive.readers === 'recursive' ? undefined : 'reacquired';
  }
  return outer.mode === 'shared' ? 'upgrade' : 'reacquired';
}
