import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Search, TextSearch } from '../../src/engine/text-search.ts';

const WORDS = ['lock', 'Lock', 'clock', 'locks', 'lock_1', '$lock', 'größe', 'a', 'A', 'new', 'from'];
const BETWEEN = [' ', '.', '(', "'", '#', '\n', '@', 'ö', ''];

const text = fc
  .array(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(...BETWEEN)), { maxLength: 8 })
  .map((parts) => parts.flat().join(''));

const search: fc.Arbitrary<Search> = fc.record({
  words: fc.array(
    fc.oneof(
      fc.constantFrom(...WORDS),
      fc.constantFrom(
        '.lock(',
        'new lock',
        '#lock',
        '@lock',
        "'a'",
        'ock.',
        '(cl',
        '@',
        'a b',
        'LOCK',
        '.Lock',
      ),
    ),
    { minLength: 1, maxLength: 4 },
  ),
  match: fc.constantFrom('part' as const, 'anyCase', 'whole'),
});

test.each([3, 40])('a search among %i texts finds what looking at each of them finds', (count) => {
  fc.assert(
    fc.property(
      fc.array(text, { minLength: count, maxLength: count }),
      fc.array(search, { minLength: 1, maxLength: 3 }),
      (texts, searches) => {
        const texter = new TextSearch(texts);
        for (const one of searches) {
          const expected = [...texts.keys()].filter((at) => holds(texts[at] ?? '', one));
          expect([...texter.find(one)].sort((a, b) => a - b)).toEqual(expected);
        }
      },
    ),
  );
});

function holds(among: string, { words, match }: Search): boolean {
  return words.some((word) => {
    if (match === 'anyCase') return among.toLowerCase().includes(word.toLowerCase());
    if (match === 'part' || !/^#?[\w$]+$/.test(word)) return among.includes(word);
    const isPart = (character: string | undefined): boolean => /[\w$]/.test(character ?? '');
    for (let at = among.indexOf(word); at >= 0; at = among.indexOf(word, at + 1)) {
      if (!isPart(among[at - 1]) && !isPart(among[at + word.length])) return true;
    }
    return false;
  });
}

test('words beyond the first room of the index are found', () => {
  const texts = Array.from({ length: 50 }, (_, at) =>
    Array.from({ length: 2000 }, (__, word) => `word_${at}_${word}`).join(' '),
  );
  const among = new TextSearch(texts);
  for (const at of [0, 17, 49]) {
    expect([...among.find({ words: [`word_${at}_1999`], match: 'whole' })]).toEqual([at]);
  }
  expect(among.find({ words: ['_1999'], match: 'part' }).size).toBe(50);
});
