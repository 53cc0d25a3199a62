import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lex } from '../../../src/analysis/sql/lexer.ts';
import { GENERIC, MYSQL, POSTGRES } from '../../../src/analysis/sql/lexical-rules.ts';

const library = await import('libpg-query');
await library.loadModule();

/** Spans of everything but operators, which PostgreSQL's scanner joins and ours does not. */
function ownSpans(sql: string): string[] | undefined {
  const { tokens, broken } = lex(sql, POSTGRES);
  if (broken) return undefined;
  return tokens.filter((token) => token.kind !== 'op').map((token) => `${token.start}-${token.end}`);
}

function scannerSpans(sql: string): string[] | undefined {
  let tokens: ReturnType<typeof library.scanSync>['tokens'];
  try {
    ({ tokens } = library.scanSync(sql));
  } catch {
    return undefined;
  }
  return tokens
    .filter(({ text, tokenName }) => !/COMMENT/.test(tokenName) && /^[\w"']|^\.\d|^\$./.test(text))
    .map(({ start, end }) => `${start}-${end}`);
}

describe('lex', () => {
  it.each([
    ["SELECT 'a''b', E'a\\'b', e'\\\\', N'x', B'01', X'ff', U&'\\0041', U&\"x\"\"y\""],
    ["SELECT E'a'\n'\\'b' -- c\n\n'd', 'a' /* c */\n 'b'"],
    ['SELECT $$a$b$$, $t$ $$ $t$, $1, a$b$c'],
    ['SELECT 1 /* a /* b */ c */ + 2 -- end\n- 3'],
    ['SELECT a.b."C d", t1.x1::text, 1.5e10, .5, x<=-1'],
  ])('cuts as the scanner of PostgreSQL does: %s', (sql) => {
    expect(ownSpans(sql)).toEqual(scannerSpans(sql));
  });

  it('cuts random text as the scanner of PostgreSQL does', () => {
    const piece = fc.constantFrom(
      ...[
        "'",
        "''",
        '"',
        '""',
        '\\',
        '$$',
        '$t$',
        '$1',
        '--',
        '/*',
        '*/',
        '\n',
        ' ',
        ';',
        '(',
        ')',
        ',',
        '.',
      ],
      ...[
        'a',
        'E',
        "E'",
        "n'",
        'U&',
        'insert',
        'Tab_1',
        ' 12 ',
        ' 1.5 ',
        '+',
        '=',
        '[',
        ']',
        '::',
        '?',
        '#',
        '@',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const sql = pieces.join('');
        const expected = scannerSpans(sql);
        // Where the scanner refuses a text, ours may still cut it: the grammar decides.
        if (sql.trim() !== '' && expected !== undefined) expect(ownSpans(sql)).toEqual(expected);
      }),
      { numRuns: 3_000, seed: 20_260_101 },
    );
  });

  it.each<[string, typeof GENERIC, string[]]>([
    ['a = ?', GENERIC, ['a', '=', '?']],
    ['a ?| b ?& c', GENERIC, ['a', '?', '|', 'b', '?', '&', 'c']],
    ['a || ?||?', GENERIC, ['a', '|', '|', '?', '|', '|', '?']],
    ['x::int = :id', GENERIC, ['x', ':', ':', 'int', '=', ':id']],
    ['a @> @b', GENERIC, ['a', '@', '>', '@b']],
    ['t.[a b] [c]', GENERIC, ['t', '.', '[a b]', '[c]']],
    ['ARRAY[[1], [2]] || a[1]', GENERIC, 'ARRAY [ [ 1 ] , [ 2 ] ] | | a [ 1 ]'.split(' ')],
    ["'a\\'b' # x\n c", MYSQL, ["'a\\'b'", 'c']],
    ['a--1 -- x', MYSQL, ['a', '-', '-', '1']],
    ['/* /* */ a', MYSQL, ['a']],
  ])('cuts %s', (sql, rules, expected) => {
    expect(lex(sql, rules).tokens.map((token) => token.text)).toEqual(expected);
  });
});
