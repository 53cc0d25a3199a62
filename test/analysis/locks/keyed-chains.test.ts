import { describe, expect, test } from 'vitest';
import { chainsShape } from '../../../src/analysis/locks/keyed-chains.ts';
import { ts } from '../../../src/syntax/ts.ts';
import { nodesIn, parse } from './parts.ts';

function shape(members: string): readonly unknown[] | undefined {
  const [cls] = nodesIn(parse(`class C { ${members} }`), ts.isClassDeclaration);
  const found = cls && chainsShape(cls);
  return found && [found.scoped, found.keyArg, found.keyMember];
}

const TAILS = 'tails = new Map();';
const READ = 'const before = this.tails.get(key) ?? Promise.resolve();';

describe('a class is a family of promise chains', () => {
  test.each([
    `${TAILS} run(key, t) { ${READ} const r = before.then(t); this.tails.set(key, r); return r; }`,
    'tails = {}; run(key, t) { const r = (this.tails[key] ?? done).then(t, t); this.tails[key] = r.catch(noop); return r; }',
    `${TAILS} async run(key, t) { ${READ} let done; this.tails.set(key, new Promise((r) => { done = r; })); await before; t(); done(); }`,
  ])('%s', (members) => {
    expect(shape(members)).toEqual([['run'], 0, undefined]);
  });

  test('with the key among options, and behind the task', () => {
    const body = (key: string) =>
      `const r = (this.tails.get(${key}) ?? done).then(t); this.tails.set(${key}, r); return r;`;
    expect(shape(`${TAILS} run(t, o) { ${body('o.id')} }`)).toEqual([['run'], 1, 'id']);
  });
});

describe('a class is none', () => {
  test.each([
    [
      'it keeps what is not done yet',
      `${TAILS} run(key, t) { const r = t(key); this.tails.set(key, r); return r; }`,
    ],
    [
      'it goes on from another container',
      `${TAILS} old = new Map(); run(key, t) { this.tails.set(key, this.old.get(key).then(t)); }`,
    ],
    [
      'others come between the read and the write',
      `${TAILS} async run(key, t) { ${READ} await pause(); this.tails.set(key, before.then(t)); }`,
    ],
    [
      'it has work of its own',
      `${TAILS} run(key, t) { ${READ} this.tails.set(key, before.then(t)); } async save() { await this.run('a', write); }`,
    ],
    [
      'nothing that is handed in runs on it',
      `${TAILS} save(key) { ${READ} this.tails.set(key, before.then(() => write())); }`,
    ],
  ])('since %s', (_, members) => {
    expect(shape(members)).toBeUndefined();
  });
});
