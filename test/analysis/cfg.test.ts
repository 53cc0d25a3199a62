import { describe, expect, it } from 'vitest';
import { graphOf, graphOfFile } from './cfg-text.ts';

describe('exceptions', () => {
  it('an exception runs a finally block of its own and goes on', () => {
    expect(graphOf('try { work(); } catch { return caught(); } finally { last(); } after();')).toEqual([
      'entry → work()',
      'work() → last(), throw caught()',
      'last()! → after()',
      'caught() → return caught(), throw last() #2',
      'after()! → exit',
      'return caught() → last() #3',
      'last() #2! → rethrow throw-exit',
      'last() #3! → exit',
    ]);
  });

  it('a finally block that ends with a call is left after the call, not by its failure', () => {
    expect(graphOf('try { work(); } finally { class A { static one = shared(); } }')).toEqual([
      'entry → work()',
      'work() → shared(), throw shared() #2',
      'shared()! → exit',
      'shared() #2! → rethrow throw-exit',
    ]);
  });
});

describe('disposals', () => {
  it('a disposal runs on every way out and may fail', () => {
    expect(graphOf('using lock = take(); work();')).toEqual([
      'entry → take()',
      'take()! → declare lock',
      'declare lock → work()',
      'work() → dispose lock, throw dispose lock #2',
      'dispose lock! → exit',
      'dispose lock #2!',
    ]);
  });

  it('a failed disposal is caught around its block', () => {
    expect(graphOf('try { using lock = take(); } catch { failed(); }')).toEqual([
      'entry → take()',
      'take() → declare lock, throw failed()',
      'declare lock → dispose lock',
      'failed()! → exit',
      'dispose lock → exit, throw failed()',
    ]);
  });

  it('what was declared first is disposed of last, even if the disposal before it fails', () => {
    expect(graphOf('await using a = one(), b = two();')).toEqual([
      'entry → one()',
      'one()! → declare a',
      'declare a → two()',
      'two() → declare b, throw await dispose a',
      'declare b → await dispose b',
      'await dispose a!',
      'await dispose b → await dispose a #2, throw await dispose a',
      'await dispose a #2! → exit',
    ]);
  });
});

describe('iterations', () => {
  it('closing an iterator may fail', () => {
    expect(graphOf('for (const one of all()) { break; } after();')).toEqual([
      'entry → all()',
      'all()! → next all()',
      'next all() → true declare one, false close all(), throw close all() #2',
      'declare one → close all()',
      'close all()! → after()',
      'close all() #2! → rethrow throw-exit',
      'after()! → exit',
    ]);
  });

  it('the keys of an object have nothing to close that could fail', () => {
    expect(graphOf('for (const key in all()) { break; } after();')).toEqual([
      'entry → all()',
      'all()! → next all()',
      'next all() → true declare key, false close all(), throw close all() #2',
      'declare key → close all()',
      'close all() → after()',
      'close all() #2 → rethrow throw-exit',
      'after()! → exit',
    ]);
  });

  it('the target of a loop is evaluated in every turn', () => {
    expect(graphOf('for ({ v: at().one = other() } of all()) {}')).toEqual([
      'entry → all()',
      'all()! → next all()',
      'next all() → true at(), false close all(), throw close all() #2',
      'at() → other() nullish?, throw close all() #2',
      'close all()! → exit',
      'close all() #2! → rethrow throw-exit',
      'other() nullish? → true other(), false next all()',
      'other() → next all(), throw close all() #2',
    ]);
  });
});

describe('assignments', () => {
  it('a member is evaluated before the value', () => {
    expect(graphOf('at()[key()] = value();')).toEqual([
      'entry → at()',
      'at()! → key()',
      'key()! → value()',
      'value()! → at()[key()] = value()',
      'at()[key()] = value() → exit',
    ]);
  });

  it('a pattern is evaluated after the value: key, target, default', () => {
    expect(graphOf('({ [key()]: at().one = other() } = whole());')).toEqual([
      'entry → whole()',
      'whole()! → key()',
      'key()! → at()',
      'at()! → other() nullish?',
      'other() nullish? → true other(), false { [key()]: at().one = other() } = whole()',
      'other()! → { [key()]: at().one = other() } = whole()',
      '{ [key()]: at().one = other() } = whole() → exit',
    ]);
  });

  it('a pattern inside a pattern comes after its default', () => {
    expect(graphOf('[{ one: at().one } = other(), ...at().rest] = whole();')).toEqual([
      'entry → whole()',
      'whole()! → other() nullish?',
      'other() nullish? → true other(), false at()',
      'other()! → at()',
      'at()! → at() #2',
      'at() #2! → [{ one: at().one } = other(), ...at().rest] = whole()',
      '[{ one: at().one } = other(), ...at().rest] = whole() → exit',
    ]);
  });

  it('the default of a shorthand may be evaluated', () => {
    expect(graphOf('({ one = other() } = whole());')).toEqual([
      'entry → whole()',
      'whole()! → other() nullish?',
      'other() nullish? → true other(), false { one = other() } = whole()',
      'other()! → { one = other() } = whole()',
      '{ one = other() } = whole() → exit',
    ]);
  });

  it('the key of a binding comes before its default', () => {
    expect(graphOf('const { [key()]: value = other() } = whole();')).toEqual([
      'entry → whole()',
      'whole()! → key()',
      'key()! → other() nullish?',
      'other() nullish? → true other(), false declare { [key()]: value = other() }',
      'other()! → declare { [key()]: value = other() }',
      'declare { [key()]: value = other() } → exit',
    ]);
  });

  it('a default that is a method with a computed name may be evaluated', () => {
    expect(graphOf('const { value = { [key()]() {} } } = whole;')).toEqual([
      'entry → { [key()]() {} } nullish?',
      '{ [key()]() {} } nullish? → true key(), false declare { value = { [key()]() {} } }',
      'key()! → declare { value = { [key()]() {} } }',
      'declare { value = { [key()]() {} } } → exit',
    ]);
  });
});

describe('definitions', () => {
  it('a class evaluates its parent, then its keys, then what is static', () => {
    const members =
      'static { block(); } static [one()] = shared(); [two()] = own(); [three()]() { inner(); }';
    expect(graphOf(`class A extends parent() { ${members} }`)).toEqual([
      'entry → parent()',
      'parent()! → one()',
      'one()! → two()',
      'two()! → three()',
      'three()! → block()',
      'block()! → shared()',
      'shared()! → exit',
    ]);
  });

  it('a method is not run where it is defined, but its key is evaluated', () => {
    expect(graphOf('discard({ [key()]() { inner(); }, get [other()]() { return inner(); } });')).toEqual([
      'entry → key()',
      'key()! → other()',
      'other()! → discard({ [key()]() { inner(); }, get [other()]() { return inner(); } })',
      'discard({ [key()]() { inner(); }, get [other()]() { return inner(); } })! → exit',
    ]);
  });

  it('a namespace inside a namespace runs with the file', () => {
    expect(graphOfFile('namespace A.B { work(); }')).toEqual(['entry → work()', 'work()! → exit']);
  });

  it('an enum evaluates its members', () => {
    expect(graphOfFile('enum A { one = first(), two = second() }')).toEqual([
      'entry → first()',
      'first()! → second()',
      'second()! → exit',
    ]);
  });
});

describe('optional chains', () => {
  it('an exclamation mark does not end a chain', () => {
    expect(graphOf('o?.a!.b(first());')).toEqual([
      'entry → o nullish?',
      'o nullish? → true pick undefined, false first()',
      'pick undefined → exit',
      'first()! → o?.a!.b(first())',
      'o?.a!.b(first())! → exit',
    ]);
  });

  it('parentheses end a chain', () => {
    expect(graphOf('(o?.a).b(first());')).toEqual([
      'entry → o nullish?',
      'o nullish? → true pick undefined, false first()',
      'pick undefined → first()',
      'first()! → (o?.a).b(first())',
      '(o?.a).b(first())! → exit',
    ]);
  });
});
