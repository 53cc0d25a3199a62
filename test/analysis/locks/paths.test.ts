import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  crossTask,
  entering,
  FAR_PATH,
  type Formals,
  leaving,
  UNKNOWN_PATH,
} from '../../../src/analysis/locks/paths.ts';
import { outcomeOf } from './parts.ts';

const same = <T>(via: T): T => via;

function enter(path: string, formals: Partial<Formals>): string | undefined {
  return entering({ self: undefined, args: [], ...formals }).path(path);
}

function leave(path: string, formals: Partial<Formals>): string | undefined {
  return leaving({ self: undefined, args: [], ...formals }, 'site', same).path(path);
}

describe('into a call', () => {
  test('the receiver becomes `this`, an argument its parameter', () => {
    expect(enter('v1.shelf.mu', { self: 'v1.shelf' })).toBe('this.mu');
    expect(enter('v1.shelf', { args: [undefined, 'v1'] })).toBe('p1.shelf');
  });

  test('a key is renamed as a path of its own', () => {
    expect(enter('this.locks[v3]', { self: 'this', args: ['v3'] })).toBe('this.locks[p0]');
    expect(enter('this.locks["v3"]', { self: 'this', args: ['v3'] })).toBe('this.locks["v3"]');
  });

  test('a path is not taken for a longer one that starts with the same letters', () => {
    expect(enter('v12.mu', { self: 'v1' })).toBe('^v12.mu');
  });

  test('what only the caller can name is marked, and given up three callers away', () => {
    expect(enter('^^v1', {})).toBe('^^^v1');
    expect(enter('^^^v1', {})).toBeUndefined();
  });

  test('what is unknown stays unknown', () => {
    expect(enter(UNKNOWN_PATH, { self: 'this' })).toBe(UNKNOWN_PATH);
  });
});

describe('back from a call', () => {
  test('what the callee made is told apart by the place of the call', () => {
    expect(leave('v7.mu', {})).toBe('v7@site.mu');
  });

  test('recursion along an object does not lead ever further: a long way is an unknown object', () => {
    expect(leave('this.next.next', { self: 'this.next' })).toBe('this.next.next.next');
    let path: string | undefined = 'this';
    for (let call = 0; call < 10; call += 1) path = path && leave(path, { self: 'this.next' });
    expect(path).toBe(FAR_PATH);
  });

  test('nor does recursion along a key', () => {
    let path: string | undefined = 'this.locks[p0]';
    for (let call = 0; call < 10; call += 1) path = path && leave(path, { self: 'this', args: ['p0.next'] });
    expect(path).toBe(`this.locks[${FAR_PATH}]`);
  });
});

const name = fc.constantFrom('mu', 'shelf', 'owner');
const root = fc.constantFrom('this', 'v1', 'v2', 'g:3', 'p0', 'p1');
const link = fc.oneof(
  name.map((text) => `.${text}`),
  fc.constantFrom('["a"]', '[0]', '[v1]', '[p0.id]', '["]["]'),
);
const pathOf = (links: number): fc.Arbitrary<string> =>
  fc.tuple(root, fc.array(link, { maxLength: links })).map(([first, rest]) => first + rest.join(''));

test('what a task gives back when it fails is renamed like what it gives back at its end', () => {
  const end = outcomeOf({ releasedTokens: ['grant'] });
  const task = crossTask(
    { acquisitions: [], outcomes: [end], rejections: [end] },
    entering({ self: undefined, args: [] }),
  );
  expect(task.outcomes.map(({ releasedTokens }) => releasedTokens)).toEqual([['^grant']]);
  expect(task.rejections?.map(({ releasedTokens }) => releasedTokens)).toEqual([['^grant']]);
});

test('a path that goes into a call and comes back is the same path', () => {
  const formals = fc.record({
    self: fc.option(pathOf(2), { nil: undefined }),
    args: fc.array(fc.option(pathOf(2), { nil: undefined }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(pathOf(5), formals, (path, actual) => {
      const inside = entering(actual).path(path);
      if (inside === undefined) throw new Error('one call is never too many');
      expect(leaving(actual, 'site', same).path(inside)).toBe(path);
    }),
    { numRuns: 2000 },
  );
});
