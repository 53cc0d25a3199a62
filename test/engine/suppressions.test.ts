import { describe, expect, it } from 'vitest';
import {
  applySuppressions,
  type Comment,
  type Directives,
  readDirectives,
} from '../../src/engine/suppressions.ts';

const FILE = '/repo/src/a.ts';

/** Comments of a text without strings, so that a pattern will do in place of a syntax tree. */
function read(text: string): Directives {
  const comments: Comment[] = [...text.matchAll(/\/\/[^\r\n]*|\/\*[\s\S]*?\*\//g)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    text: match[0],
  }));
  return readDirectives({ file: FILE, text, comments });
}

/** A finding at the first place where the text holds a word. */
function findingAt(text: string, word: string, ruleId = 'lock-order') {
  const start = text.indexOf(word);
  return { ruleId, at: { file: FILE, start, end: start + word.length } };
}

const known = new Set(['lock-order', 'lock-callback']);

function apply(text: string, findings: readonly ReturnType<typeof findingAt>[], ran = known) {
  const { suppressions } = read(text);
  return applySuppressions({ findings, suppressions, known, ran: (ruleId) => ran.has(ruleId) });
}

describe('readDirectives', () => {
  it.each([
    ['a line comment', '// ws-gate-disable-next-line lock-order -- internal only'],
    ['a block comment', '/* ws-gate-disable-next-line lock-order -- internal only */'],
    ['a block over lines', '/*\n * ws-gate-disable-next-line lock-order -- internal\n * only\n */'],
    ['a JSX comment', '{/* ws-gate-disable-next-line lock-order -- internal only */}'],
  ])('reads %s', (_, comment) => {
    const { suppressions, reports } = read(`${comment}\ncode();`);
    expect(suppressions.map(({ rules, reason }) => ({ rules, reason }))).toEqual([
      { rules: ['lock-order'], reason: 'internal only' },
    ]);
    expect(reports).toEqual([]);
  });

  it('reads several rules', () => {
    const { suppressions } = read(
      '// ws-gate-disable-next-line lock-order, lock-callback -- reviewed -- twice\nx();',
    );
    expect(suppressions.map(({ rules, reason }) => ({ rules, reason }))).toEqual([
      { rules: ['lock-order', 'lock-callback'], reason: 'reviewed -- twice' },
    ]);
  });

  it.each([
    ['no separator', 'lock-order'],
    ['nothing after the separator', 'lock-order --'],
    ['blanks after the separator', 'lock-order --   '],
  ])('reports a suppression with %s', (_, rest) => {
    const { reports } = read(`// ws-gate-disable-next-line ${rest}\nx();`);
    expect(reports).toEqual([
      {
        messageId: 'suppressionWithoutReason',
        at: { file: FILE, start: 0, end: `// ws-gate-disable-next-line ${rest}`.length },
        data: { rules: 'lock-order' },
      },
    ]);
  });

  it('reports a suppression of everything', () => {
    const { reports } = read('// ws-gate-disable-next-line -- because\nx();');
    expect(reports.map(({ messageId }) => messageId)).toEqual(['suppressionWithoutRule']);
  });

  it('reads an escape hatch, and reports it when the reason is missing', () => {
    const { hatches, reports } = read(
      'a(); // ws-gate: idempotent-by-design -- the ids are derived, see #12\nb(); // ws-gate: idempotent-by-design',
    );
    expect(hatches.map(({ name, reason }) => [name, reason])).toEqual([
      ['idempotent-by-design', 'the ids are derived, see #12'],
      ['idempotent-by-design', ''],
    ]);
    expect(reports).toEqual([
      {
        messageId: 'hatchWithoutReason',
        at: { file: FILE, start: 75, end: 107 },
        data: { hatch: 'idempotent-by-design' },
      },
    ]);
  });

  it('asks no reason of the markers of an atomic section', () => {
    const { hatches, reports } = read('// ws-gate: atomic-begin\nx();\n// ws-gate: atomic-end');
    expect([hatches.map(({ name }) => name), reports]).toEqual([['atomic-begin', 'atomic-end'], []]);
  });

  it.each([
    ['// ws-gate: atomic-bgin', 'ws-gate: atomic-bgin', ' (did you mean "ws-gate: atomic-begin"?)'],
    [
      '// ws-gate-disable-nextline lock-order -- x',
      'ws-gate-disable-nextline',
      ' (did you mean "ws-gate-disable-next-line"?)',
    ],
    ['// ws-gate: nonsense', 'ws-gate: nonsense', ''],
  ])('reports the unknown directive in %j', (text, directive, hint) => {
    expect(read(text).reports.map(({ messageId, data }) => [messageId, data?.directive, data?.hint])).toEqual(
      [['unknownDirective', directive, hint]],
    );
  });

  it.each([['// see ws-gate: nonsense'], ['// ws-gate is a gate'], ['// eslint-disable-next-line x']])(
    'leaves %j alone',
    (text) => {
      expect(read(`${text}\nx();`)).toEqual({ suppressions: [], hatches: [], reports: [] });
    },
  );
});

describe('applySuppressions', () => {
  it('takes out what starts on the next line, and keeps the reason', () => {
    const text = '// ws-gate-disable-next-line lock-order -- reviewed\nfirst(\n  second());';
    const first = findingAt(text, 'first');
    const second = findingAt(text, 'second');
    expect(apply(text, [first, second])).toEqual({
      kept: [second],
      suppressed: [{ finding: first, reason: 'reviewed' }],
      reports: [],
    });
  });

  it.each([
    ['blank lines', '// ws-gate-disable-next-line lock-order -- r\n\n  \t\ncode();'],
    ['other comments', '// ws-gate-disable-next-line lock-order -- r\n// more\n/* and\n more */\ncode();'],
    [
      'a second suppression',
      '// ws-gate-disable-next-line lock-order -- r\n// ws-gate-disable-next-line lock-callback -- r\ncode();',
    ],
    ['another JSX comment', '{/* ws-gate-disable-next-line lock-order -- r */}\n  { /* more */ }\n<code />'],
    ['CRLF line ends', '// ws-gate-disable-next-line lock-order -- r\r\n\r\ncode();\r\n'],
    ['code before the comment', 'x(); // ws-gate-disable-next-line lock-order -- r\ncode();'],
    ['a comment before the code', '// ws-gate-disable-next-line lock-order -- r\n/* c */ code();'],
  ])('reaches over %s', (_, text) => {
    const finding = findingAt(text, 'code');
    expect(apply(text, [finding]).suppressed).toEqual([{ finding, reason: 'r' }]);
  });

  it.each([
    ['the same line', 'code(); // ws-gate-disable-next-line lock-order -- r\nx();'],
    ['the line after the next', '// ws-gate-disable-next-line lock-order -- r\nx();\ncode();'],
    ['a line before', 'code();\n// ws-gate-disable-next-line lock-order -- r'],
    ['another rule', '// ws-gate-disable-next-line lock-callback -- r\ncode();'],
  ])('does not reach %s', (_, text) => {
    const finding = findingAt(text, 'code');
    expect(apply(text, [finding]).kept).toEqual([finding]);
  });

  it('silences nothing without a reason, and is then not called unused', () => {
    const text = '// ws-gate-disable-next-line lock-order\ncode();';
    const finding = findingAt(text, 'code');
    expect(apply(text, [finding])).toEqual({ kept: [finding], suppressed: [], reports: [] });
  });

  it('does not reach another file', () => {
    const text = '// ws-gate-disable-next-line lock-order -- r\ncode();';
    const { at, ruleId } = findingAt(text, 'code');
    const elsewhere = { ruleId, at: { ...at, file: '/repo/src/b.ts' } };
    expect(apply(text, [elsewhere]).kept).toEqual([elsewhere]);
  });

  it('reports each rule that suppressed nothing, if it ran', () => {
    const text = '// ws-gate-disable-next-line lock-order, lock-callback -- r\ncode();';
    const finding = findingAt(text, 'code');
    const at = { file: FILE, start: 0, end: text.indexOf('\n') };
    const unused = (rule: string) => ({
      messageId: 'unusedSuppression',
      at,
      data: { kind: 'suppression of', rule },
    });
    expect(apply(text, [finding]).reports).toEqual([unused('lock-callback')]);
    expect(apply(text, []).reports).toEqual([unused('lock-order'), unused('lock-callback')]);
    expect(apply(text, [], new Set(['lock-order'])).reports).toEqual([unused('lock-order')]);
  });

  it('reports an unknown rule, whatever ran', () => {
    const text = '// ws-gate-disable-next-line lock-ordr -- r\ncode();';
    expect(apply(text, [], new Set()).reports).toEqual([
      {
        messageId: 'unknownRuleInSuppression',
        at: { file: FILE, start: 0, end: text.indexOf('\n') },
        data: { rule: 'lock-ordr', hint: ' (did you mean "lock-order"?)' },
      },
    ]);
  });

  it('never silences gate-integrity, and reports the attempt', () => {
    const text = '// ws-gate-disable-next-line gate-integrity -- r\ncode();';
    const finding = findingAt(text, 'code', 'gate-integrity');
    const { kept, reports } = apply(text, [finding]);
    expect([kept, reports.map(({ messageId }) => messageId)]).toEqual([
      [finding],
      ['suppressionOfIntegrity'],
    ]);
  });
});
