import { describe, expect, it } from 'vitest';
import { closest, didYouMean } from '../../src/engine/suggest.ts';

describe('closest', () => {
  const names = ['lock-order', 'lock-cycle', 'lock-reentry', 'check'];

  it.each([
    ['lock-ordr', 'lock-order'],
    ['lock-oredr', 'lock-order'],
    ['LOCK-CYCLE', 'lock-cycle'],
    ['chekc', 'check'],
    ['prove', undefined],
    ['', undefined],
  ])('of %j is %j', (word, expected) => {
    expect(closest(word, names)).toBe(expected);
  });

  it('is worded as a question, or not at all', () => {
    expect([didYouMean('chek', names), didYouMean('prove', names)]).toEqual([' (did you mean "check"?)', '']);
  });
});
