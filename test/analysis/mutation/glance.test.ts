import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { mayChange } from '../../../src/analysis/mutation/changes-inside.ts';
import { glanceAt } from '../../../src/analysis/mutation/glance.ts';
import { type Iteration, iterationAt } from '../../../src/analysis/mutation/iterations.ts';
import { resolveLocal } from '../../../src/syntax/scopes.ts';
import { SourceTree } from '../../../src/syntax/tree.ts';
import { type Ts, ts } from '../../../src/syntax/ts.ts';

const root = path.resolve(import.meta.dirname, '../../..');

const mayChangeIn = (text: string): boolean | undefined => glanceAt('main.ts', text)?.mayChange;

test.each<[string, string]>([
  ['names it', 'function f(xs: string[]) { for (const x of xs) xs.push(x); }'],
  [
    'names what it was taken from',
    'function f() { const xs = this.all; for (const x of xs) this.all.add(x); }',
  ],
  ['calls a function that names it', 'function f(xs) { const g = () => xs.pop(); for (const x of xs) g(); }'],
  [
    'calls something, and others have it at hand',
    'const xs = take(); function f() { for (const x of xs) g(x); }',
  ],
  ['calls something, and it was imported', "import { xs } from './a'; for (const x of xs) g(x);"],
  ['names a sibling in the pattern of a parameter', 'function f({ xs, y }) { for (const x of xs) y.go(x); }'],
  ['walks the entries', 'function f(m) { for (const [k] of m.entries()) m.delete(k); }'],
  ['is a callback', 'function f(m) { m.list().forEach((x) => { m.drop(x); }); }'],
  ['is handed the collection', 'const xs = [1]; xs.forEach((x, i, all) => all.pop());'],
  ['walks by index', 'function f(xs) { for (let i = 0; i < xs.length; i++) xs.push(i); }'],
  [
    'walks by index, to a length from before',
    'function f(xs) { const n = xs.length; for (let i = 0; i < n; i++) xs.pop(); }',
  ],
  ['walks by an iterator', 'function f(m, it) { while (!(s = it.next()).done) m.clear(); }'],
  ['walks what a default has given', 'function f(xs, ys = xs) { for (const x of xs) ys.push(x); }'],
  ['gives a property a value', 'function f(xs) { for (const x of xs) xs[x] = 1; }'],
  ['deletes a property', 'function f(o) { for (const k in o) delete o[k]; }'],
  ['is of a method with the name of a statement', 'class A { with(xs) { for (const x of xs) xs.push(x); } }'],
  ['comes after types in braces', 'function f(a: { b: 1 }): { c: 2 } { for (const x of a) a.push(x); }'],
])('a walk is looked at where its body %s', (_, text) => {
  expect(mayChangeIn(text)).toBe(true);
});

test.each<[string, string]>([
  ['does nothing', 'function f(xs) { let n = 0; for (const x of xs) n += x; return n; }'],
  ['has to do with other things', 'function f(xs, ys) { for (const x of xs) ys.push(x); }'],
  ['counts', 'function f(n, ys) { for (let i = 0; i < n; i++) ys.push(i); }'],
  ['waits', 'function f(queue) { while (queue.length > 0) queue.shift(); }'],
  ['walks a list that is only read', 'const XS = [1]; function f() { return XS.map((x) => g(x)); }'],
  [
    'walks a table that is only read',
    'const T = new Map<string, X>(); for (const [k] of T.entries()) g(T.get(k));',
  ],
  [
    'has a type of the same name as its own',
    'function f(xs: string[]) { for (const x of xs) g<string>(x); }',
  ],
])('a walk is passed over where its body %s', (_, text) => {
  expect(mayChangeIn(text)).toBe(false);
});

test.each<[string, string]>([
  ['is added to', 'const XS = [1]; function f() { return XS.map((x) => g(x)); } XS.push(2);'],
  ['is handed on', 'const XS = [1]; function f() { return XS.map((x) => g(x)); } h(XS);'],
  ['is exported', 'export const XS = [1]; function f() { return XS.map((x) => g(x)); }'],
  ['is emptied by its length', 'const XS = [1]; function f() { return XS.map((x) => g(x)); } XS.length = 0;'],
  ['is what somebody else has as well', 'const XS = h(); function f() { return XS.map((x) => g(x)); }'],
  [
    'hands itself to a callback',
    'const XS = [1]; function f() { return XS.map((x) => g(x)); } XS.forEach(h);',
  ],
])('a list of the module is no constant when it %s', (_, text) => {
  expect(mayChangeIn(text)).toBe(true);
});

test('what is walked is told where it stands, also where nothing may change it', () => {
  const text = 'function f(xs) { for (const x of xs.keys()) g(x); return xs.map((x) => x); }';
  const walks = glanceAt('main.ts', text)?.walks.map(({ start, end }) => text.slice(start, end));
  expect(walks).toEqual(['xs.keys()', 'xs']);
});

test('a text whose tokens nobody but a parser can tell is left to that', () => {
  expect(glanceAt('main.ts', 'for (const x of {} / a) b(x)')).toBeUndefined();
  expect(glanceAt('main.tsx', 'for (const x of xs) b(x)')).toBeUndefined();
});

const FOLDERS = ['src', 'rules', 'fixtures/mutate-while-iterating', 'fixtures/check-then-act'];

test('no walk is passed over that its tree has something to say about', () => {
  let seen = 0;
  for (const folder of FOLDERS) {
    const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const name of files.filter((one) => one.endsWith('.ts'))) {
      const file = path.join(root, folder, name);
      const text = readFileSync(file, 'utf8');
      if (glanceAt(file, text)?.mayChange !== false) continue;
      seen += 1;
      const passedOver = walksIn(new SourceTree(file, text).source).filter(mayChange);
      const wrong = passedOver.filter(({ collection }) => !isConstant(collection));
      expect(wrong.map((one) => `${folder}/${name}: ${one.node.getText()}`)).toEqual([]);
    }
  }
  expect(seen).toBeGreaterThan(250);
});

function walksIn(source: Ts.SourceFile): readonly Iteration[] {
  const found: Iteration[] = [];
  const visit = (node: Ts.Node): void => {
    const iteration = iterationAt(node);
    if (iteration) found.push(iteration);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** A variable whose collection is made where it is declared. */
function isConstant(collection: Ts.Expression): boolean {
  const local = ts.isIdentifier(collection) ? resolveLocal(collection) : undefined;
  const value = local && ts.isVariableDeclaration(local) ? local.initializer : undefined;
  return value !== undefined && (ts.isArrayLiteralExpression(value) || ts.isNewExpression(value));
}
