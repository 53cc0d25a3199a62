import { describe, expect, test } from 'vitest';
import { causeOf, shortestPerKey, traceOf } from '../../../src/analysis/locks/trace.ts';
import { type CallChain, chain, type LockClass } from '../../../src/analysis/locks/values.ts';
import { acquisitionOf, edgeOf, heldOf, lockClass, spanAt } from './parts.ts';

const A = lockClass('A');
const B = lockClass('B');

interface Ends {
  readonly at?: readonly [outer: number, inner: number];
  readonly via?: readonly [CallChain | undefined, CallChain | undefined];
  readonly batch?: boolean;
}

function edge(outer: LockClass, inner: LockClass, { at = [1, 2], via, batch = false }: Ends = {}) {
  return edgeOf(
    heldOf('1', { cls: outer, path: undefined }, { at: spanAt(at[0]), via: via?.[0] }),
    acquisitionOf({ cls: inner, path: undefined }, { at: spanAt(at[1]), via: via?.[1] }),
    { batch },
  );
}

const long = chain(spanAt(10), 'outerCall', chain(spanAt(11), '<anonymous>', undefined));
const short = chain(spanAt(12), 'innerCall', undefined);

test('a trace leads through the calls to the one acquisition, then through the calls to the other', () => {
  const steps = traceOf(edge(A, B, { via: [long, short] }), ({ name }) => `the ${name}`);
  expect(steps.map(({ at, message }) => [at.start, message])).toEqual([
    [10, 'calls outerCall'],
    [11, 'runs the callback'],
    [1, 'the A acquired here'],
    [12, 'calls innerCall'],
    [2, 'the B acquired here'],
  ]);
});

test('of several ways to one thing the shortest is told, in the order in which the things were met', () => {
  const [far, near, other] = [
    edge(A, B, { via: [long, undefined] }),
    edge(A, B, { via: [short, undefined] }),
    edge(B, A, { via: [long, long] }),
  ];
  const keyOf = ({ outer }: typeof far): string => outer.lock.cls.id;
  expect(shortestPerKey([far, other, near], keyOf)).toEqual([near, other]);
  expect(shortestPerKey([near, other, far], keyOf)).toEqual([near, other]);
});

describe('one cause', () => {
  test('is one inner acquisition under one outer lock, wherever that was taken', () => {
    const cause = causeOf(edge(A, B));
    expect(causeOf(edge(A, B, { at: [7, 2], via: [long, short] }))).toBe(cause);
    expect(causeOf(edge(A, B, { at: [1, 3] }))).not.toBe(cause);
    expect(causeOf(edge(lockClass('C'), B))).not.toBe(cause);
  });

  test('is two acquisitions started at once, seen from either of them', () => {
    const cause = causeOf(edge(A, B, { batch: true }));
    expect(causeOf(edge(B, A, { at: [2, 1], batch: true }))).toBe(cause);
    expect(causeOf(edge(B, A, { at: [2, 1] }))).not.toBe(cause);
    expect(causeOf(edge(A, B, { at: [3, 2], batch: true }))).not.toBe(cause);
  });
});
