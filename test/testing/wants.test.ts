import { describe, expect, it } from 'vitest';
import { matchWants, parseWants, type Wantable } from '../../src/testing/wants.ts';

function wantsOf(text: string) {
  const { wants, problems } = parseWants(text);
  return {
    wants: wants.map(({ line, ruleId, messageId, pattern }) => [line, ruleId, messageId, pattern.source]),
    problems,
  };
}

describe('parseWants', () => {
  it('reads an expectation about its own line', () => {
    expect(wantsOf('a();\nb(); // want lock-order "while holding Workspace\\\\.clientsMu"')).toEqual({
      wants: [[2, 'lock-order', undefined, 'while holding Workspace\\.clientsMu']],
      problems: [],
    });
  });

  it('reads an expectation about the next line', () => {
    expect(wantsOf('// want-below lock-order "x"\na();').wants).toEqual([[2, 'lock-order', undefined, 'x']]);
  });

  it('takes several lines of expectations to be about the first line after them', () => {
    const text = '// want-below lock-order "x"\n  // want-below lock-cycle "y"\r\na();';
    expect(wantsOf(text).wants.map(([line]) => line)).toEqual([3, 3]);
  });

  it.each([
    ['a(); // want r "x" // want s "y"'],
    ['a(); // want r "x" s "y"'],
    ['a(); // want r "x"   //want s "y"  '],
  ])('reads several expectations in %j', (text) => {
    expect(wantsOf(text)).toEqual({
      wants: [
        [1, 'r', undefined, 'x'],
        [1, 's', undefined, 'y'],
      ],
      problems: [],
    });
  });

  it('reads a message id', () => {
    expect(wantsOf('a(); // want lock-order/contradictsOrder ""').wants).toEqual([
      [1, 'lock-order', 'contradictsOrder', '(?:)'],
    ]);
  });

  it.each([
    ['a quote', '"say \\"hi\\""', 'say "hi"'],
    ['a backslash of the expression', '"a\\.b"', 'a\\.b'],
    ['a doubled backslash', '"a\\\\.b"', 'a\\.b'],
  ])('unescapes %s', (_, quoted, source) => {
    expect(wantsOf(`// want r ${quoted}`).wants).toEqual([[1, 'r', undefined, source]]);
  });

  it.each([
    ['// want lock-order', 'malformed expectation: write // want RULE "regex"'],
    ['// want', 'empty expectation: write // want RULE "regex"'],
    ['// want lock-order x', 'malformed expectation: write // want RULE "regex"'],
    ['// want lock-order "x" and more', 'malformed expectation: write // want RULE "regex"'],
    ["// want lock-order 'x'", 'malformed expectation: write // want RULE "regex"'],
    ['// want r "("', 'malformed regular expression: Invalid regular expression: /(/: Unterminated group'],
  ])('refuses %j', (text, message) => {
    expect(wantsOf(text)).toEqual({ wants: [], problems: [{ line: 1, message }] });
  });

  it.each([['// wanted: a rule'], ["const url = 'http://want.example';"], ['// as you want']])(
    'leaves %j alone',
    (text) => {
      expect(wantsOf(text)).toEqual({ wants: [], problems: [] });
    },
  );
});

describe('matchWants', () => {
  const finding: Wantable = { line: 1, ruleId: 'r', messageId: 'm', message: 'acquires A.mu' };

  it('pairs a finding with the expectation that it meets', () => {
    const { wants } = parseWants('// want r/m "A\\.mu$"');
    expect(matchWants(wants, [finding])).toEqual({ missing: [], unexpected: [] });
  });

  it.each([
    ['the line', '\n// want r "A"'],
    ['the rule', '// want s "A"'],
    ['the message id', '// want r/n "A"'],
    ['the message', '// want r "B"'],
  ])('fails on both sides when %s differs', (_, text) => {
    const { wants } = parseWants(text);
    expect(matchWants(wants, [finding])).toEqual({ missing: wants, unexpected: [finding] });
  });

  it('uses each expectation once', () => {
    const { wants } = parseWants('// want r "A"');
    expect(matchWants(wants, [finding, finding])).toEqual({ missing: [], unexpected: [finding] });
  });
});
