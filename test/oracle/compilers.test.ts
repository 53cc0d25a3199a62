import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NativeCompiler } from '../../src/oracle/native.ts';
import { startCompiler } from '../../src/oracle/open.ts';
import type { Compiler, CompilerOptions, Oracle, SymbolInfo } from '../../src/oracle/oracle.ts';
import { ReferenceCompiler } from '../../src/oracle/reference.ts';
import { gateErrorOf } from '../support/gate-error.ts';
import { tempDir } from '../support/temp-dir.ts';

vi.setConfig({ testTimeout: 60_000 });

const compilers: Record<string, (options: CompilerOptions) => Compiler> = {
  native: (options) => new NativeCompiler(options),
  reference: (options) => new ReferenceCompiler(options),
};

describe.each(Object.entries(compilers))('the %s compiler', (kind, make) => {
  function start(options: CompilerOptions): Compiler {
    const compiler = make(options);
    onTestFinished(() => compiler.close());
    return compiler;
  }

  it('says which one it is', () => {
    const dir = tempDir({ 'a.ts': 'export {};\n' });
    const compiler = start({ cwd: dir });
    const oracle = compiler.open({ projects: [], files: [path.join(dir, 'a.ts')] });
    expect([compiler.kind, oracle.kind]).toEqual([kind, kind]);
  });

  it('lists the files of a tsconfig', () => {
    const dir = tempDir({
      'tsconfig.json': '{ "include": ["src"] }',
      'src/a.ts': '',
      'src/b.js': '',
      'c.ts': '',
    });
    const withJs = tempDir({
      'tsconfig.json': '{ "compilerOptions": { "allowJs": true } }',
      'a.ts': '',
      'b.js': '',
    });
    expect([dir, withJs].map((at) => start({ cwd: at }).readProject(path.join(at, 'tsconfig.json')))).toEqual(
      [
        { files: [path.join(dir, 'src/a.ts')], allowJs: false },
        { files: [path.join(withJs, 'a.ts'), path.join(withJs, 'b.js')], allowJs: true },
      ],
    );
  });

  it('goes on after a type of which it cannot name the parts', () => {
    const source = `declare function pair(): readonly [number] | undefined;
declare const set: Set<number>;
pair() ?? [];
set;
`;
    const dir = tempDir({ 'a.ts': source });
    const file = path.join(dir, 'a.ts');
    const oracle = start({ cwd: dir }).open({ projects: [], files: [file] });
    const stretches = ['pair() ?? [];', 'set;'].map((text) => {
      const start = source.indexOf(`\n${text}`) + 1;
      return { start, end: start + text.length - 1 };
    });
    const [pair, set] = oracle.expressionTypes(file, stretches);
    expect([pair?.any, pair?.callable, pair?.literals]).toEqual([false, false, undefined]);
    expect(set?.symbols.map(({ name }) => name)).toEqual(['Set']);
  });

  it('counts the positions it was asked about', () => {
    const dir = tempDir({ 'a.ts': 'const a = 1;\na;\n' });
    const file = path.join(dir, 'a.ts');
    const oracle = start({ cwd: dir }).open({ projects: [], files: [file] });
    oracle.symbols(file, [6, 13]);
    oracle.types(file, [13]);
    oracle.types(file, []);
    expect(oracle.queries).toBe(3);
  });

  it('knows the declarations of the language', () => {
    const { dir, symbolOf, typeOf } = open({
      'a.ts': "new Map<string, number>().get('a'); declare const list: string[]; list;",
    });
    expect(dir('a.ts')).toBeDefined();
    expect(summary(symbolOf('a.ts', 'get'))).toEqual({
      name: 'get',
      containers: ['Map'],
      unresolvedImport: false,
    });
    expect(typeOf('a.ts', 'list;')?.symbols.map(({ name }) => name)).toEqual(['Array']);
  });

  it('tells a private name as it is written', () => {
    const { symbolOf } = open({ 'a.ts': 'class A { #mu = 1; f() { return this.#mu; } }' });
    expect(summary(symbolOf('a.ts', '#mu;'))).toEqual({
      name: '#mu',
      containers: ['A'],
      unresolvedImport: false,
    });
  });

  it('sorts the members of a union', () => {
    const { typeOf } = open({
      'a.ts': [
        "type State = 'queued' | 3 | 'done' | true | 1;",
        'declare const state: State; state;',
        'class Z {} class A {} declare const either: Z | A; either;',
      ].join('\n'),
    });
    const state = typeOf('a.ts', 'state;');
    expect(state?.literals).toEqual([true, 1, 3, 'done', 'queued']);
    expect([state?.any, state?.callable, state?.present, state?.symbols]).toEqual([false, false, false, []]);
    expect(typeOf('a.ts', 'either;')?.symbols.map(({ name }) => name)).toEqual(['A', 'Z']);
  });

  it.each([
    ['Z', true],
    ['Z | (() => void)', true],
    ['object', true],
    ['Z & { b: 1 }', true],
    ['Z | undefined', false],
    ['Z | null', false],
    ['Z | string', false],
    ["'a'", false],
    ['any', false],
    ['unknown', false],
  ])('tells whether %s is an object in any case', (type, present) => {
    const { typeOf } = open({ 'a.ts': `interface Z { a: 1 } declare const z: ${type}; z;` });
    expect(typeOf('a.ts', 'z;')?.present).toBe(present);
  });

  it('tells the presence of a type parameter by its constraint, and of a name by what was tested', () => {
    const { typeOf } = open({
      'a.ts':
        'interface Z { a: 1 } function f<T extends Z, U>(t: T, u: U, z?: Z) { t; u; if (z) { z; } else z }',
    });
    expect(typeOf('a.ts', 't;')?.present).toBe(true);
    expect(typeOf('a.ts', 'u;')?.present).toBe(false);
    expect(typeOf('a.ts', 'z;')?.present).toBe(true);
    expect(typeOf('a.ts', 'z }')?.present).toBe(false);
  });

  it.each([
    [{}, true],
    [{ strict: false }, false],
    [{ strict: false, strictNullChecks: true }, true],
    [{ strictNullChecks: false }, false],
  ])('knows of no presence where %j leaves undefined out of the types', (compilerOptions, present) => {
    const { typeOf } = open({
      'tsconfig.json': JSON.stringify({ compilerOptions }),
      'a.ts': 'interface Z { a: 1 } declare const z: Z; z;',
    });
    expect(typeOf('a.ts', 'z;')?.present).toBe(present);
  });

  it('tells the values of a type parameter by its constraint', () => {
    const { typeOf } = open({
      'a.ts':
        'interface B { go(): void; stop(): void } function f<K extends keyof B>(b: B, key: K) { b[key]; }',
    });
    expect(typeOf('a.ts', 'key]')?.literals).toEqual(['go', 'stop']);
  });

  it.each([
    ['pick()', ['a', 'b']],
    ["map['k']", ['a']],
    ["(yes ? 'a' : 'b')", ['a', 'b']],
    ['text as keyof Pair', ['a', 'b']],
    ["text + 'b'", undefined],
  ])('tells the type of the whole expression %s', (expression, literals) => {
    const { oracle, dir, stretchOf } = open({
      'a.ts': `interface Pair { a: 1; b: 2 } declare function pick(): keyof Pair; declare const yes: boolean;
declare const text: string; declare const map: { readonly k: 'a' };
void (${expression});`,
    });
    const asked = [stretchOf('a.ts', expression), { start: 0, end: 3 }];
    expect(oracle.expressionTypes(dir('a.ts'), asked).map((type) => type?.literals)).toEqual([
      literals,
      undefined,
    ]);
  });

  it.each([
    ['maybe', 'Backend'],
    ['partial', 'Backend'],
    ['generic', 'Backend'],
    ['both', 'Backend,Docker'],
    ['make()', 'Backend'],
    ['{ rest }', 'Backend'],
    ['words', 'none'],
    ['anything', 'unknown'],
    ['missing()', 'unknown'],
  ])('finds a member of %s', (expression, found) => {
    const { oracle, dir, stretchOf } = open({
      'a.ts': `interface Backend { stop(): void; rest: number } interface Docker { stop(): void }
declare const maybe: Backend | undefined; declare const partial: Partial<Backend> | null;
declare const both: Backend | Docker; declare function make(): Backend; declare const anything: any;
declare const words: Record<string, string>;
function f<T extends Backend>(generic: T, { rest }: Backend) { return [${expression === '{ rest }' ? 'rest' : expression}]; }`,
    });
    const member = oracle.member(dir('a.ts'), stretchOf('a.ts', expression), 'stop');
    expect(typeof member === 'string' ? member : String(summary(member)?.containers)).toBe(found);
    expect(oracle.member(dir('gone.ts'), { start: 0, end: 1 }, 'stop')).toBe('unknown');
  });

  it('follows re-exports to the end, and an import of a package that is not installed to the last step', () => {
    const { symbolOf, dir } = open({
      'a.ts': "import { mu, gone } from './b';\nmu; gone;\n",
      'b.ts': "export { lock as mu } from './c';\nexport { gone } from 'gone';\n",
      'c.ts': 'export const lock = 1;\n',
    });
    expect(places(symbolOf('a.ts', 'mu;'))).toEqual([[dir('c.ts'), 'VariableDeclaration', 13]]);
    expect(symbolOf('a.ts', 'gone;')?.unresolvedImport).toBe(true);
    expect(places(symbolOf('a.ts', 'gone;'))).toEqual([[dir('b.ts'), 'ExportSpecifier', 43]]);
  });

  it('has no answer for a place without a name, or a file that it does not know', () => {
    const { oracle, dir } = open({ 'a.ts': '   ;\n' });
    expect(oracle.symbols(dir('a.ts'), [1])).toEqual([undefined]);
    expect(oracle.symbols(dir('gone.ts'), [0, 1])).toEqual([undefined, undefined]);
    expect(oracle.types(dir('gone.ts'), [0])).toEqual([undefined]);
  });

  describe('with an overlay', () => {
    it('reads the overlay in place of the disk', () => {
      const { symbolOf } = open({ 'a.ts': 'const old = 1;' }, { 'a.ts': 'const young = 1; young;' });
      expect(symbolOf('a.ts', 'young;')?.name).toBe('young');
    });

    it('resolves an import of a file, and of a directory, that only the overlay has', () => {
      const { symbolOf, dir } = open(
        { 'a.ts': "import { mu } from './locks/mu';\nmu;\n" },
        { 'locks/mu.ts': 'export const mu = 1;\n' },
      );
      expect(places(symbolOf('a.ts', 'mu;'))).toEqual([[dir('locks/mu.ts'), 'VariableDeclaration', 13]]);
    });

    it('does not resolve an import of a file that the overlay hides', () => {
      const { symbolOf } = open(
        { 'a.ts': "import { mu } from './mu';\nmu;\n", 'mu.ts': 'export const mu = 1;\n' },
        { 'mu.ts': null },
      );
      expect(symbolOf('a.ts', 'mu;')?.unresolvedImport).toBe(true);
    });

    it('answers about a file that only the overlay has', () => {
      const { symbolOf } = open({}, { 'new/a.ts': 'const mu = 1; mu;' });
      expect(symbolOf('new/a.ts', 'mu;')?.name).toBe('mu');
    });
  });

  function open(files: Record<string, string>, overlay: Record<string, string | null> = {}) {
    const root = tempDir(files);
    const dir = (file: string): string => path.join(root, file);
    const texts = new Map(Object.entries(overlay).map(([file, text]) => [dir(file), text]));
    const all = [...new Set([...Object.keys(files), ...Object.keys(overlay)])].filter(
      (file) => overlay[file] !== null,
    );
    const options =
      texts.size === 0 ? { cwd: root } : { cwd: root, overlay: (file: string) => texts.get(file) };
    const oracle: Oracle = start(options).open({ projects: [], files: all.map(dir) });
    const at = (file: string, word: string): number =>
      (overlay[file] ?? readFileSync(dir(file), 'utf8')).lastIndexOf(word);
    return {
      oracle,
      dir,
      stretchOf: (file: string, text: string) => ({
        start: at(file, text),
        end: at(file, text) + text.length,
      }),
      symbolOf: (file: string, word: string) => oracle.symbols(dir(file), [at(file, word)])[0],
      typeOf: (file: string, word: string) => oracle.types(dir(file), [at(file, word)])[0],
    };
  }
});

describe('the process of the native compiler', () => {
  it('ends at once, so that it cannot complain on stderr of being stopped', async () => {
    const started: ChildProcess[] = [];
    const onStart = (message: unknown): void => {
      started.push((message as { readonly process: ChildProcess }).process);
    };
    subscribe('child_process', onStart);
    onTestFinished(() => {
      unsubscribe('child_process', onStart);
    });
    const dir = tempDir({ 'a.ts': 'export {};\n' });
    const compiler = new NativeCompiler({ cwd: dir });
    compiler.open({ projects: [], files: [path.join(dir, 'a.ts')] });
    const ends = started.map((process) => once(process, 'exit'));
    compiler.close();
    expect(await Promise.all(ends)).toEqual([[null, 'SIGKILL']]);
  });
});

describe('the choice of a compiler', () => {
  it.each(['native', 'reference'])('can be made by hand: %s', async (wish) => {
    choose(wish);
    const compiler = await startCompiler({ cwd: tempDir() });
    onTestFinished(() => compiler.close());
    expect(compiler.kind).toBe(wish);
  });

  it('refuses an unknown compiler', async () => {
    choose('tsc');
    expect(await gateErrorOf(() => startCompiler({ cwd: tempDir() }))).toEqual({
      message: "WS_GATE_ORACLE is 'tsc'",
      why: undefined,
      help: "set it to 'native' or 'reference', or leave it unset to let ws-gate choose",
    });
  });

  function choose(wish: string): void {
    vi.stubEnv('WS_GATE_ORACLE', wish);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
  }
});

function summary(symbol: SymbolInfo | undefined) {
  if (!symbol) return undefined;
  const { name, declarations, unresolvedImport } = symbol;
  return { name, containers: [...new Set(declarations.map(({ container }) => container))], unresolvedImport };
}

function places(symbol: SymbolInfo | undefined) {
  return symbol?.declarations.map(({ file, kind, name }) => [file, kind, name]);
}
