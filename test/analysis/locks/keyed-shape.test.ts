import { describe, expect, test } from 'vitest';
import {
  type FieldLocks,
  familyKey,
  isFamilyAlone,
  isKeyName,
} from '../../../src/analysis/locks/keyed-shape.ts';
import { ts } from '../../../src/syntax/ts.ts';
import { nodesIn, parse } from './parts.ts';

/** Fields by their types: `Keyed` is a family, `Mutex` one lock, and `Semaphore` has permits. */
const FIELDS: FieldLocks = {
  lockOf: ({ type, initializer }) => {
    const made = initializer?.getText();
    if (made === 'new Keyed()' || type?.getText() === 'Keyed')
      return { type: 'Keyed', scoped: ['run'], keyArg: 0 };
    return made === 'new Mutex()' ? { type: 'Mutex', acquire: ['acquire'] } : undefined;
  },
  elementOf: ({ initializer }) =>
    initializer?.getText().includes('Semaphore') ? { type: 'Semaphore', permitsArg: 0 } : undefined,
};

function classOf(members: string) {
  const [cls] = nodesIn(parse(`class C { ${members} }`), ts.isClassDeclaration);
  if (!cls) throw new Error('no class');
  return cls;
}

function keyOf(members: string): ReturnType<typeof familyKey> {
  const cls = classOf(members);
  const method = cls.members.find((member) => member.name?.getText() === 'acquire');
  if (!method || !ts.isMethodDeclaration(method)) throw new Error('no acquire');
  return familyKey(cls, method, FIELDS);
}

const MAP = '#m = new Map();';

describe('the key of a family is the parameter that is used as one', () => {
  test.each([
    [`${MAP} acquire(key) { return this.#m.get(key); }`, 0, undefined],
    ['m = {}; acquire(key) { return this.m[key]; }', 0, undefined],
    [
      `${MAP} acquire(fn, key) { return this.#of(key).run(fn); } #of(id) { return this.#m.get(id); }`,
      1,
      undefined,
    ],
    [`${MAP} acquire(key) { const id = key.trim(); return this.#m.get(\`x:\${id}\`); }`, 0, undefined],
    [`${MAP} acquire(keys) { for (const k of [...keys].sort()) this.#m.get(k); }`, 0, undefined],
    [`${MAP} acquire(room) { return this.#m.get(room.id); }`, 0, 'id'],
    [`${MAP} acquire({ id: key }) { return this.#m.get(key); }`, 0, 'id'],
    ['#k = new Keyed(); acquire(key, fn) { return this.#k.run(key, fn); }', 0, undefined],
  ])('%s', (members, index, member) => {
    expect(keyOf(members)).toEqual({ index, member });
  });

  test.each([
    ['no parameter', `${MAP} acquire() { return this.#m.get('all'); }`],
    ['how to wait', `${MAP} acquire(signal, waitMs) { this.#m.get(signal); this.#m.get(waitMs); }`],
    ['a waiter that is made for the call', `#m = new Set(); acquire(owner) { this.#m.add({ owner }); }`],
    [
      'a container that belongs to others',
      'm; constructor(m) { this.m = m; } acquire(key) { this.m.get(key); }',
    ],
    ['a method of the family that takes nothing', '#k = new Keyed(); acquire(key) { this.#k.count(key); }'],
  ])('and not %s', (_, members) => {
    expect(keyOf(members)).toBeUndefined();
  });

  test('two parameters together are no single key', () => {
    const joined = `${MAP} acquire(a, b) { return this.#m.get(a + b); }`;
    expect(keyOf(joined)).toBe('several');
    expect(keyOf(`${MAP} acquire(a, b) { this.#m.get(a); this.#m.get(b); }`)).toBe('several');
  });

  test('a name that says how to wait is no key', () => {
    expect(['timeoutMs', 'ms', 'signal', 'options'].filter(isKeyName)).toEqual([]);
    expect(['rooms', 'items', 'key'].filter(isKeyName)).toEqual(['rooms', 'items', 'key']);
  });
});

describe('a class is a family alone', () => {
  const alone = (members: string): boolean => isFamilyAlone(classOf(members), ['acquire'], FIELDS);
  const TAKING = `${MAP} async acquire(key) { await this.#m.get(key); }`;

  test('with members that look at what its locks are kept in', () => {
    expect(alone(`${TAKING} get size() { return this.#m.size; } evict() { this.#m.clear(); }`)).toBe(true);
    expect(alone(`#k = new Keyed(); acquire(key) { return this.#k.run(key); }`)).toBe(true);
  });

  test.each([
    ['that wait', `${TAKING} async drain() { await this.all(); }`],
    ['that take locks', `${TAKING} both(a, b) { return [this.acquire(a), this.count]; } count = 0;`],
    [
      'that are about other things',
      `${TAKING} balances = new Map(); balance(id) { return this.balances.get(id); }`,
    ],
  ])('but not with members %s', (_, members) => {
    expect(alone(members)).toBe(false);
  });

  test.each([
    ['one lock for all keys beside them', `${TAKING} mu = new Mutex();`],
    ['permits', '#m = new Map<string, Semaphore>(); acquire(key) { return this.#m.get(key); }'],
    [
      'two keys each',
      '#m = new Map<string, Map<string, Mutex>>(); acquire(key) { return this.#m.get(key); }',
    ],
    [
      'a family that others share',
      'k: Keyed; constructor(k) { this.k = k; } acquire(key) { return this.k.run(key); }',
    ],
  ])('but not if its locks have %s', (_, members) => {
    expect(alone(members)).toBe(false);
  });

  test('but not if it extends another', () => {
    const [cls] = nodesIn(parse(`class C extends B { ${TAKING} }`), ts.isClassDeclaration);
    expect(cls && isFamilyAlone(cls, ['acquire'], FIELDS)).toBe(false);
  });
});
