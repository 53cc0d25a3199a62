import { type DeclaredLocks, declaredLocks } from '../../src/analysis/locks/declared.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { BUILTIN_PRIMITIVES, lockWords } from '../../src/analysis/locks/primitives.ts';
import type { LockEdge } from '../../src/analysis/locks/record.ts';
import { causeOf, shortestPerKey, traceOf } from '../../src/analysis/locks/trace.ts';
import { defineRule } from '../../src/engine/rule.ts';

type MessageId = 'reacquired' | 'upgrade' | 'nestedPermit';

/**
 * A lock that its holder waits for again is never granted: the holder waits for itself. Reported where the path to
 * the lock shows that it is the same object; two objects of one class are the business of `lock-order`.
 */
export const lockReentry = defineRule<undefined, MessageId>({
  id: 'lock-reentry',
  summary: 'a lock is not acquired again by the task that holds it',
  defaultSeverity: 'error',
  defaultOptions: undefined,
  messages: {
    reacquired: {
      message: 'acquires {inner} again while it is held',
      why: 'the lock is not reentrant: the task waits for a release that only it can make',
      help: 'call a variant that expects {inner} to be held, or release it first',
    },
    upgrade: {
      message: 'acquires {inner} exclusively while holding a share of it',
      why: 'the writer waits for all readers to leave, and its own task is one of them',
      help: 'release the share first, and check again under the exclusive lock what was read under it',
    },
    nestedPermit: {
      message: 'acquires a permit of {inner} while holding one',
      why: 'when every permit is held by a task that waits for another, none is ever given back',
      help: 'take all permits at once, or give the first back before waiting for the next',
    },
  },
  relevance: (_options, { primitives }) => ({ words: lockWords([...primitives, ...BUILTIN_PRIMITIVES]) }),
  async run(pass) {
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
  },
});

function judge({ outer, inner, instances }: LockEdge, declared: DeclaredLocks): MessageId | undefined {
  const { cls } = inner.lock;
  if (outer.lock.cls !== cls || instances !== 'same' || declared.isReentrant(cls)) return undefined;
  if (cls.permits !== 1) return 'nestedPermit';
  if (outer.mode === 'shared' && inner.mode === 'shared') {
    return cls.primitive.readers === 'recursive' ? undefined : 'reacquired';
  }
  return outer.mode === 'shared' ? 'upgrade' : 'reacquired';
}
