import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DeclaredLocks, declaredLocks } from '../../../src/analysis/locks/declared.ts';
import type { LockFacts } from '../../../src/analysis/locks/facts.ts';
import type { LockClass } from '../../../src/analysis/locks/values.ts';
import type { LocksConfig } from '../../../src/config/types.ts';
import { gateErrorOf } from '../../support/gate-error.ts';
import { lockClass } from './parts.ts';

const A = lockClass('A');
const B = lockClass('B');
const C = lockClass('C');
const latch = lockClass('latch', { reentrant: true });
const NAMES: Readonly<Record<string, readonly LockClass[]>> = {
  A: [A],
  aliasOfA: [A],
  B: [B],
  C: [C],
  latch: [latch],
  BC: [B, C],
};

/** A program whose locks go by these names: one lock by two, and two locks by one. */
const facts: Pick<LockFacts, 'find' | 'nameOf'> = {
  find: (name) => {
    const locks = NAMES[name];
    return locks ? { locks } : { kind: 'unknown', candidates: [] };
  },
  nameOf: ({ name }) => name,
};

function declare(config: Partial<LocksConfig>): DeclaredLocks {
  const complete: LocksConfig = {
    order: [],
    leaf: [],
    brief: [],
    reentrant: [],
    disjoint: [],
    primitives: [],
    ...config,
  };
  return declaredLocks(complete, facts as LockFacts);
}

describe('the order', () => {
  test('ranks locks from the outermost, siblings alike, and no others', () => {
    const { rank } = declare({ order: ['A', ['B', 'latch']] });
    expect([A, B, latch, C].map(rank)).toEqual([0, 1, 1, undefined]);
  });

  test('ranks every lock that a name stands for', () => {
    const { rank } = declare({ order: ['A', 'BC'] });
    expect([A, B, C].map(rank)).toEqual([0, 1, 1]);
  });

  test('is kept as it was written, an entry for itself as a set of one', () => {
    expect(declare({ order: ['A', ['B', 'C']] }).order).toEqual([['A'], ['B', 'C']]);
  });

  test('is one: of any three locks, the first comes before the last if the second is between them', () => {
    const order = fc.shuffledSubarray(['A', 'B', 'C', 'latch'], { minLength: 3 });
    fc.assert(
      fc.property(order, (names) => {
        const { rank } = declare({ order: names });
        const [x = -1, y = -1, z = -1] = names.map((name) => rank(NAMES[name]?.[0] ?? A));
        expect([x < y, y < z, x < z]).toEqual([true, true, true]);
      }),
    );
  });
});

describe('the other declarations', () => {
  test('say which locks are leaves', () => {
    const { isLeaf } = declare({ leaf: ['BC'] });
    expect([A, B, C].map(isLeaf)).toEqual([false, true, true]);
  });

  test('say which locks are reentrant, besides those whose API is', () => {
    const { isReentrant } = declare({ reentrant: ['B'] });
    expect([A, B, latch].map(isReentrant)).toEqual([false, true, true]);
  });

  test('say which pairs are disjoint, in both directions, and nothing of pairs of pairs', () => {
    const { areDisjoint } = declare({
      disjoint: [
        ['A', 'B'],
        ['B', 'latch'],
      ],
    });
    expect([areDisjoint(A, B), areDisjoint(B, A), areDisjoint(latch, B)]).toEqual([true, true, true]);
    expect([areDisjoint(A, latch), areDisjoint(A, C), areDisjoint(A, A)]).toEqual([false, false, false]);
  });
});

test('names that stand for no lock are problems, each under its key', () => {
  const { problems, rank } = declare({
    order: ['A', 'gone1', ['B', 'gone2']],
    leaf: ['gone3'],
    reentrant: ['gone4'],
    brief: ['gone5'],
    disjoint: [['A', 'gone6']],
  });
  expect(problems.map(({ where, name }) => [where, name])).toEqual([
    ['locks.order', 'gone1'],
    ['locks.order', 'gone2'],
    ['locks.leaf', 'gone3'],
    ['locks.reentrant', 'gone4'],
    ['locks.brief', 'gone5'],
    ['locks.disjoint', 'gone6'],
  ]);
  // A place that nobody takes stays empty.
  expect([rank(A), rank(B)]).toEqual([0, 2]);
});

test('a declaration that contradicts itself is refused, by whatever names it speaks of the lock', async () => {
  const contradictions: Partial<LocksConfig>[] = [
    { order: ['A', 'B', 'aliasOfA'] },
    { order: [['A', 'aliasOfA']] },
    { order: ['A', 'B'], leaf: ['aliasOfA'] },
    { disjoint: [['A', 'aliasOfA']] },
  ];
  const errors = await Promise.all(contradictions.map((config) => gateErrorOf(() => declare(config))));
  expect(errors.map(({ message }) => message)).toEqual([
    'the config: locks.order names A twice, at positions 1 and 3',
    'the config: locks.order names A twice, at positions 1 and 1',
    'the config: A is declared a leaf, and locks.order places it before B',
    'the config: locks.disjoint pairs A with itself',
  ]);
});
