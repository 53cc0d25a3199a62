import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/analysis/locks/values.ts';
import { areApart, isSamePool } from '../../../src/analysis/locks/world.ts';

function session(kind: Session['kind'], path: string | undefined, pool: string | undefined): Session {
  return { kind, path, pool, at: undefined };
}

describe('two sessions are certain to be two', () => {
  it('where both were taken from one pool', () => {
    expect(areApart(session('taken', 'n1', 'this.pool'), session('taken', 'n2', 'this.pool'))).toBe(true);
  });

  it('where one was taken, and the other is any that is left', () => {
    expect(areApart(session('taken', 'n1', 'g:5'), session('any', 'g:5', 'g:5'))).toBe(true);
    expect(areApart(session('any', 'g:5', 'g:5'), session('taken', 'n1', 'g:5'))).toBe(true);
  });

  it.each([
    ['they are one', session('taken', 'n1', 'g:5'), session('taken', 'n1', 'g:5')],
    ['they are of two pools', session('taken', 'n1', 'g:5'), session('taken', 'n2', 'g:6')],
    ['a pool is not known', session('taken', 'n1', undefined), session('taken', 'n2', undefined)],
    ['a pool may be any', session('taken', 'n1', '?'), session('taken', 'n2', '?')],
    ['one may be the other', session('taken', 'n1', 'g:5'), session('given', 'p0', undefined)],
    ['both are any of the pool', session('any', 'g:5', 'g:5'), session('any', 'g:5', 'g:5')],
    ['one has no name', session('taken', undefined, 'g:5'), session('taken', 'n2', 'g:5')],
  ])('not where %s', (_why, a, b) => {
    expect(areApart(a, b)).toBe(false);
  });

  it('a pool of this object is that of the object that keeps a function of its own', () => {
    expect(isSamePool('^this.db.pool', 'o7.db.pool')).toBe(true);
    expect(isSamePool('^this.db.pool', 'o7.pool')).toBe(false);
    expect(isSamePool('p0.db.pool', 'o7.db.pool')).toBe(false);
  });
});
