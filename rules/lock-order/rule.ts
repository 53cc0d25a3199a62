import { type DeclaredLocks, declaredLocks } from '../../src/analysis/locks/declared.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { unorderedInstances } from '../../src/analysis/locks/instances.ts';
import { BUILTIN_PRIMITIVES, lockWords } from '../../src/analysis/locks/primitives.ts';
import type { LockEdge } from '../../src/analysis/locks/record.ts';
import { causeOf, shortestPerKey, traceOf } from '../../src/analysis/locks/trace.ts';
import { reportName } from '../../src/analysis/names.ts';
import type { Span } from '../../src/engine/finding.ts';
import { defineRule } from '../../src/engine/rule.ts';

type MessageId =
  | 'contradictsOrder'
  | 'siblingHeld'
  | 'underLeaf'
  | 'disjointHeld'
  | 'unorderedMultiAcquire'
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
    sameClassNested: {
      message: 'acquires {inner} of one object while holding {outer} of another, in no fixed order',
      why: 'another task may take the same two locks the other way round, and both wait for ever',
      help: 'put the objects in a fixed order first (by id, say) and acquire in that order',
    },
  },
  relevance: (_options, { primitives }) => ({ words: lockWords([...primitives, ...BUILTIN_PRIMITIVES]) }),
  async run(pass) {
    const facts = await pass.use(lockFacts);
    const declared = declaredLocks(pass.locks, facts);
    for (const { where, name, problem } of declared.problems) reportName(pass, where, name, problem);
    for (const site of facts.sites) pass.site(site);
    for (const { at, what } of facts.unresolved) pass.unresolved(at, what);

    const violations = new Map<LockEdge, MessageId>();
    const unordered = unorderedInstances(facts.edges);
    for (const edge of facts.edges) {
      const isNested = edge.outer.lock.cls === edge.inner.lock.cls;
      const messageId = unordered.has(edge)
        ? 'sameClassNested'
        : isNested
          ? undefined
          : judge(edge, declared);
      if (messageId) violations.set(edge, messageId);
    }
    for (const edge of shortestPerKey(
      [...violations.keys()],
      (one) => `${violations.get(one)}|${causeOf(one)}`,
    )) {
      const messageId = violations.get(edge);
      if (!messageId) continue;
      pass.report({
        messageId,
        at: edge.batch ? later(edge.outer.at, edge.inner.at) : edge.inner.at,
        data: { inner: facts.nameOf(edge.inner.lock.cls), outer: facts.nameOf(edge.outer.lock.cls) },
        trace: traceOf(edge, facts.nameOf),
      });
    }
  },
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

function judge(edge: LockEdge, declared: DeclaredLocks): MessageId | undefined {
  const outer = edge.outer.lock.cls;
  const inner = edge.inner.lock.cls;
  if (declared.isLeaf(outer)) return 'underLeaf';
  if (declared.areDisjoint(outer, inner)) return 'disjointHeld';
  const [outerRank, innerRank] = [declared.rank(outer), declared.rank(inner)];
  if (outerRank === undefined || innerRank === undefined) return undefined;
  // Started together, each may be held while the other is waited for; the order of the calls is only half of it.
  if (edge.combined || (edge.batch && isInOrderOfCalls(edge) === outerRank < innerRank)) {
    return 'unorderedMultiAcquire';
  }
  if (edge.batch && !isInOrderOfCalls(edge)) return undefined;
  if (innerRank === outerRank) return 'siblingHeld';
  return innerRank < outerRank ? 'contradictsOrder' : undefined;
}

function isInOrderOfCalls({ outer, inner }: LockEdge): boolean {
  return outer.at.start < inner.at.start;
}

function later(a: Span, b: Span): Span {
  return a.file === b.file && a.start > b.start ? a : b;
}
