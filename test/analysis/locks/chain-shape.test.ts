import { describe, expect, test } from 'vitest';
import { chainShape, isChainSlot } from '../../../src/analysis/locks/chain-shape.ts';
import { ts } from '../../../src/syntax/ts.ts';
import { nodesIn, parse } from './parts.ts';

/** The fields of the class in a text that are promise chains. */
function chains(members: string): readonly string[] {
  const fields = nodesIn(parse(`class C { ${members} }`), ts.isPropertyDeclaration);
  return fields.filter(isChainSlot).map(({ name }) => name.getText());
}

/** The methods by which the class in a text is taken as a lock. */
function methods(members: string): readonly string[] | undefined {
  const [cls] = nodesIn(parse(`class C { ${members} }`), ts.isClassDeclaration);
  return cls && chainShape(cls)?.scoped;
}

const CHAINED = 'run(t) { const r = this.tail.then(t); this.tail = r.catch(noop); return r; }';
const REPLACED = 'this.tail = new Promise((r) => { done = r; });';

describe('a field is a promise chain', () => {
  test.each([
    'tail; add(t) { this.tail = this.tail.then(t); }',
    '#tail; add(t) { return (this.#tail = this.#tail.then(t, t)); }',
    'tail; add(t) { this.tail = this.tail.catch(noop).finally(() => t()); }',
    `tail; ${CHAINED}`,
    `tail; async run(t) { const before = this.tail; let done; ${REPLACED} await before; t(); done(); }`,
    'tail; async run(t) { const before = this.tail; const { promise, resolve } = Promise.withResolvers(); this.tail = promise; await before; t(); resolve(); }',
    'tail; async run(t) { const before = this.tail; let done; const next = new Promise((r) => { done = r; }); this.tail = before.then(() => next); await before; t(); done(); }',
  ])('%s', (members) => {
    expect(chains(members)).toHaveLength(1);
  });
});

describe('a field is no promise chain', () => {
  test.each([
    ['it goes on from nothing', 'ready; start() { this.ready = load().then(use); }'],
    ['it goes on from another field', 'a; b; go(t) { this.a = this.b.then(t); }'],
    ['nothing runs on it', 'tail; calm() { this.tail = this.tail.catch(noop); }'],
    ['it is a memo', 'ready; get() { this.ready ??= load(); return this.ready; }'],
    [
      'others come between the read and the write',
      `tail; async run() { const before = this.tail; await pause(); let done; ${REPLACED} await before; done(); }`,
    ],
    [
      'others come between the link and the write',
      'tail; async run(t) { const r = this.tail.then(t); await r; this.tail = r; }',
    ],
    ['what was there before is not kept', `tail; async run() { let done; ${REPLACED} done(); }`],
    [
      'nobody can let the next one go on',
      'tail; run() { const before = this.tail; this.tail = new Promise(noop); return before; }',
    ],
  ])('%s', (_, members) => {
    expect(chains(members)).toEqual([]);
  });
});

describe('a class is a lock', () => {
  test('when it runs what it is handed on a chain, and does nothing else', () => {
    expect(methods(`tail; ${CHAINED}`)).toEqual(['run']);
    expect(methods(`tail; get size() { return 1; } ${CHAINED} async flush() { await this.tail; }`)).toEqual([
      'run',
    ]);
  });

  test('not when it has work of its own', () => {
    expect(methods(`tail; ${CHAINED} save() { return this.run(write); }`)).toBeUndefined();
    expect(methods('tail; save() { this.tail = this.tail.then(() => write()); }')).toBeUndefined();
  });

  test('not without a chain', () => {
    expect(methods('tail; run(t) { return this.tail.then(t); }')).toBeUndefined();
  });
});

/** The variables of a text that are promise chains. */
function chainVariables(text: string): readonly string[] {
  return nodesIn(parse(text), ts.isVariableDeclaration)
    .filter(isChainSlot)
    .map(({ name }) => name.getText());
}

describe('a variable of a function is a promise chain if what goes on with it is handed out', () => {
  test.each([
    'function make() { let tail; return (t) => { const r = tail.then(t); tail = r.catch(noop); return r; }; }',
    'function make() { let tail; const run = (t) => (tail = tail.then(t)); return { run }; }',
    'function make() { let tail; function run(t) { tail = tail.then(t); } return { go: run }; }',
    'const make = () => { let tail; return { run(t) { tail = tail.then(t); } }; };',
  ])('%s', (text) => {
    expect(chainVariables(text)).toEqual(['tail']);
  });

  test.each([
    'function all(list) { let tail; for (const t of list) tail = tail.then(t); return tail; }',
    'function all(list) { let tail; list.forEach((t) => { tail = tail.then(t); }); return tail; }',
    'function all(list) { let tail; const add = (t) => (tail = tail.then(t)); list.forEach(add); return tail; }',
  ])('and none otherwise: %s', (text) => {
    expect(chainVariables(text)).toEqual([]);
  });
});
