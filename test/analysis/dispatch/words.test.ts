import { describe, expect, it } from 'vitest';
import { declarationOf, wholeWord } from '../../../src/analysis/dispatch/words.ts';

describe('wholeWord', () => {
  it.each([
    ['stop', 'p.stop()', true],
    ['stop', "p['stop']()", true],
    ['stop', 'stopped', false],
    ['stop', '$stop', false],
    ['stop', 'étstop', false],
    ['#stop', 'this.#stop()', true],
    ['$stop', 'p.$stop()', true],
  ])('%s in %s: %s', (word, text, expected) => {
    expect(new RegExp(wholeWord(word), 'u').test(text)).toBe(expected);
  });
});

describe('declarationOf', () => {
  it.each([
    'export class P {',
    'interface P {',
    'type P = {',
    'async function P() {',
    'function* P() {',
    'function *P() {',
    'let a = 1, P = 2;',
    'const P: T = x;',
    'declare namespace P {',
  ])('finds %s', (text) => {
    expect(declarationOf('P').test(text)).toBe(true);
  });

  it.each(['import { a, P } from "./p.ts";', 'new P();', 'run(a, P);', 'class Pool {'])(
    'passes over %s',
    (text) => {
      expect(declarationOf('P').test(text)).toBe(false);
    },
  );
});
