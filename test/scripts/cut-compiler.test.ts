import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { globbySync } from 'globby';
import type { ts as Ts } from 'ts-morph';
import { describe, expect, it } from 'vitest';

type Compiler = typeof Ts;

const root = path.resolve(import.meta.dirname, '../..');
const { cutCompiler } = (await import(path.join(root, 'scripts', 'cut-compiler.js'))) as {
  cutCompiler(ts: Compiler, bundle: string, used: ReadonlySet<string>): string;
};
const fromTsMorph = createRequire(createRequire(import.meta.url).resolve('ts-morph'));
const bundle = fromTsMorph.resolve('@ts-morph/common/dist/typescript.js');
const whole = fromTsMorph(bundle) as Compiler;
const used = new Set([
  'createSourceFile',
  'forEachChild',
  'SyntaxKind',
  'ScriptTarget',
  'createPrinter',
  'getDecorators',
]);
const text = cutCompiler(whole, readFileSync(bundle, 'utf8'), used);

describe('the compiler that is cut down', () => {
  it('makes of every text the tree that the whole one makes', () => {
    const { cut } = load();
    const files = globbySync(['src/**/*.ts', 'fixtures/*/*.ts'], { cwd: root, absolute: true }).filter(
      (_, at) => at % 7 === 0,
    );
    expect(files.length).toBeGreaterThan(300);
    for (const file of files) {
      const source = readFileSync(file, 'utf8');
      expect(treeBy(cut, file, source), file).toEqual(treeBy(whole, file, source));
    }
  });

  it.each([
    ['odd.tsx', 'const a = <T,>(x: T) => <div {...x}>{`a`}</div>; const { b = /x[/]/u, ...c } = a;'],
    ['wrong.ts', 'class { async *[Symbol.iterator(] { yield* } }\nif (a { return }\nlet `x'],
    ['old.js', '/** @type {import("x").Y} */ var x = function* () { with (y) z: for (;;) break z; }'],
    [
      'decorated.mts',
      '@a() class B { @c accessor d = 1; static { using e = f(); } get #g() { return 1n; } }',
    ],
  ])('and of %s', (file, source) => {
    expect(treeBy(load().cut, file, source)).toEqual(treeBy(whole, file, source));
  });

  it('tells kinds of nodes as the whole one does', () => {
    const { cut, loaded } = load();
    const source =
      "import x, { y as z } from 'x'; export class A<T> extends x { constructor(private b = z) {} }";
    const predicates = Object.keys(whole).filter((name) =>
      /^is[A-Z]\w*(?:Declaration|Expression|Literal|Specifier|Clause|Node)$/.test(name),
    );
    expect(predicates.length).toBeGreaterThan(100);
    const visit = (node: Ts.Node): void => {
      for (const name of predicates) expect(answer(cut, name, node), name).toBe(answer(whole, name, node));
      whole.forEachChild(node, visit);
    };
    visit(whole.createSourceFile('a.ts', source, whole.ScriptTarget.Latest, true));
    expect(loaded()).toBe(0);
  });

  it('has every name of the whole one, and loads that when it is asked for more', () => {
    const { cut, loaded } = load();
    expect(Object.keys(whole).filter((name) => !(name in cut))).toEqual([]);
    expect(cut.SyntaxKind).toEqual(whole.SyntaxKind);
    expect(loaded()).toBe(0);
    // A name that is used, and yet no parser's.
    expect(cut.createPrinter).toBe(whole.createPrinter);
    expect(cut.createProgram).toBe(whole.createProgram);
    expect(loaded()).toBe(2);
  });

  it('is a fraction of the whole one, and says where it is from', () => {
    expect(text.length).toBeLessThan(readFileSync(bundle, 'utf8').length / 3);
    const [notice = ''] = text.split('"use strict"');
    expect(notice).toMatch(/^\/\*! .*\nCopyright \(c\) Microsoft Corporation/);
    expect(notice).toContain('// Taken from TypeScript');
  });

  it('refuses a bundle of another shape', () => {
    expect(() => cutCompiler(whole, 'export const ts = {};', used)).toThrow(
      'bundles TypeScript in another way',
    );
  });
});

/** The module, and how often it has asked for the whole one. */
function load(): { readonly cut: Compiler; readonly loaded: () => number } {
  const module = { exports: {} };
  let count = 0;
  const require = (name: string): unknown =>
    name === 'node:module'
      ? {
          createRequire: () => (inner: string) => {
            count += 1;
            return fromTsMorph(inner);
          },
        }
      : createRequire(import.meta.url)(name);
  require.resolve = createRequire(import.meta.url).resolve;
  new Function('require', 'module', text)(require, module);
  return { cut: module.exports as Compiler, loaded: () => count };
}

function answer(ts: Compiler, name: string, node: Ts.Node): unknown {
  try {
    return (ts as unknown as Record<string, (node: Ts.Node) => unknown>)[name]?.(node);
  } catch {
    return 'it throws';
  }
}

/** Each node with its place, and what the parser has to say about it. */
function treeBy(ts: Compiler, name: string, source: string): unknown[] {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const found: unknown[] = [];
  const visit = (node: Ts.Node): void => {
    found.push([node.kind, node.pos, node.end, node.getStart(), node.flags, node.getChildCount()].join());
    ts.forEachChild(node, visit);
  };
  visit(file);
  const { parseDiagnostics } = file as unknown as { readonly parseDiagnostics: readonly Ts.Diagnostic[] };
  return [...found, ...parseDiagnostics.map(({ start, code }) => `${start}: ${code}`)];
}
