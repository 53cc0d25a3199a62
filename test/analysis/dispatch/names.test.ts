import { describe, expect, it } from 'vitest';
import { lastSegment, parseConfigName } from '../../../src/analysis/config-name.ts';
import { declaredNames, namesAround } from '../../../src/analysis/names.ts';
import { identifier, parse } from './support.ts';

describe('parseConfigName', () => {
  it.each([
    ['stop', { file: undefined, name: 'stop' }],
    ['Provisioner.stop', { file: undefined, name: 'Provisioner.stop' }],
    ['src/backend.ts#Provisioner.stop', { file: 'src/backend.ts', name: 'Provisioner.stop' }],
    ['Provisioner.#stop', { file: undefined, name: 'Provisioner.#stop' }],
    ['src/backend.ts#Provisioner.#stop', { file: 'src/backend.ts', name: 'Provisioner.#stop' }],
  ])('reads %s', (text, expected) => {
    expect(parseConfigName(text)).toEqual(expected);
  });
});

describe('lastSegment', () => {
  it('keeps the mark of a private member', () => {
    expect(['stop', 'a.b.stop', 'Provisioner.#stop'].map(lastSegment)).toEqual(['stop', 'stop', '#stop']);
  });
});

describe('declaredNames', () => {
  it.each([
    ['a function', 'function stop() {}', ['stop']],
    ['an arrow in a constant', 'const stop = () => {};', ['stop']],
    ['a wrapped arrow', 'const stop = traced(() => {});', ['stop']],
    [
      'members of a class',
      'class P { constructor(readonly x: X) {} stop() {} halt = () => {}; static all() {} }',
      ['P', 'P.constructor', 'P.stop', 'P.halt', 'P.all'],
    ],
    ['a private member', 'class P { #stop() {} }', ['P', 'P.#stop']],
    [
      'a class expression under the name of its constant',
      'const P = class Q { stop() {} };',
      ['P', 'P.stop'],
    ],
    ['members of an interface', 'interface P { stop(): void }', ['P', 'P.stop']],
    ['members of a type alias', 'type P = Named & { stop(): void };', ['P', 'P.stop']],
    ['members of an object', "const p = { stop() {}, 'halt': () => {} };", ['p', 'p.stop', 'p.halt']],
    ['members of an object that a call returns', 'const p = freeze({ stop() {} });', ['p', 'p.stop']],
    ['what a namespace holds', 'namespace N { export function stop() {} }', ['N', 'N.stop']],
    ['what a function holds', 'function f() { const stop = () => {}; }', ['f', 'f.stop']],
    ['a default export', 'export default () => {};', ['default']],
  ])('finds %s', (_, text, expected) => {
    expect([...declaredNames(parse(text)).keys()]).toEqual(expected);
  });

  it.each([
    ['an anonymous function', "on('exit', () => { const stop = () => {}; });"],
    ['a loose object', 'register({ stop() {} });'],
  ])('leaves out what %s declares', (_, text) => {
    expect([...declaredNames(parse(text)).keys()]).toEqual([]);
  });

  it('puts overloads and merged declarations under one name', () => {
    const names = declaredNames(parse('interface P { stop(): void } interface P { stop(id: string): void }'));
    expect(names.get('P.stop')).toHaveLength(2);
  });
});

describe('namesAround', () => {
  it('names what a place lies in, outermost first', () => {
    const source = parse('class P { stop() { const attempt = () => here; } }');
    expect(namesAround(identifier(source, 'here'))).toEqual(['P', 'P.stop', 'P.stop.attempt']);
  });

  it('goes through closures without a name', () => {
    const source = parse('const stop = traced(async () => { await here; });');
    expect(namesAround(identifier(source, 'here'))[0]).toBe('stop');
  });
});
