import { describe, expect, it } from 'vitest';
import { plain } from '../../src/cli/terminal.ts';
import { codeFrame } from '../../src/report/frame.ts';

function frame(text: string, line: number, column: number, endLine: number, endColumn: number): string[] {
  return codeFrame(text, { line, column, endLine, endColumn }, plain);
}

describe('codeFrame', () => {
  it('shows the line in its context, and marks the stretch', () => {
    expect(frame('one();\nawait two();\nthree();\nfour();\n', 2, 7, 2, 10)).toEqual([
      '  1 │ one();',
      '▸ 2 │ await two();',
      '    │       ~~~',
      '  3 │ three();',
    ]);
  });

  it('marks every line of a stretch over several', () => {
    expect(frame('a();\nb(\n  c,\n);\nd();\n', 2, 1, 4, 2)).toEqual([
      '  1 │ a();',
      '▸ 2 │ b(',
      '▸ 3 │   c,',
      '▸ 4 │ );',
      '  5 │ d();',
    ]);
  });

  it('leaves out the middle of a long stretch', () => {
    const text = Array.from({ length: 12 }, (_, index) => `line${index + 1}`).join('\n');
    expect(frame(text, 1, 1, 12, 3)).toEqual([
      '▸  1 │ line1',
      '▸  2 │ line2',
      '▸  3 │ line3',
      '     ┆',
      '▸ 12 │ line12',
    ]);
  });

  it('keeps the mark under tabs and wide characters', () => {
    expect(frame('\tconst 数 = "👩‍👧"; take(ü);\n', 1, 21, 1, 25)).toEqual([
      '▸ 1 │   const 数 = "👩‍👧"; take(ü);',
      '    │                    ~~~~',
      '  2 │',
    ]);
  });

  it('does not show line ends', () => {
    expect(frame('a();\r\nb();\r\n', 1, 1, 1, 4)).toEqual(['▸ 1 │ a();', '    │ ~~~', '  2 │ b();']);
  });

  it('marks an empty stretch with one mark', () => {
    expect(frame('ab', 1, 2, 1, 2)).toEqual(['▸ 1 │ ab', '    │  ~']);
  });

  it('shows the neighbourhood of the mark in a very long line', () => {
    const text = `${'x'.repeat(500)}MARK${'y'.repeat(500)}`;
    expect(frame(text, 1, 501, 1, 505)).toEqual([
      `▸ 1 │ …${'x'.repeat(20)}MARK${'y'.repeat(96)}…`,
      `    │ ${' '.repeat(21)}~~~~`,
    ]);
  });

  it('shows control characters instead of obeying them', () => {
    expect(frame('a("\u001b[2J");', 1, 1, 1, 2)[0]).toBe('▸ 1 │ a("␛[2J");');
  });

  it.each([[0], [9]])('is empty for line %i of a shorter text', (line) => {
    expect(frame('a();', line, 1, line, 2)).toEqual([]);
  });
});
