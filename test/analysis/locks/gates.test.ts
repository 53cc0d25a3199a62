import { describe, expect, test } from 'vitest';
import {
  ambientGates,
  gatesAround,
  gatesOfEdge,
  gatesPassedOn,
  isGateOf,
} from '../../../src/analysis/locks/gates.ts';
import type { LockRef, Path } from '../../../src/analysis/locks/values.ts';
import { heldOf, lockClass } from './parts.ts';

const G = lockClass('G');
const A = lockClass('A');
const wide = lockClass('wide', { permits: 2 });
const ref = (cls: typeof G, path: Path | undefined): LockRef => ({ cls, path });

describe('a lock held around a call is a gate', () => {
  const around = (path: Path | undefined, inward: Path | undefined): string[] => [
    ...gatesAround([heldOf('1', ref(G, path))], () => inward),
  ];

  test('if there is one of it in the program', () => {
    expect(around('g:3', undefined)).toEqual(['G@g:3']);
    expect(around('g:3.mu', undefined)).toEqual(['G@g:3.mu']);
  });

  test('of the object that the function is called on', () => {
    expect(around('v1', 'this')).toEqual(['G@this']);
  });

  test('and of no other object, nor under a key', () => {
    expect([around('v1', '^v1'), around('g:3[v1]', undefined), around(undefined, 'this')]).toEqual([
      [],
      [],
      [],
    ]);
  });

  test('unless it lets others in', () => {
    const held = [heldOf('1', ref(G, 'g:3'), { mode: 'shared' }), heldOf('2', ref(wide, 'g:4'))];
    expect([...gatesAround(held, (path) => path)]).toEqual([]);
  });
});

test('gates of an object are passed on to its own methods alone', () => {
  const gates = new Set(['G', 'A@this']);
  expect([...gatesPassedOn(gates, 'this')]).toEqual(['G', 'A@this']);
  expect([...gatesPassedOn(gates, 'another')]).toEqual(['G']);
});

test('a gate of an edge is one in the program, or of the object of one of its locks', () => {
  const gates = (path: Path | undefined): string[] => [
    ...gatesOfEdge([ref(G, path), ref(wide, path)], [ref(A, 'this'), ref(lockClass('B'), 'v1')]),
  ];
  expect(gates('g:3')).toEqual(['G@g:3']);
  expect(gates('this')).toEqual(['G@A']);
  expect(gates('v1')).toEqual(['G@B']);
  expect([gates('v2'), gates(undefined), gates('g:3[v1]')]).toEqual([[], [], []]);
});

test('a gate around a function is one of its edges if their locks are of the same object', () => {
  const locks = [ref(A, 'this'), ref(lockClass('B'), 'p0')];
  expect([...ambientGates(new Set(['G', 'C@this']), locks)]).toEqual(['G', 'C@A']);
  expect([...ambientGates(new Set(['C@this']), [ref(A, 'p0')])]).toEqual([]);
});

test('a gate is of its class, whatever its object and wherever the class is declared', () => {
  const scoped = 'packages/@shop/cart.ts:1';
  expect([isGateOf(scoped, scoped), isGateOf(scoped, `${scoped}@A`)]).toEqual([true, true]);
  expect([isGateOf('A', `${scoped}@A`), isGateOf('A', 'AB')]).toEqual([false, false]);
});
