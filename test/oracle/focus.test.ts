import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FocusedProject, isFocusable, type Project } from '../../src/oracle/focus.ts';
import { NativeCompiler } from '../../src/oracle/native.ts';
import type { Focus, Oracle, SymbolInfo } from '../../src/oracle/oracle.ts';
import { tempDir } from '../support/temp-dir.ts';

vi.setConfig({ testTimeout: 60_000 });

/** A cut-down project over texts that are nowhere on disk, with nothing looked at yet. */
function project(texts: Record<string, string>, paths: Project['paths'] = {}) {
  const files = Object.keys(texts).map((name) => `/p/${name}`);
  const focus: Focus = { files: () => [], text: (file) => texts[file.slice('/p/'.length)] };
  const focused = new FocusedProject({ tsconfig: '/p/tsconfig.json', files, paths }, focus);
  return {
    focused,
    config: () => JSON.parse(focused.read(focused.tsconfig) ?? ''),
    packages: () => focused.read('/p/ws-gate-focus.d.ts'),
  };
}

describe('a cut-down project', () => {
  it('holds what it was asked to include, and inherits the settings', () => {
    const { focused, config } = project({ 'a.ts': 'export {};', 'b.ts': 'export {};', 'c.ts': 'export {};' });
    focused.include(['/p/c.ts', '/elsewhere.ts']);
    focused.include(['/p/a.ts', '/p/c.ts']);
    expect(config()).toEqual({
      extends: './tsconfig.json',
      files: ['/p/ws-gate-focus.d.ts', '/p/a.ts', '/p/c.ts'],
      include: [],
    });
    expect(focused.size).toBe(2);
  });

  it.each([
    ['a file of declarations', 'a.d.ts', 'export interface A {}'],
    ['a file of declarations for another kind of file', 'a.d.css.ts', 'export {};'],
    ['a script', 'a.ts', '// import nothing\nconst a = 1;\nvoid import("./b.js");'],
    ['a module with globals', 'a.ts', 'export {};\ndeclare global { const a: 1 }'],
    ['a module that adds to another', 'a.ts', "import 'x';\ndeclare module 'x' { interface Y {} }"],
    ['a module that refers to types', 'a.ts', '/// <reference types="x" />\nexport {};'],
  ])('always holds %s', (_, name, text) => {
    const { config } = project({ [name]: text, 'z.ts': 'import "./a.js";' });
    expect(config().files).toEqual(['/p/ws-gate-focus.d.ts', `/p/${name}`]);
  });

  it('imports every package that any of its files names, since one may add to another', () => {
    const { packages } = project({
      'a.ts': "import { b } from '@scope/b/sub';\nimport './own.js';\nexport { c } from \"c\";",
      'b.ts':
        "import 'side-effect';\nconst d = require('d');\nawait import('e');\nimport { own } from '#own';",
    });
    expect(packages()).toBe(
      "import '@scope/b/sub';\nimport 'c';\nimport 'd';\nimport 'e';\nimport 'side-effect';\nexport {};\n",
    );
  });

  it('leaves out what `paths` leads to files of the project', () => {
    const { packages } = project(
      { 'src/a.ts': "import '@/b.js';\nimport '~one';\nimport 'vendored/x';", 'src/one.ts': 'export {};' },
      { '@/*': ['./src/*'], '~one': ['./src/one.ts'], 'vendored/*': ['../vendor/*'] },
    );
    expect(packages()).toBe("import 'vendored/x';\nexport {};\n");
  });

  it('leaves out what cannot be read: the compiler would wait for the end of a pipe', () => {
    const texts: Record<string, string> = { 'a.ts': 'export {};', 'script.ts': 'const s = 1;' };
    const files = ['/p/a.ts', '/p/pipe.ts', '/p/pipe.d.ts', '/p/script.ts'];
    const focus: Focus = { files: () => [], text: (file) => texts[file.slice('/p/'.length)] };
    const focused = new FocusedProject({ tsconfig: '/p/tsconfig.json', files, paths: {} }, focus);
    focused.include(['/p/pipe.ts', '/p/a.ts']);
    expect(JSON.parse(focused.read(focused.tsconfig) ?? '').files).toEqual([
      '/p/ws-gate-focus.d.ts',
      '/p/script.ts',
      '/p/a.ts',
    ]);
    expect(focused.owns('/p/pipe.ts')).toBe(false);
  });

  it('is not made of a project that refers to others', () => {
    const dir = tempDir({ 'tsconfig.json': '{ "references": [{ "path": "../x" }] }', 'plain.json': '{}' });
    const canFocus = (name: string) => isFocusable({ tsconfig: path.join(dir, name), files: [], paths: {} });
    expect([canFocus('tsconfig.json'), canFocus('plain.json')]).toEqual([false, true]);
  });
});

/** Opens a project with the focus on its first file. `looked` is what the analysis has looked at. */
function open(files: Record<string, string>, { overlay }: { overlay?: Record<string, string> } = {}) {
  const dir = tempDir({
    'tsconfig.json': '{ "compilerOptions": { "types": [] }, "include": ["src"] }',
    ...files,
  });
  const at = (name: string): string => path.join(dir, name);
  const over = new Map(Object.entries(overlay ?? {}).map(([name, text]) => [at(name), text]));
  const compiler = new NativeCompiler({ cwd: dir, overlay: overlay && ((file) => over.get(file)) });
  onTestFinished(() => compiler.close());
  const textOf = (name: string): string => overlay?.[name] ?? files[name] ?? '';
  const tsconfig = at('tsconfig.json');
  const { files: all } = compiler.readProject(tsconfig);
  const looked: string[] = [];
  const oracle: Oracle = compiler.open({
    projects: [tsconfig],
    files: all,
    focus: { files: () => looked, text: (file) => textOf(path.relative(dir, file)) },
  });
  const symbolOf = (name: string, text: string): SymbolInfo | undefined =>
    oracle.symbols(at(name), [textOf(name).lastIndexOf(text)])[0];
  const declared = (symbol: SymbolInfo | undefined): string | undefined => {
    const [first] = symbol?.declarations ?? [];
    return first && `${path.relative(dir, first.file)}:${first.start}`;
  };
  return { at, oracle, looked, symbolOf, declared };
}

/** Enough modules that a few of them are worth a focus. */
const OTHERS = Object.fromEntries(
  Array.from({ length: 20 }, (_, at) => [
    `src/other${at}.ts`,
    `export const other${at} = ${at};\nother${at};\n`,
  ]),
);

describe('a compiler with a focus', () => {
  it('knows what files declare for all, wherever they are', () => {
    const { symbolOf, declared } = open({
      ...OTHERS,
      'src/a.ts': "import { b } from './b.js';\nb.added; everywhere; script; far;\n",
      'src/b.ts': 'export interface B {}\nexport declare const b: B;\n',
      'src/augment.ts': "export {};\ndeclare module './b.js' { interface B { added: 1 } }\n",
      'src/global.ts': 'export {};\ndeclare global { const everywhere: 1; }\n',
      'src/script.ts': 'const script = 1;\n',
      'src/uses.ts': "import 'package';\n",
      'node_modules/package/index.d.ts': 'export {};\ndeclare global { const far: 1; }\n',
      'node_modules/package/package.json': '{ "name": "package", "types": "index.d.ts" }',
    });
    const found = ['added', 'everywhere', 'script', 'far'].map((name) =>
      declared(symbolOf('src/a.ts', name)),
    );
    expect(found).toEqual([
      'src/augment.ts:51',
      'src/global.ts:34',
      'src/script.ts:6',
      'node_modules/package/index.d.ts:34',
    ]);
  });

  it('takes in what is asked about later, and keeps what it has said', () => {
    const { symbolOf, declared, oracle } = open({ ...OTHERS, 'src/a.ts': 'export const a = 1;\na;\n' });
    const first = symbolOf('src/a.ts', 'a;');
    const later = Array.from({ length: 12 }, (_, at) => {
      return declared(symbolOf(`src/other${at}.ts`, `other${at};`));
    });
    expect(later).toEqual(Array.from({ length: 12 }, (_, at) => `src/other${at}.ts:13`));
    expect([declared(first), oracle.queries]).toEqual(['src/a.ts:13', 13]);
  });

  it('sees the overlay', () => {
    const { symbolOf, declared } = open(
      { ...OTHERS, 'src/a.ts': 'export const a = 1;\n' },
      { overlay: { 'src/a.ts': 'export const staged = 1;\nstaged;\n' } },
    );
    expect(declared(symbolOf('src/a.ts', 'staged;'))).toBe('src/a.ts:13');
  });
});
