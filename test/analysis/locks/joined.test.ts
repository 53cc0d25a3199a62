import { expect, test } from 'vitest';
import { isAwaitedLink } from '../../../src/analysis/locks/joined.ts';
import { ts } from '../../../src/syntax/ts.ts';
import { nodesIn, parse } from './parts.ts';

/** The calls of a text that are links of an awaited chain. */
function linksIn(text: string): string[] {
  return nodesIn(parse(`${text}; export {};`), ts.isCallExpression)
    .filter(isAwaitedLink)
    .map((call) => call.getText());
}

test('all calls of a chain that is awaited on the spot fail there', () => {
  expect(linksIn('await (work().then(f)).finally(g)')).toEqual([
    '(work().then(f)).finally(g)',
    'work().then(f)',
    'work()',
  ]);
});

test.each([
  ['without a chain', 'await work()'],
  ['of a promise that is kept', 'const p = work().then(f); await p'],
  ['of an argument', 'await all(work().then(f))'],
  ['of the object of another method', 'await work().start(f)'],
])('a call fails where it is made: %s', (_, text) => {
  expect(linksIn(text)).toEqual([]);
});
