import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Kind, nameCode, tokensOf } from '../../src/syntax/tokens.ts';
import { SourceTree } from '../../src/syntax/tree.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** The texts of the tokens; `undefined` where a parser has to tell. */
function texts(text: string): readonly string[] | undefined {
  const tokens = tokensOf(text);
  if (!tokens) return undefined;
  return Array.from({ length: tokens.count }, (_, at) => text.slice(tokens.starts[at], tokens.ends[at]));
}

test.each<[string, string, string]>([
  ['comments', 'a /* b\n */ c // d\ne', 'a c e'],
  ['a line that tells what runs the file', '#!/usr/bin/env node\na', 'a'],
  ['private names and those of other alphabets', 'this.#größe', 'this . #größe'],
  ['numbers', '1.5e3 + .5 + 0xff_ff', '1.5e3 + .5 + 0xff_ff'],
  ['strings', `"a\\"b" + 'c"d'`, `"a\\"b" + 'c"d'`],
  ['operators', 'a?.b ?? c?.5:d => e >>>= f ** g ||= h', 'a ?. b ? ? c ? .5 : d => e >>>= f * * g ||= h'],
  ['the end of types before a value', 'let a: Map<b, c>= d', 'let a : Map < b , c > = d'],
  ['spread and steps', '[...a, b++, --c]', '[ ... a , b ++ , -- c ]'],
  ['comparisons', 'a !== b === c != d <= e', 'a !== b === c != d <= e'],
])('%s', (_, text, expected) => {
  expect(texts(text)?.join(' ')).toBe(expected);
});

test('a template is cut at its holes, which may hold templates', () => {
  const tokens = ['`a', '${', '{', 'b', ':', '`c', '${', 'd', '}', '}`', '}', '}', '}e`', ';'];
  expect(texts(['`a', '{{ b: `c', '{d}` }}e`;'].join('$'))).toEqual(tokens);
});

test.each<[string, readonly string[] | undefined]>([
  ['a / b / c', ['a', '/', 'b', '/', 'c']],
  ['(a) / b', ['(', 'a', ')', '/', 'b']],
  ['a! / b', ['a', '!', '/', 'b']],
  ['a.return / b', ['a', '.', 'return', '/', 'b']],
  ['a = /[/"]\\//g', ['a', '=', '/[/"]\\//g']],
  ['return /a/', ['return', '/a/']],
  ['!/a/.test(b)', ['!', '/a/', '.', 'test', '(', 'b', ')']],
  ['if (a) /b/.test(c)', ['if', '(', 'a', ')', '/b/', '.', 'test', '(', 'c', ')']],
  // An object that is divided, or a block before a regular expression.
  ['{} /a/ b', undefined],
  ['a++ / b', undefined],
  ["'a\nb'", undefined],
  ['(a', undefined],
  ['a)', undefined],
  ['{ a ]', undefined],
  ['`a', undefined],
  ['/* a', undefined],
  ['\\u0061', undefined],
])('what a slash is, and what only a parser can tell: %s', (text, expected) => {
  expect(texts(text)).toEqual(expected);
});

test('brackets know their partners', () => {
  const tokens = tokensOf('a([b])');
  expect([...(tokens?.codes.subarray(1, 6) ?? [])].filter((_, at) => at !== 2)).toEqual([5, 4, 2, 1]);
});

test('names are told by a number', () => {
  const tokens = tokensOf('first + second');
  expect([tokens?.codes[0], tokens?.codes[2]]).toEqual([nameCode('first'), nameCode('second')]);
});

test('in the sources of this package, the names are those that the parser finds', () => {
  const files = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(root, 'src', file));
  expect(files.length).toBeGreaterThan(300);
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const tokens = tokensOf(text);
    if (!tokens) continue;
    const found = new Set<number>();
    for (let at = 0; at < tokens.count; at += 1) {
      if (tokens.kinds[at] === Kind.name) found.add(tokens.starts[at] as number);
    }
    const { source } = new SourceTree(file, text);
    const visit = (node: Ts.Node): void => {
      if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) {
        const start = node.getStart(source);
        if (!found.has(start)) expect.fail(`${file}: ${node.text} at ${start} is no token`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
});
