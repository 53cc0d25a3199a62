import { describe, expect, test } from 'vitest';
import {
  acquiringMethods,
  BUILTIN_PRIMITIVES,
  builtinPrimitivesOf,
  CALL,
  findPrimitive,
  lockTypeNames,
  lockWords,
  triggersOf,
} from '../../../src/analysis/locks/primitives.ts';
import type { LockPrimitive } from '../../../src/config/types.ts';

const find = (module: string, type: string): LockPrimitive | undefined =>
  findPrimitive(BUILTIN_PRIMITIVES, module, type);

describe('a lock API is found', () => {
  test.each([
    ['async-mutex', 'Mutex', 'runExclusive'],
    ['await-lock', 'AwaitLock', undefined],
    ['await-lock', 'default', undefined],
    ['async-lock', 'AsyncLock', 'acquire'],
    ['es-toolkit/promise', 'Mutex', undefined],
    ['ws-gate/locks', 'KeyedMutex', 'runExclusive'],
    ['ws-gate', 'KeyedMutex', 'runExclusive'],
  ])('%s: %s', (module, type, scoped) => {
    const primitive = find(module, type);
    expect(primitive).toBeDefined();
    expect(primitive?.scoped?.[0]).toBe(scoped);
  });

  test.each([
    ['async-mutex', 'Queue'],
    ['async-semaphore', 'Semaphore'],
    ['await-lock', 'AsyncLock'],
    ['lib', 'Mutex'],
    ['global', 'Mutex'],
    ['./mutex.ts', 'Mutex'],
    ['node:worker', 'Mutex'],
    ['some-mutex', 'MutexOptions'],
  ])('and not %s: %s', (module, type) => {
    expect(find(module, type)).toBeUndefined();
  });

  test.each([
    ['some-mutex', 'Mutex'],
    ['@acme/sync', 'AsyncMutex'],
  ])('by its name alone in a package that nobody has described: %s: %s', (module, type) => {
    const primitive = find(module, type);
    expect(BUILTIN_PRIMITIVES).not.toContain(primitive);
    expect([primitive?.acquire, primitive?.scoped]).toEqual([
      ['acquire', 'lock'],
      ['runExclusive', 'withLock'],
    ]);
  });

  test('by its package where the module is a subpath of a scoped one', () => {
    const own: LockPrimitive = { module: '@acme/sync/lock', type: 'Latch', acquire: ['enter'] };
    expect(findPrimitive([own], '@acme/sync', 'Latch')).toBe(own);
    expect(findPrimitive([own], '@acme', 'Latch')).toBeUndefined();
  });

  test('never by its type alone: a class of the project is known by its declaration', () => {
    const own: LockPrimitive = { type: 'Latch', acquire: ['enter'] };
    expect(findPrimitive([own], 'anywhere', 'Latch')).toBeUndefined();
  });

  test('of the project’s config before the built-in one', () => {
    const own: LockPrimitive = { module: 'async-mutex', type: 'Mutex', reentrant: true };
    expect(findPrimitive([own, ...BUILTIN_PRIMITIVES], 'async-mutex', 'Mutex')).toBe(own);
  });
});

describe('a file is worth a look', () => {
  test('for every method by which a lock of the config is taken', () => {
    const own: LockPrimitive = {
      type: 'Latch',
      acquire: ['enter'],
      acquireShared: ['enterShared'],
      scoped: ['within'],
      scopedShared: ['withinShared'],
      try: ['attempt'],
      release: ['leave'],
    };
    const methods = acquiringMethods([own]);
    const taking = ['enter', 'enterShared', 'within', 'withinShared', 'attempt'];
    expect(taking.filter((name) => !methods.has(name))).toEqual([]);
    expect(methods.has('leave')).toBe(false);
    // A short everyday name counts as a member that is called.
    const words = lockWords([own]);
    expect(
      ['.enter(', 'enterShared', '.within(', 'withinShared', '.attempt('].filter(
        (word) => !words.includes(word),
      ),
    ).toEqual([]);
  });

  test('for web locks where they are asked for on `locks`', () => {
    const words = lockWords(BUILTIN_PRIMITIVES);
    expect(words.filter((word) => word.includes('request'))).toEqual(['locks.request(']);
    expect(words).toContain('acquire');
  });

  test('for the import of a lock whose methods are called as those of everything are', () => {
    const words = triggersOf([]);
    expect(words).toContain("from 'p-queue");
    expect(words).toContain('acquire');
    expect(words).not.toContain('.add(');
    expect(words).not.toContain(CALL);
  });

  test('for the names of lock types, a default export by the name that it usually has', () => {
    const names = lockTypeNames([...BUILTIN_PRIMITIVES, { type: 'default', module: 'own-lock' }]);
    expect(names).toContain('AwaitLock');
    expect(names).not.toContain('default');
    expect(names).toEqual([...new Set(names)].sort());
  });
});

test('a lock whose methods are called as those of everything are is known where its module is imported', () => {
  const modules = (named: readonly string[]): ReadonlySet<string | undefined> => {
    const program = {
      filesWith: (words: readonly string[]) =>
        named.filter((text) => words.some((word) => text.includes(word))),
    };
    return new Set(builtinPrimitivesOf(program).map(({ module }) => module));
  };
  expect(modules(["import PQueue from 'p-queue';"]).has('p-queue')).toBe(true);
  expect(modules(["import PQueue from 'p-queue';"]).has('p-limit')).toBe(false);
  expect(modules([]).has('p-queue')).toBe(false);
  expect(modules([]).has('async-mutex')).toBe(true);
});
