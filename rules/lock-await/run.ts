import { type DeclaredLocks, declaredLocks } from '../../src/analysis/locks/declared.ts';
import { type LockFacts, lockFacts } from '../../src/analysis/locks/facts.ts';
import type { LockEdge } from '../../src/analysis/locks/record.ts';
import { callSteps, causeOf, shortestPerKey, traceOf } from '../../src/analysis/locks/trace.ts';
import type { Span } from '../../src/engine/finding.ts';
import type { Pass } from '../../src/engine/rule.ts';
import type { MessageId } from './rule.ts';

type AwaitPass = Pass<undefined, MessageId>;

export async function run(pass: AwaitPass): Promise<void> {
  const facts = await pass.use(lockFacts);
  const declared = declaredLocks(pass.locks, facts);
  for (const site of facts.sites) pass.site(site);
  for (const { at, what } of facts.unresolved) pass.unresolved(at, what);
  const waits = [...reportWaitsForRelease(pass, facts, declared), ...reportStalls(pass, facts)];
  reportPauses(pass, facts, declared, waits);
}

/** Control is handed on under a lock that is declared brief. That a wait has no end is the worse of two findings. */
function reportPauses(
  pass: AwaitPass,
  { watchers, nameOf }: LockFacts,
  { isBrief }: DeclaredLocks,
  waits: readonly Span[],
): void {
  for (const { at, held } of watchers.suspensions?.found(isBrief) ?? []) {
    const innermost = held.at(-1);
    if (!innermost || waits.some((wait) => isWithin(wait, at))) continue;
    const lock = nameOf(innermost.lock.cls);
    pass.report({
      messageId: 'awaitUnderBrief',
      at,
      data: { lock },
      trace: [
        ...callSteps(innermost.via),
        { at: innermost.at, message: `${lock} acquired here` },
        { at, message: 'pauses here' },
      ],
    });
  }
}

/** A task waits until its own lock is free, or its own queue has come to an end. */
function reportWaitsForRelease(pass: AwaitPass, facts: LockFacts, declared: DeclaredLocks): Span[] {
  const waits = facts.edges.filter((edge) => isForItself(edge, declared));
  const reported = shortestPerKey(waits, causeOf);
  for (const edge of reported) {
    const { at, until, lock } = edge.inner;
    const name = facts.nameOf(lock.cls);
    pass.report({
      messageId: 'waitsForHolder',
      at,
      data: {
        lock: name,
        what: until === 'idle' ? `the end of all work under ${name}` : `the release of ${name}`,
      },
      trace: traceOf(edge, facts.nameOf),
    });
  }
  return reported.map(({ inner }) => inner.at);
}

function isForItself({ outer, inner, instances }: LockEdge, { isReentrant }: DeclaredLocks): boolean {
  const { cls } = inner.lock;
  if (!inner.until || outer.lock.cls !== cls || instances !== 'same' || isReentrant(cls)) return false;
  // Another permit may be free; but as long as one is held, not all have been given back.
  return inner.until === 'idle' || cls.permits === 1;
}

/** What is waited for is done by holders of the lock alone. */
function reportStalls(pass: AwaitPass, { watchers, nameOf }: LockFacts): Span[] {
  const stalls = watchers.stalls?.found() ?? [];
  for (const { held, at, what, via, endedAt } of stalls) {
    const lock = nameOf(held.lock.cls);
    pass.report({
      messageId: 'waitsForHolder',
      at,
      data: { lock, what: `\`${what}\`` },
      trace: [
        ...callSteps(held.via),
        { at: held.at, message: `${lock} acquired here` },
        ...callSteps(via),
        { at, message: 'waits here' },
        { at: endedAt, message: `would end the wait, under ${lock}` },
      ],
    });
  }
  return stalls.map(({ at }) => at);
}

function isWithin(inner: Span, outer: Span): boolean {
  return inner.file === outer.file && outer.start <= inner.start && inner.end <= outer.end;
}
