import { describe, expect, test } from 'vitest';
import { combine, isPromiseStatic } from '../../../src/analysis/locks/promises.ts';
import type { LockRef, Task, Value } from '../../../src/analysis/locks/values.ts';
import { ts } from '../../../src/syntax/ts.ts';
import { acquisitionOf, heldOf, lockClass, nodesIn, outcomeOf, parse } from './parts.ts';
import { NAMES } from './random-values.ts';

const A: LockRef = { cls: lockClass('A'), path: 'this.a' };
const B: LockRef = { cls: lockClass('B'), path: 'this.b' };
const [variable] = NAMES;
if (!variable) throw new Error('the source declares variables');

const constant = (value: number): Value => ({ kind: 'constant', value });
const promise = (task: Task): Value => ({ kind: 'promise', task });
/** The promise of `acquire()`: it waits for a lock and ends holding it. */
const acquiring = (lock: LockRef, token: string): Value =>
  promise({
    acquisitions: [acquisitionOf(lock, { token })],
    outcomes: [outcomeOf({ held: [heldOf(token, lock)] })],
  });
/** The promise of `runExclusive()`: it waits for a lock and ends without it. */
const running = (lock: LockRef, value?: Value): Value =>
  promise({ acquisitions: [acquisitionOf(lock)], outcomes: [outcomeOf({ value })] });
const list = (items: readonly (Value | undefined)[]): Value => {
  return { kind: 'collection', path: 'v1', items, element: undefined, sorted: false };
};

function taskOf(value: Value | undefined): Task {
  if (value?.kind !== 'promise') throw new Error('the combinator makes a promise');
  return value.task;
}

/** The end of a promise that ends in one way. */
function endOf(value: Value | undefined) {
  const { outcomes } = taskOf(value);
  expect(outcomes).toHaveLength(1);
  return outcomes[0] ?? outcomeOf();
}

describe.each(['all', 'allSettled'])('Promise.%s', (method) => {
  test('ends holding what each of its promises holds', () => {
    const { held } = endOf(combine(method, list([acquiring(A, '1'), acquiring(B, '2')])));
    expect(held.map(({ token }) => token)).toEqual(['1', '2']);
  });

  test('waits for grants that are held while the others are waited for', () => {
    const { acquisitions } = taskOf(
      combine(method, list([acquiring(A, '1'), acquiring(B, '2'), running(A)])),
    );
    expect(acquisitions.map(({ token, combined }) => [token, combined])).toEqual([
      ['1', true],
      ['2', true],
      ['grant', false],
    ]);
  });

  test('waits for one grant alone as if there were no others', () => {
    const { acquisitions } = taskOf(combine(method, list([acquiring(A, '1'), running(B)])));
    expect(acquisitions.map(({ combined }) => combined)).toEqual([false, false]);
  });

  test('resolves to the list of results, what is no promise as it is', () => {
    const { value } = endOf(combine(method, list([running(A, constant(1)), constant(2), undefined])));
    expect(value).toEqual({
      kind: 'collection',
      path: 'all',
      items: [constant(1), constant(2), undefined],
      element: constant(1),
      sorted: false,
    });
  });

  test('knows the element alone of a list whose length it does not know', () => {
    const tasks: Value = {
      ...(list([]) as Value & { kind: 'collection' }),
      items: undefined,
      element: running(A, constant(1)),
    };
    expect(endOf(combine(method, tasks)).value).toMatchObject({ items: undefined, element: constant(1) });
  });

  test('gives back for sure only what a promise gives back however it ends', () => {
    const released = outcomeOf({ released: [A], releasedTokens: ['7'] });
    const always = promise({
      acquisitions: [],
      outcomes: [released, outcomeOf({ ...released, value: constant(1) })],
    });
    const sometimes = promise({ acquisitions: [], outcomes: [released, outcomeOf()] });
    const ends = [always, sometimes].map((one) => endOf(combine(method, list([one]))));
    expect(ends.map(({ released: locks, releasedTokens }) => [locks, releasedTokens])).toEqual([
      [[A], ['7']],
      [[], []],
    ]);
  });

  test('may have written what any of them writes', () => {
    const writing = (value: number): Value =>
      promise({
        acquisitions: [],
        outcomes: [outcomeOf({ writes: new Map([[variable, constant(value)]]) })],
      });
    expect(endOf(combine(method, list([writing(1), writing(2)]))).writes.get(variable)).toEqual({
      kind: 'union',
      members: [constant(1), constant(2)],
    });
  });
});

describe.each(['race', 'any'])('Promise.%s', (method) => {
  test('ends as any of its promises does, and waits for all of them', () => {
    const { acquisitions, outcomes } = taskOf(
      combine(method, list([acquiring(A, '1'), running(B, constant(1))])),
    );
    expect(acquisitions.map(({ lock, combined }) => [lock, combined])).toEqual([
      [A, false],
      [B, false],
    ]);
    expect(outcomes.map(({ held, value }) => [held.map(({ token }) => token), value])).toEqual([
      [['1'], undefined],
      [[], constant(1)],
    ]);
  });
});

test('a race that ends without a lock waits for none', () => {
  const timer = promise({ acquisitions: [], outcomes: [outcomeOf()] });
  const { acquisitions, outcomes } = taskOf(combine('race', list([acquiring(A, '1'), timer])));
  expect(acquisitions).toEqual([]);
  // The lock may be granted all the same.
  expect(outcomes.map(({ held }) => held.map(({ token }) => token))).toEqual([['1'], []]);
  expect(taskOf(combine('race', list([acquiring(A, '1'), undefined]))).acquisitions).toEqual([]);
});

describe('Promise.resolve', () => {
  test('is a promise of what it is given, and a promise itself', () => {
    expect(endOf(combine('resolve', constant(1)))).toEqual(outcomeOf({ value: constant(1) }));
    const given = running(A);
    expect(combine('resolve', given)).toBe(given);
    expect(combine('resolve', undefined)).toBeUndefined();
  });
});

test('nothing is known of other methods, and of lists without a promise', () => {
  expect(combine('withResolvers', list([running(A)]))).toBeUndefined();
  expect(combine('all', list([constant(1)]))).toBeUndefined();
  expect(combine('all', undefined)).toBeUndefined();
});

test('Promise is the global one unless the file declares its own', () => {
  const callee = (text: string): boolean => {
    const [call] = nodesIn(parse(text), ts.isPropertyAccessExpression);
    if (!call) throw new Error('the text calls a method');
    return isPromiseStatic(call.expression);
  };
  expect(callee('Promise.all([]);')).toBe(true);
  expect(callee('(Promise).all([]);')).toBe(true);
  expect(callee('Bluebird.all([]);')).toBe(false);
  expect(callee("import { Promise } from 'bluebird'; Promise.all([]);")).toBe(false);
  expect(callee('function f(Promise: PromiseConstructor) { Promise.all([]); }')).toBe(false);
});
