import type { ReportStep } from '../../engine/rule.ts';
import type { LockEdge } from './record.ts';
import type { CallChain, LockClass } from './values.ts';

/** How the program gets from the outer acquisition to the inner one, first step first. */
export function traceOf(edge: LockEdge, nameOf: (cls: LockClass) => string): ReportStep[] {
  const { outer, inner } = edge;
  return [
    ...callSteps(outer.via),
    {
      at: outer.at,
      message: `${nameOf(outer.lock.cls)} ${outer.isAssumed ? 'is held by every caller' : 'acquired here'}`,
    },
    ...callSteps(inner.via),
    { at: inner.at, message: innerStep(edge, nameOf) },
  ];
}

function innerStep({ inner: { lock, until } }: LockEdge, nameOf: (cls: LockClass) => string): string {
  const name = nameOf(lock.cls);
  return until ? `waits here until ${name} is ${until}` : `${name} acquired here`;
}

/** The calls of a chain, first one first. */
export function callSteps(via: CallChain | undefined): ReportStep[] {
  const steps: ReportStep[] = [];
  for (let at = via; at; at = at.next) {
    steps.push({
      at: at.at,
      message: at.callee === '<anonymous>' ? 'runs the callback' : `calls ${at.callee}`,
    });
  }
  return steps;
}

/** The shortest way for each key, in the order in which keys first appear. */
export function shortestPerKey(edges: readonly LockEdge[], keyOf: (edge: LockEdge) => string): LockEdge[] {
  const best = new Map<string, LockEdge>();
  for (const edge of edges) {
    const key = keyOf(edge);
    const known = best.get(key);
    if (!known || length(edge) < length(known)) best.set(key, edge);
  }
  return [...best.values()];
}

function length({ outer, inner }: LockEdge): number {
  return (outer.via?.length ?? 0) + (inner.via?.length ?? 0);
}

/** One inner acquisition under one outer lock is one cause, whoever leads there. */
export function causeOf({ outer, inner, batch }: LockEdge): string {
  // Two locks started at once are one mistake, seen from either of them.
  if (batch)
    return [outer, inner]
      .map(({ lock, at }) => `${lock.cls.id}@${at.file}:${at.start}`)
      .sort()
      .join('|');
  return `${outer.lock.cls.id}|${inner.lock.cls.id}|${inner.at.file}:${inner.at.start}`;
}
