import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bindingsKey, heldKey, idOf, outcomeKey, valueKey } from '../../../src/analysis/locks/keys.ts';
import type { Outcome, Value } from '../../../src/analysis/locks/values.ts';
import { acquisitionOf, heldOf, lockClass, outcomeOf } from './parts.ts';
import { changedOnce, meaningOf, NAMES, toValue, valueInWords } from './random-values.ts';

describe('any two values', () => {
  test('have the same key if they are equal', () => {
    fc.assert(
      fc.property(valueInWords, (words) => {
        // Made twice, so that no key is remembered for the object that it was made for.
        expect(valueKey(toValue(words))).toBe(valueKey(toValue(words)));
      }),
      { numRuns: 2000 },
    );
  });

  test('have different keys if they differ', () => {
    const pair = fc.oneof(
      fc.tuple(valueInWords, valueInWords),
      // Two random values rarely differ in one place alone.
      valueInWords.chain((words) => fc.tuple(fc.constant(words), changedOnce(words))),
    );
    fc.assert(
      fc.property(pair, ([a, b]) => {
        fc.pre(meaningOf(a) !== meaningOf(b));
        expect(valueKey(toValue(a))).not.toBe(valueKey(toValue(b)));
      }),
      { numRuns: 4000 },
    );
  });
});

const A = { cls: lockClass('A'), path: 'this.a' };
const [first, second] = NAMES;
if (!first || !second) throw new Error('the source declares variables');

/** A value inside of so many objects. */
function nested(value: Value, levels: number): Value {
  return levels === 0
    ? value
    : { kind: 'object', path: 'v1', properties: new Map([['in', nested(value, levels - 1)]]) };
}

describe('a key', () => {
  test('does not depend on the order in which members and properties were met', () => {
    const one: Value = { kind: 'constant', value: 1 };
    const two: Value = { kind: 'constant', value: 2 };
    const union = (members: Value[]): Value => ({ kind: 'union', members });
    expect(valueKey(union([one, two]))).toBe(valueKey(union([two, one])));
    const object = (entries: [string, Value][]): Value => {
      return { kind: 'object', path: 'v1', properties: new Map(entries) };
    };
    expect(
      valueKey(
        object([
          ['a', one],
          ['b', two],
        ]),
      ),
    ).toBe(
      valueKey(
        object([
          ['b', two],
          ['a', one],
        ]),
      ),
    );
    expect(
      bindingsKey(
        new Map([
          [first, one],
          [second, two],
        ]),
      ),
    ).toBe(
      bindingsKey(
        new Map([
          [second, two],
          [first, one],
        ]),
      ),
    );
  });

  test('tells values apart that were met before as deep parts of others', () => {
    const [one, two] = [1, 2].map((value) => nested({ kind: 'constant', value }, 8));
    if (!one || !two) throw new Error('there are two values');
    for (const value of [one, two]) valueKey(nested(value, 8));
    expect(valueKey(one)).not.toBe(valueKey(two));
  });

  test('is the same for equal values, whichever of their parts were met before', () => {
    const inner = (): Value => nested({ kind: 'constant', value: 1 }, 8);
    const met = inner();
    valueKey(met);
    expect(valueKey(nested(met, 8))).toBe(valueKey(nested(inner(), 8)));
  });
});

describe('what is held', () => {
  test('has the same key in any order', () => {
    const [a, b] = [heldOf('a', A), heldOf('b', A)];
    expect(heldKey([a, b])).toBe(heldKey([b, a]));
  });

  test('is told apart by the grant, the lock, and how and in which stretch it was asked for', () => {
    const keys = [
      heldOf('a', A),
      heldOf('b', A),
      heldOf('a', { ...A, path: 'this.b' }),
      heldOf('a', { ...A, path: undefined }),
      heldOf('a', { ...A, cls: lockClass('B') }),
      heldOf('a', A, { mode: 'shared' }),
      heldOf('a', A, { segment: 0 }),
      heldOf('a', A, { segment: 1 }),
    ].map((held) => heldKey([held]));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

test('outcomes are told apart by all that they do', () => {
  const value: Value = { kind: 'constant', value: 1 };
  const keys = [
    outcomeOf(),
    outcomeOf({ held: [heldOf('a', A)] }),
    outcomeOf({ released: [A] }),
    outcomeOf({ released: [{ ...A, path: undefined }] }),
    outcomeOf({ releasedTokens: ['a'] }),
    outcomeOf({ value }),
    outcomeOf({ writes: new Map([[first, value]]) }),
    outcomeOf({ writes: new Map([[second, value]]) }),
    outcomeOf({ ordered: [['p0', 'p1']] }),
    outcomeOf({ ordered: [['p1', 'p0']] }),
  ].map((outcome) => outcomeKey(outcome));
  expect(new Set(keys).size).toBe(keys.length);
});

test('a task that waits for a share is not one that waits for the whole', () => {
  const task = (mode: 'shared' | 'exclusive'): Value => {
    return { kind: 'promise', task: { acquisitions: [acquisitionOf(A, { mode })], outcomes: [] } };
  };
  expect(valueKey(task('shared'))).not.toBe(valueKey(task('exclusive')));
});

test('tasks are told apart by what they have given back when they fail', () => {
  const task = (rejections?: readonly Outcome[]): Value => {
    return {
      kind: 'promise',
      task: { acquisitions: [], outcomes: [outcomeOf()], ...(rejections && { rejections }) },
    };
  };
  const tasks = [task(), task([outcomeOf()]), task([outcomeOf({ releasedTokens: ['a'] })])];
  expect(new Set(tasks.map((value) => valueKey(value))).size).toBe(3);
});

test('a node keeps its number', () => {
  expect(idOf(first)).toBe(idOf(first));
  expect(idOf(first)).not.toBe(idOf(second));
});
