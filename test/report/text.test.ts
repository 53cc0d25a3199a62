import { describe, expect, it } from 'vitest';
import { count, displayWidth, oneLine, splitLines } from '../../src/report/text.ts';

describe('splitLines', () => {
  it('knows every line break that TypeScript counts', () => {
    expect(splitLines('a\nb\r\nc\rd\u2028e\u2029f')).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });
});

describe('oneLine', () => {
  it.each([
    ['two\n  lines', 'two lines'],
    ['a\tb', 'a  b'],
    ['red \u001b[31m', 'red ␛[31m'],
    ['a\u202eb\u009b', 'a\ufffdb\ufffd'],
    ['ünï 数 👩‍👧', 'ünï 数 👩‍👧'],
  ])('of %j is %j', (text, expected) => {
    expect(oneLine(text)).toBe(expected);
  });
});

describe('displayWidth', () => {
  it.each([
    ['abc', 3],
    ['', 0],
    ['数字', 4],
    ['ü', 1],
    ['u\u0308', 1],
    ['👩‍👧', 2],
    ['한', 2],
    ['ＡＢ', 4],
    ['a\u200bb', 2],
  ])('of %j is %j', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe('count', () => {
  it('agrees with its number', () => {
    expect([count(0, 'file'), count(1, 'file'), count(2, 'file')]).toEqual(['0 files', '1 file', '2 files']);
  });
});
