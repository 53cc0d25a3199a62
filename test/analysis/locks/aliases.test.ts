import { describe, expect, test } from 'vitest';
import { type Aliases, aliasesOf, knownAs, NO_ALIASES } from '../../../src/analysis/locks/aliases.ts';
import type { Formals } from '../../../src/analysis/locks/paths.ts';
import { EMPTY_BINDINGS, type Value } from '../../../src/analysis/locks/values.ts';
import { SOURCE } from './parts.ts';

const callback: Value = {
  kind: 'closure',
  fn: SOURCE,
  captured: EMPTY_BINDINGS,
  self: undefined,
  bound: [],
};

function aliases(formals: Partial<Formals>, ofCaller: Aliases = NO_ALIASES): Aliases {
  return aliasesOf({ self: undefined, args: [], ...formals }, [callback], ofCaller);
}

describe('a callback knows an object by the name that its own function has for it', () => {
  test('the receiver', () => {
    expect(aliases({ self: 'this.users' })).toEqual([['this', '^this.users']]);
    expect(aliases({ self: 'g:3' })).toEqual([['this', 'g:3']]);
  });

  test('an argument', () => {
    expect(aliases({ args: [undefined, 'this.users'] })).toEqual([['p1', '^this.users']]);
  });

  test('by way of what it hangs on, if that is handed over, too', () => {
    expect(aliases({ self: 'this.users', args: ['this'] })).toEqual([['this', 'p0.users']]);
  });

  test('through one call after another', () => {
    expect(aliases({ self: 'this.inner' }, [['this', '^this.users']])).toEqual([
      ['this', '^^this.users.inner'],
    ]);
    expect(aliases({ self: 'this' }, [['this', '^this.users']])).toEqual([['this', '^^this.users']]);
  });
});

test('what is renamed together with all that hangs on it has one name', () => {
  expect(aliases({ self: 'this', args: ['v3', 'p0'] })).toEqual([]);
});

test('nobody knows a name for what is unknown, or too far away', () => {
  expect(aliases({ self: 'this.tables[?]', args: ['^^^this.users'] })).toEqual([]);
});

test('where no code is handed over nobody knows another name', () => {
  const object: Value = { kind: 'opaque', path: 'v1' };
  expect(aliasesOf({ self: 'this.users', args: ['v1'] }, [object], NO_ALIASES)).toEqual([]);
});

test('a function among the properties of an object is handed over, too', () => {
  const options: Value = { kind: 'object', path: 'n1', properties: new Map([['task', callback]]) };
  const found = aliasesOf({ self: 'this.users', args: ['n1'] }, [options], NO_ALIASES);
  expect(found).toEqual([['this', '^this.users']]);
});

test('a path goes by the known name of the object that it begins with', () => {
  const names: Aliases = [['this', '^this.users']];
  expect(['this', 'this.inner', 'thistle', 'p0'].map((path) => knownAs(path, names))).toEqual([
    '^this.users',
    '^this.users.inner',
    'thistle',
    'p0',
  ]);
});

test('so does the key that a path ends with', () => {
  const names: Aliases = [['p0', '^s3[<0]']];
  expect(['g:1[p0]', 'g:1[p01]', 'g:1[p0].mu', 'g:1'].map((path) => knownAs(path, names))).toEqual([
    'g:1[^s3[<0]]',
    'g:1[p01]',
    'g:1[p0].mu',
    'g:1',
  ]);
});
