import { reportName } from '../../src/analysis/config-name.ts';
import { type DeclaredLocks, declaredLocks } from '../../src/analysis/locks/declared.ts';
import { type LockFacts, lockFacts } from '../../src/analysis/locks/facts.ts';
import { unorderedInstances } from '../../src/analysis/locks/instances.ts';
import type { LockEdge } from '../../src/analysis/locks/record.ts';
import { causeOf, shortestPerKey, traceOf } from '../../src/analysis/locks/trace.ts';
import type { Span } from '../../src/engine/finding.ts';
import type { Pass } from '../../src/engine/rule.ts';
import type { MessageId } from './rule.ts';

export async function run(pass: Pass<undefined, MessageId>): Promise<void> {
  const facts = await pass.use(lockFacts);
  const declared = declaredLocks(pass.locks, facts);
  for (const { where, name, problem } of declared.problems) reportName(pass, where, name, problem);
  for (const site of facts.sites) pass.site(site);
  for (const { at, what } of facts.unresolved) pass.unresolved(at, what);

  reportRows(pass, facts);

  const violations = new Map<LockEdge, MessageId>();
  const unordered = unorderedInstances(facts.edges);
  for (const edge of facts.edges) {
    const isNested = edge.outer.lock.cls === edge.inner.lock.cls;
    const messageId = unordered.has(edge) ? 'sameClassNested' : isNested ? undefined : judge(edge, declared);
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
}

/** Two transactions that find the same rows in different orders wait for each other. */
function reportRows(pass: Pass<undefined, MessageId>, { unordered, nameOf }: LockFacts): void {
  for (const { at, lock } of unordered) {
    pass.report({ messageId: 'unorderedRows', at, data: { inner: nameOf(lock.cls) } });
  }
}

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
  if (innerRank === outerRank) return 'siblingHeld';
  return innerRank < outerRank ? 'contradictsOrder' : undefined;
}

function isInOrderOfCalls({ outer, inner }: LockEdge): boolean {
  return outer.at.start < inner.at.start;
}

function later(a: Span, b: Span): Span {
  return a.file === b.file && a.start > b.start ? a : b;
}
