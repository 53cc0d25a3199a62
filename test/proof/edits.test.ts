import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Edit } from '../../src/engine/proof.ts';
import { applyEdits, expectedSpans, spanAfter } from '../../src/proof/edits.ts';

const FILE = '/a.ts';

/** A text of small letters, and edits of it that do not overlap and put in capitals. */
const changes = fc
  .string({ unit: fc.constantFrom('a', 'b', 'c', '\n'), minLength: 1, maxLength: 30 })
  .chain((text) =>
    fc.record({
      text: fc.constant(text),
      edits: fc
        .array(
          fc.record({
            at: fc.tuple(fc.nat(text.length), fc.nat(text.length)),
            text: fc.string({ unit: fc.constantFrom('X', 'Y'), maxLength: 4 }),
          }),
          { maxLength: 5 },
        )
        .map((all) => disjoint(all.map(({ at, text: by }) => edit(Math.min(...at), Math.max(...at), by)))),
      span: fc
        .tuple(fc.nat(text.length), fc.nat(text.length))
        .map((at) => ({ file: FILE, start: Math.min(...at), end: Math.max(...at) })),
    }),
  );

function edit(start: number, end: number, text: string): Edit {
  return { file: FILE, start, end, text };
}

function disjoint(edits: readonly Edit[]): readonly Edit[] {
  const kept: Edit[] = [];
  for (const one of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (one.start >= (kept.at(-1)?.end ?? 0)) kept.push(one);
  }
  return kept;
}

const after = (text: string, edits: readonly Edit[]): string =>
  applyEdits(edits, () => text).get(FILE) ?? text;

describe('applyEdits', () => {
  it('puts in all that edits put in, and keeps all that they leave', () => {
    fc.assert(
      fc.property(changes, ({ text, edits }) => {
        const kept = [...text].filter(
          (_, index) => !edits.some(({ start, end }) => start <= index && index < end),
        );
        const result = after(text, edits);
        expect(result.replace(/[XY]/g, '')).toBe(kept.join(''));
        expect(result.replace(/[^XY]/g, '')).toBe(edits.map((one) => one.text).join(''));
      }),
    );
  });

  it('does not mind the order of edits', () => {
    fc.assert(
      fc.property(changes, ({ text, edits }) => {
        const places = new Set(edits.map(({ start, end }) => `${start}:${end}`));
        fc.pre(places.size === edits.length);
        expect(after(text, [...edits].reverse())).toBe(after(text, edits));
      }),
    );
  });

  it('puts what goes to one place there in the order in which it is given', () => {
    expect(after('ab', [edit(1, 1, 'X'), edit(1, 1, 'Y')])).toBe('aXYb');
  });

  it('changes each file on its own', () => {
    const texts: Record<string, string> = { '/a.ts': 'aa', '/b.ts': 'bb' };
    const edits = [edit(1, 2, 'X'), { ...edit(0, 2, 'Y'), file: '/b.ts' }];
    expect([...applyEdits(edits, (file) => texts[file])]).toEqual([
      ['/a.ts', 'aX'],
      ['/b.ts', 'Y'],
    ]);
  });

  it('refuses edits that overlap', () => {
    expect(() => after('abcd', [edit(0, 3, ''), edit(2, 4, '')])).toThrow('two edits overlap at 2');
  });

  it('refuses a file without a text', () => {
    expect(() => applyEdits([edit(0, 0, 'X')], () => undefined)).toThrow(
      'there is no text of /a.ts to change',
    );
  });
});

describe('spanAfter', () => {
  it('finds the same text again where no edit touches it', () => {
    fc.assert(
      fc.property(changes, ({ text, edits, span }) => {
        fc.pre(edits.every(({ start, end }) => end < span.start || start > span.end));
        const { start, end } = spanAfter(span, edits);
        expect(after(text, edits).slice(start, end)).toBe(text.slice(span.start, span.end));
      }),
    );
  });

  it('gives what is left of the stretch, and all that the edits that touch it put there', () => {
    fc.assert(
      fc.property(changes, ({ text, edits, span }) => {
        const touching = edits.filter(({ start, end }) => start <= span.end && end >= span.start);
        const from = Math.min(span.start, ...touching.map(({ start }) => start));
        const to = Math.max(span.end, ...touching.map(({ end }) => end));
        const inside = touching.map((one) => ({ ...one, start: one.start - from, end: one.end - from }));
        const { start, end } = spanAfter(span, edits);
        expect(after(text, edits).slice(start, end)).toBe(after(text.slice(from, to), inside));
      }),
    );
  });

  it('counts what is put at either end to the stretch', () => {
    expect(spanAfter({ file: FILE, start: 1, end: 2 }, [edit(1, 1, 'XX'), edit(2, 2, 'YYY')])).toEqual({
      file: FILE,
      start: 1,
      end: 7,
    });
  });

  it('does not move for edits of another file', () => {
    const span = { file: '/b.ts', start: 3, end: 5 };
    expect(spanAfter(span, [edit(0, 2, 'XYXYX')])).toEqual(span);
  });
});

describe('expectedSpans', () => {
  it('are what the edits have put in, unless a mutant says otherwise', () => {
    const edits = [edit(0, 1, 'XX'), edit(3, 4, '')];
    expect(expectedSpans({ edits })).toEqual([
      { file: FILE, start: 0, end: 2 },
      { file: FILE, start: 4, end: 4 },
    ]);
    expect(expectedSpans({ edits, expect: [{ file: FILE, start: 2, end: 3 }] })).toEqual([
      { file: FILE, start: 3, end: 4 },
    ]);
  });
});
