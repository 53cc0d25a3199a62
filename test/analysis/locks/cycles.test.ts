import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findCycles } from '../../../src/analysis/locks/cycles.ts';
import type { DeclaredLocks } from '../../../src/analysis/locks/declared.ts';
import type { Gate } from '../../../src/analysis/locks/gates.ts';
import type { LockEdge } from '../../../src/analysis/locks/record.ts';
import type { LockClass, Mode, Path } from '../../../src/analysis/locks/values.ts';
import { acquisitionOf, edgeOf, heldOf, lockClass, ranks, spanAt } from './parts.ts';

const A = lockClass('A');
const B = lockClass('B');
const C = lockClass('C');
const D = lockClass('D');
const E = lockClass('E');
const F = lockClass('F');
const I = lockClass('I');
const J = lockClass('J');
const [G, H] = [lockClass('G'), lockClass('H')];

let lastPlace = 0;

interface EdgeParts {
  readonly gates?: readonly (LockClass | Gate)[];
  /** The object that both locks belong to. */
  readonly owner?: Path | undefined;
  readonly batch?: boolean;
  readonly sequence?: string | undefined;
  readonly at?: number;
  readonly modes?: readonly [Mode, Mode];
}

/** `inner` is acquired while `outer` is held. */
function edge(outer: LockClass, inner: LockClass, parts: EdgeParts = {}): LockEdge {
  lastPlace += 1;
  const { gates = [], owner, batch = false, sequence, at = lastPlace, modes } = parts;
  const ref = (cls: LockClass) => ({ cls, path: owner });
  return edgeOf(
    heldOf('outer', ref(outer), { mode: modes?.[0] ?? 'exclusive', at: spanAt(at) }),
    acquisitionOf(ref(inner), { mode: modes?.[1] ?? 'exclusive', at: spanAt(at) }),
    { gates: new Set(gates.map((gate) => (typeof gate === 'string' ? gate : gate.id))), batch, sequence },
  );
}

function cyclesIn(edges: readonly LockEdge[], declared: DeclaredLocks = ranks()): string[] {
  return findCycles(edges, declared).map(textOf);
}

function textOf(cycle: readonly LockEdge[]): string {
  return cycle.map(({ outer }) => outer.lock.cls.id).join(' → ');
}

describe('a cycle', () => {
  test('is a way from a lock back to it, of any length', () => {
    expect(cyclesIn([edge(A, B), edge(B, C)])).toEqual([]);
    expect(cyclesIn([edge(A, B), edge(B, A)])).toEqual(['A → B']);
    expect(cyclesIn([edge(A, B), edge(B, C), edge(C, D), edge(D, A)])).toEqual(['A → B → C → D']);
  });

  test('is not made by two objects of one class', () => {
    expect(cyclesIn([edge(A, A)])).toEqual([]);
  });

  test('starts with the acquisition that comes first in the source', () => {
    expect(cyclesIn([edge(A, B, { at: 30 }), edge(B, C, { at: 10 }), edge(C, A, { at: 20 })])).toEqual([
      'B → C → A',
    ]);
  });

  test('is told once, however many edges make it, and in whichever direction', () => {
    const edges = [edge(A, B), edge(A, B), edge(B, C), edge(C, A), edge(A, C), edge(C, B), edge(B, A)];
    expect(cyclesIn(edges)).toEqual(['A → B', 'B → C', 'C → A']);
  });

  test('may go through a semaphore, if several tasks can hold its permits and wait', () => {
    for (const permits of [2, undefined]) {
      const pool = lockClass('P', { permits });
      expect(cyclesIn([edge(A, pool), edge(pool, A)])).toEqual(['A → P']);
      expect(cyclesIn([edge(A, pool), edge(pool, A, { gates: [G] })])).toEqual([]);
    }
  });
});

describe('a gate', () => {
  test('around two edges lets one of them through at a time', () => {
    expect(cyclesIn([edge(A, B, { gates: [G] }), edge(B, A, { gates: [G] })])).toEqual([]);
    expect(cyclesIn([edge(A, B, { gates: ['G@A'] }), edge(B, A, { gates: ['G@A'] })])).toEqual([]);
  });

  test('around one edge, or two different ones, does not', () => {
    expect(cyclesIn([edge(A, B, { gates: [G] }), edge(B, A)])).toEqual(['A → B']);
    expect(cyclesIn([edge(A, B, { gates: [G] }), edge(B, A, { gates: [C] })])).toEqual(['A → B']);
    expect(cyclesIn([edge(A, B, { gates: ['G@A'] }), edge(B, A, { gates: ['G@B'] })])).toEqual(['A → B']);
  });

  test('around two edges of a longer cycle keeps them apart, wherever they stand in it', () => {
    const middle = edge(B, C);
    expect(cyclesIn([edge(A, B, { gates: [G] }), middle, edge(C, A, { gates: [G] })])).toEqual([]);
  });

  test('around one of two ways does not hide the other, wherever the search starts', () => {
    const edges = [
      edge(A, B, { gates: [G] }),
      // From B to E under H, which E → F needs as well, or past it.
      ...[edge(B, C, { gates: [H] }), edge(C, E), edge(B, D), edge(D, E)],
      edge(E, F, { gates: [H] }),
      // From F to A under G, which A → B needs as well, or past it.
      ...[edge(F, I, { gates: [G] }), edge(I, A), edge(F, J), edge(J, A)],
    ];
    expect(cyclesIn(edges)).toEqual(['A → B → D → E → F → J']);
  });

  test('that is another edge of the same cycle leaves the shorter cycle only', () => {
    // One task takes C, A and B, one in another; a second takes B, then C.
    const nested = [edge(C, A), edge(C, B, { gates: [A] }), edge(A, B, { gates: [C] })];
    expect(cyclesIn([...nested, edge(B, C)])).toEqual(['C → B']);
    // The same with locks of one object.
    const owner = 'this';
    const ofOne = [
      edge(C, A, { owner }),
      edge(C, B, { owner, gates: ['A@C', 'A@B'] }),
      edge(A, B, { owner, gates: ['C@A', 'C@B'] }),
    ];
    expect(cyclesIn([...ofOne, edge(B, C, { owner })])).toEqual(['C → B']);
  });

  test('of the class that is waited for, wherever it is declared, is another object and says nothing', () => {
    const scoped = lockClass('packages/@shop/cart.ts:1');
    const edges = [edge(A, scoped, { gates: [scoped] }), edge(scoped, A, { gates: [scoped] })];
    expect(cyclesIn(edges)).toEqual(['A → packages/@shop/cart.ts:1']);
  });
});

test('steps of one sequence are never under way together', () => {
  expect(cyclesIn([edge(A, B, { sequence: 'main.ts' }), edge(B, A, { sequence: 'main.ts' })])).toEqual([]);
  expect(cyclesIn([edge(A, B, { sequence: 'main.ts' }), edge(B, A, { sequence: 'job.ts' })])).toEqual([
    'A → B',
  ]);
  expect(cyclesIn([edge(A, B, { sequence: 'main.ts' }), edge(B, A)])).toEqual(['A → B']);
});

describe('batches', () => {
  const batch = { batch: true };

  test('alone enqueue everywhere at once, and one edge that is none is enough', () => {
    expect(cyclesIn([edge(A, B, batch), edge(B, A, batch)])).toEqual([]);
    expect(cyclesIn([edge(A, B, batch), edge(B, A)])).toEqual(['A → B']);
  });

  test('are not made a cycle by a detour', () => {
    expect(cyclesIn([edge(A, B, batch), edge(B, A, batch), edge(B, C), edge(C, B, batch)])).toEqual([
      'B → C',
    ]);
  });
});

describe('a declared order', () => {
  test('leaves the edge against it to lock-order', () => {
    expect(cyclesIn([edge(A, B), edge(B, A)], ranks({ A: 0, B: 1 }))).toEqual([]);
  });

  test('of siblings has no edge that is right', () => {
    expect(cyclesIn([edge(A, B), edge(B, A)], ranks({ A: 0, B: 0 }))).toEqual([]);
  });

  test('may be kept and still be part of a cycle', () => {
    expect(cyclesIn([edge(A, B), edge(B, C), edge(C, A)], ranks({ A: 0, B: 1 }))).toEqual(['A → B → C']);
  });

  test('may be kept by the one edge of a cycle that is no batch', () => {
    const edges = [edge(A, B), edge(B, C, { batch: true }), edge(C, A, { batch: true })];
    expect(cyclesIn(edges, ranks({ A: 0, B: 1 }))).toEqual(['A → B → C']);
  });
});

describe('a share', () => {
  const shared = { modes: ['shared', 'exclusive'] } as const;
  const intoShared = { modes: ['exclusive', 'shared'] } as const;

  test('does not keep a reader waiting where readers pass a waiting writer', () => {
    const R = lockClass('R', { readers: 'recursive' });
    expect(cyclesIn([edge(R, B, shared), edge(B, R, intoShared)])).toEqual([]);
    expect(cyclesIn([edge(R, B, shared), edge(B, R)])).toEqual(['R → B']);
    expect(cyclesIn([edge(R, B), edge(B, R, intoShared)])).toEqual(['R → B']);
  });

  test('does so where readers queue behind a writer', () => {
    const fair = lockClass('R');
    expect(cyclesIn([edge(fair, B, shared), edge(B, fair, intoShared)])).toEqual(['R → B']);
  });
});

const CLASSES: readonly LockClass[] = [
  lockClass('A'),
  lockClass('B'),
  lockClass('C'),
  lockClass('D'),
  lockClass('R', { readers: 'recursive' }),
  lockClass('wide', { permits: 2 }),
];
const classNamed = (name: string): LockClass => CLASSES.find(({ id }) => id === name) ?? lockClass(name);
const lock = fc.constantFrom('A', 'B', 'C', 'D', 'R', 'A', 'B', 'C', 'D', 'R', 'wide');
const mode = fc.constantFrom<Mode>('exclusive', 'exclusive', 'shared');
const few = (names: readonly string[]): fc.Arbitrary<readonly string[]> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.subarray([...names], { minLength: 1, maxLength: 2 }) },
  );
/** In words, so that a counterexample can be read. */
const edgeInWords = fc.record({
  outer: lock,
  inner: lock,
  gates: few(['A', 'B', 'C', 'D', 'R', 'G', 'H', 'G@A', 'A@B', 'C@A', 'C@B', 'R@D']),
  owner: fc.constantFrom(undefined, 'this', 'g:shop'),
  batch: fc.boolean(),
  sequence: fc.option(fc.constantFrom('main.ts', 'job.ts'), { nil: undefined, freq: 4 }),
  at: fc.nat(40),
  modes: fc.tuple(mode, mode),
});
const ranksInWords = fc.dictionary(lock, fc.nat(3), { maxKeys: 3 });

/** Every simple cycle, found by trying all ways from all edges. */
function allCycles(edges: readonly LockEdge[], declared: DeclaredLocks): LockEdge[][] {
  const usable = edges.filter(({ outer: { lock: from }, inner: { lock: to }, gates, sequence }) => {
    const [a, b] = [declared.rank(from.cls), declared.rank(to.cls)];
    const isFree = gates.size === 0 && sequence === undefined;
    const isOpposed = a !== undefined && b !== undefined && b <= a;
    return from.cls !== to.cls && (from.cls.permits === 1 || isFree) && !isOpposed;
  });
  const found: LockEdge[][] = [];
  const extend = (way: readonly LockEdge[]): void => {
    const [first, last] = [way[0], way[way.length - 1]];
    if (!first || !last) return;
    if (last.inner.lock.cls === first.outer.lock.cls) {
      if (isDeadlock(way)) found.push([...way]);
      return;
    }
    for (const next of usable) {
      if (next.outer.lock.cls !== last.inner.lock.cls) continue;
      if (way.slice(1).some(({ outer }) => outer.lock.cls === next.outer.lock.cls)) continue;
      extend([...way, next]);
    }
  };
  for (const start of usable) extend([start]);
  return found;
}

/** Whether one task for each edge can hold what the edge holds, and wait for what the next one holds. */
function isDeadlock(cycle: readonly LockEdge[]): boolean {
  if (cycle.every(({ batch }) => batch)) return false;
  for (const [at, one] of cycle.entries()) {
    const next = cycle[(at + 1) % cycle.length];
    if (next && one.inner.mode === 'shared' && next.outer.mode === 'shared') {
      if (one.inner.lock.cls.primitive.readers === 'recursive') return false;
    }
    for (const other of cycle.slice(at + 1)) {
      if (one.sequence !== undefined && one.sequence === other.sequence) return false;
      if (heldBy(one).some((lock) => heldBy(other).includes(lock))) return false;
    }
  }
  return true;
}

/** The outer lock, as a lock and as what the inner one shares its object with, and the gates. */
function heldBy({ outer, inner, gates }: LockEdge): string[] {
  const [from, to] = [outer.lock.cls.id, inner.lock.cls.id];
  const own = outer.lock.path === 'this' && inner.lock.path === 'this' ? [`${from}@${to}`] : [];
  return [from, ...own, ...gates].filter((gate) => gate.split('@')[0] !== to);
}

function locksOf(cycle: readonly LockEdge[]): string {
  return cycle
    .map(({ outer }) => outer.lock.cls.id)
    .sort()
    .join(' ');
}

describe('on any graph', () => {
  test('the cycles are those that a search of all ways finds, the shortest through each edge', () => {
    fc.assert(
      fc.property(fc.array(edgeInWords, { minLength: 2, maxLength: 14 }), ranksInWords, (words, byName) => {
        const declared = ranks(byName);
        const edges = words.map(({ outer, inner, ...rest }) =>
          edge(classNamed(outer), classNamed(inner), rest),
        );
        const every = allCycles(edges, declared);
        const wanted = new Map<LockEdge, Set<string>>();
        for (const one of edges.filter(({ batch }) => !batch)) {
          const through = every.filter((cycle) => cycle.includes(one));
          const length = Math.min(...through.map((cycle) => cycle.length));
          const shortest = through.filter((cycle) => cycle.length === length).map(locksOf);
          if (shortest.length > 0) wanted.set(one, new Set(shortest));
        }

        const found = findCycles(edges, declared);
        const sets = found.map(locksOf);
        expect(new Set(sets).size).toBe(sets.length);
        for (const shortest of wanted.values()) expect(sets.some((set) => shortest.has(set))).toBe(true);
        const known = new Set([...wanted.values()].flatMap((some) => [...some]));
        expect(sets.filter((set) => !known.has(set))).toEqual([]);
        for (const cycle of found) {
          expect(
            every.some((one) => one.length === cycle.length && one.every((e, at) => e === cycle[at])),
          ).toBe(true);
          const places = cycle.map(({ inner }) => inner.at.start);
          expect(places[0]).toBe(Math.min(...places));
        }
      }),
      { numRuns: 3000 },
    );
  });
});
