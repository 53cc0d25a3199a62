import { expect, test } from 'vitest';
import { filesWithChains } from '../../../src/analysis/locks/chain-texts.ts';

function holds(text: string): boolean {
  const program = { filesWith: () => ['a.ts'], text: () => text };
  return filesWithChains(program).length > 0;
}

test.each([
  'this.tail = this.tail.then(work);',
  'return (this.#tail = this.#tail.then(work));',
  'const r = this.tail\n  .then(work);\nthis.tail = r;',
  'const before = this.tail;\nthis.tail = promise;',
  'const before = this.tails.get(key);\nthis.tails.set(key, before.then(work));',
  'this.#tails[key] = this.#tails[key].then(work);',
  'let tail = Promise.resolve();\ntail = tail.then(work);',
  '  let tail = Promise.resolve();\n  return (work) => (tail = tail.then(work));',
  'const tails = new Map();\nconst before = tails.get(key);\ntails.set(key, before.then(work));',
  'export let turn = first;\nconst before = turn;\nturn = next;',
])('what is read and written back is worth a look: %s', (text) => {
  expect(holds(text)).toBe(true);
});

test.each([
  'load().then(work);',
  'this.tail.then(work);',
  'this.a.then(work); this.b = 1;',
  'const before = this.tail; if (this.tail === before) stop();',
  'const before = this.tails.get(key); this.others.set(key, before);',
  'let tail = load();\nshow(tail);',
])('one that is only read, or only written, is not: %s', (text) => {
  expect(holds(text)).toBe(false);
});
