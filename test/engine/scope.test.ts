import fs, { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { UserConfig } from '../../src/config/types.ts';
import { resolveScope, type ScopeRequest } from '../../src/engine/scope.ts';
import type { Compiler } from '../../src/oracle/oracle.ts';
import { ReferenceCompiler } from '../../src/oracle/reference.ts';
import { gateErrorOf } from '../support/gate-error.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('the scope', () => {
  it('without a config and a tsconfig is every TypeScript file, tests and build output left out', async () => {
    const dir = tempDir({
      'a.ts': '',
      'b/c.tsx': '',
      'd.mts': '',
      'e.cts': '',
      'f.js': '',
      'g.d.ts': '',
      'b/h.test.ts': '',
      '__tests__/i.ts': '',
      'dist/j.ts': '',
      'node_modules/k/index.ts': '',
      '.hidden/l.ts': '',
    });
    expect(await scopeOf(dir)).toEqual({ files: ['a.ts', 'b/c.tsx', 'd.mts', 'e.cts'], projects: [] });
  });

  it.each([
    [['src/**', 'lib/**'], ['lib/**']],
    [['src', 'lib'], ['lib']],
    [['src/a.ts', 'src/b.ts'], ['src/b.ts']],
    [
      ['src/**', 'gone/**', 'src/*.mts'],
      ['gone/**', 'src/*.mts'],
    ],
    [['src/**', '!gone/**'], undefined],
    [['src/**', 'docs/**'], ['docs/**']],
    [['src/**', 'old/**'], ['old/**']],
    [['src/**', 'new/**'], undefined],
    [['src/**', 'linked/**'], undefined],
  ])('knows which patterns of an include %j match no file', async (include, unmatched) => {
    const dir = tempDir({ 'src/a.ts': '', 'docs/readme.md': '', 'old/b.ts': '' });
    link(dir, 'src', 'linked');
    const parts = { config: { include, exclude: ['old/**', 'never/**'] }, overlay: { 'new/c.ts': '' } };
    expect((await scopeOf(dir, parts)).unmatched).toEqual(unmatched);
    expect((await scopeOf(dir, { ...parts, paths: ['src/a.ts'] })).unmatched).toEqual(unmatched);
  });

  it('leaves out what git ignores', async () => {
    const dir = tempDir({
      '.gitignore': 'generated/\n*.gen.ts\n',
      'a.ts': '',
      'b.gen.ts': '',
      'generated/c.ts': '',
    });
    expect(await filesOf(dir)).toEqual(['a.ts']);
  });

  it('is the files of the tsconfig, tests left out', async () => {
    const dir = tempDir({
      'tsconfig.json': '{ "include": ["src"], "compilerOptions": { "allowJs": true } }',
      'src/a.ts': '',
      'src/a.test.ts': '',
      'src/b.js': '',
      'src/c.d.ts': '',
      'other.ts': '',
    });
    expect(await scopeOf(dir)).toEqual({ files: ['src/a.ts', 'src/b.js'], projects: ['tsconfig.json'] });
  });

  it('follows the references of a solution, and lists the projects that own its files', async () => {
    const dir = tempDir({
      'tsconfig.json':
        '{ "files": [], /* a comment */ "references": [{ "path": "a" }, { "path": "b/tsconfig.lib.json" }] }',
      'a/tsconfig.json':
        '{ "compilerOptions": { "composite": true }, "references": [{ "path": "../b/tsconfig.lib.json" }, { "path": ".." }] }',
      'a/a.ts': '',
      'b/tsconfig.lib.json': '{ "compilerOptions": { "composite": true } }',
      'b/b.ts': '',
    });
    expect(await scopeOf(dir)).toEqual({
      files: ['a/a.ts', 'b/b.ts'],
      projects: ['a/tsconfig.json', 'b/tsconfig.lib.json'],
    });
  });

  it('is what `include` matches and `exclude` does not', async () => {
    const dir = tempDir({ 'src/a.ts': '', 'src/a.test.ts': '', 'src/gen/b.ts': '', 'lib/c.ts': '' });
    const config = { include: ['src/**/*.ts'], exclude: ['src/gen/**'] };
    expect(await filesOf(dir, { config })).toEqual(['src/a.test.ts', 'src/a.ts']);
  });

  it.each([
    ['src', ['src/a.ts', 'src/deep/b.ts']],
    ['./src/**/*.ts', ['src/a.ts', 'src/deep/b.ts']],
    ['src/*.ts', ['src/a.ts']],
    ['**/{a,c}.ts', ['lib/c.ts', 'src/a.ts']],
  ])('understands the pattern %s', async (pattern, expected) => {
    const dir = tempDir({ 'src/a.ts': '', 'src/deep/b.ts': '', 'lib/c.ts': '' });
    expect(await filesOf(dir, { config: { include: [pattern] } })).toEqual(expected);
  });

  it('understands a pattern that takes out', async () => {
    const dir = tempDir({ 'src/a.ts': '', 'src/deep/b.ts': '' });
    expect(await filesOf(dir, { config: { include: ['src/**/*.ts', '!src/deep/**'] } })).toEqual([
      'src/a.ts',
    ]);
  });

  it('that is empty is an error that says why', async () => {
    const help =
      'name files or directories, or set `include` in ws-gate.config.ts; a gate that sees nothing must not pass';
    const dir = tempDir({ 'readme.md': '' });
    expect(await gateErrorOf(() => scopeOf(dir))).toEqual({
      message: `no source file is in scope: there is no tsconfig.json and no TypeScript file under ${dir}`,
      why: undefined,
      help,
    });
    const project = tempDir({ 'tsconfig.json': '{ "files": ["a.test.ts"] }', 'a.test.ts': '' });
    expect((await gateErrorOf(() => scopeOf(project))).message).toBe(
      'no source file is in scope: the tsconfig lists no source file outside of the tests',
    );
    expect((await gateErrorOf(() => scopeOf(dir, { config: { include: ['scr/**'] } }))).message).toBe(
      'no source file is in scope: `include` of the config matches nothing',
    );
  });

  it('needs the tsconfig that is named', async () => {
    const dir = tempDir({ 'a.ts': '' });
    expect((await gateErrorOf(() => scopeOf(dir, { tsconfig: 'tsconfig.app.json' }))).message).toBe(
      'the tsconfig tsconfig.app.json does not exist',
    );
  });
});

describe('named paths', () => {
  const project = () =>
    tempDir({
      'tsconfig.json': '{ "include": ["src"] }',
      'src/a/a.ts': '',
      'src/b/b.ts': '',
      'scripts/c.ts': '',
      'docs/readme.md': '',
    });

  it.each<[readonly string[], readonly string[]]>([
    [['src/a'], ['src/a/a.ts']],
    [
      ['src/a/', 'src/b/b.ts'],
      ['src/a/a.ts', 'src/b/b.ts'],
    ],
    [['.'], ['src/a/a.ts', 'src/b/b.ts']],
    [['scripts'], ['scripts/c.ts']],
    [
      ['scripts/c.ts', 'src/a'],
      ['scripts/c.ts', 'src/a/a.ts'],
    ],
  ])('say what is reported on: %j', async (paths, expected) => {
    expect((await scopeOf(project(), { paths })).named).toEqual(expected);
  });

  it('take nothing out of what is analysed, and bring in what they name', async () => {
    expect(await filesOf(project(), { paths: ['src/a'] })).toEqual(['src/a/a.ts', 'src/b/b.ts']);
    expect(await filesOf(project(), { paths: ['scripts/c.ts'] })).toEqual([
      'scripts/c.ts',
      'src/a/a.ts',
      'src/b/b.ts',
    ]);
  });

  it('are all there is, where only they are wanted', async () => {
    expect(await scopeOf(project(), { only: ['src/a/a.ts'] })).toMatchObject({
      files: ['src/a/a.ts'],
      named: undefined,
    });
  });

  it.each([
    ['src/gone.ts', 'src/gone.ts does not exist'],
    ['docs/readme.md', 'docs/readme.md is not a TypeScript source file'],
    ['docs', 'no source file matches docs: the tsconfig lists no source file outside of the tests'],
  ])('that cannot be checked are an error: %s', async (name, message) => {
    expect((await gateErrorOf(() => scopeOf(project(), { paths: [name] }))).message).toBe(message);
  });

  it('must not be left out by the config', async () => {
    const dir = tempDir({ 'src/a.ts': '', 'lib/b.ts': '' });
    expect(
      await gateErrorOf(() => scopeOf(dir, { paths: ['lib/b.ts'], config: { include: ['src/**'] } })),
    ).toEqual({
      message: 'lib/b.ts is left out by the config, so nothing would be checked',
      why: undefined,
      help: 'change `include` or `exclude` in the config, or do not name the file',
    });
  });
});

describe('an overlay', () => {
  const include: UserConfig = { include: ['src/**/*.ts'], exclude: ['**/*.gen.ts'] };

  it('takes out the files that it hides', async () => {
    const dir = tempDir({ 'src/a.ts': '', 'src/b.ts': '' });
    expect(await filesOf(dir, { config: include, overlay: { 'src/b.ts': null } })).toEqual(['src/a.ts']);
  });

  const added = {
    'src/new.ts': '',
    'src/new/deep.ts': '',
    'src/new.gen.ts': '',
    'lib/new.ts': '',
    'src/x.json': '',
  };

  it('adds the files that only it has, where `include` matches them', async () => {
    const dir = tempDir({ 'src/a.ts': '' });
    expect(await filesOf(dir, { config: include, overlay: added })).toEqual([
      'src/a.ts',
      'src/new.ts',
      'src/new/deep.ts',
    ]);
  });

  it('adds the files that only it has, beside those of a tsconfig', async () => {
    const dir = tempDir({ 'tsconfig.json': '{ "include": ["src"] }', 'src/a.ts': '' });
    const overlay = {
      'src/new.ts': '',
      'src/new.js': '',
      'src/new.test.ts': '',
      'dist/new.ts': '',
      '../outside.ts': '',
      'node_modules/x/index.ts': '',
    };
    expect(await filesOf(dir, { overlay })).toEqual(['src/a.ts', 'src/new.ts']);
  });

  it('adds the JavaScript files that only it has, where the tsconfig allows JavaScript', async () => {
    const dir = tempDir({ 'tsconfig.json': '{ "compilerOptions": { "allowJs": true } }', 'a.ts': '' });
    expect(await filesOf(dir, { overlay: { 'b.js': '' } })).toEqual(['a.ts', 'b.js']);
  });

  it('adds no file that is on disk and out of scope', async () => {
    const dir = tempDir({ 'tsconfig.json': '{ "include": ["src"] }', 'src/a.ts': '', 'scripts/b.ts': '' });
    expect(await filesOf(dir, { overlay: { 'scripts/b.ts': '' } })).toEqual(['src/a.ts']);
  });

  it('makes a file exist, and the directories that it lies in', async () => {
    const dir = tempDir({ 'src/a.ts': '' });
    const request = { config: include, overlay: { 'src/new/deep.ts': '' } };
    for (const name of ['src/new/deep.ts', 'src/new']) {
      expect((await scopeOf(dir, { ...request, paths: [name] })).named).toEqual(['src/new/deep.ts']);
    }
  });

  it('makes a file that it hides not exist', async () => {
    const dir = tempDir({ 'src/a.ts': '', 'src/b.ts': '' });
    const request = { config: include, overlay: { 'src/b.ts': null }, paths: ['src/b.ts'] };
    expect((await gateErrorOf(() => scopeOf(dir, request))).message).toBe('src/b.ts does not exist');
  });
});

describe('symbolic links', () => {
  const include: UserConfig = { include: ['src/**/*.ts'] };

  it('to files are followed, inside and out of the project', async () => {
    const outside = tempDir({ 'far.ts': '' });
    const dir = tempDir({ 'src/a.ts': '', 'lib/near.ts': '' });
    link(dir, '../lib/near.ts', 'src/near.ts');
    link(dir, path.join(outside, 'far.ts'), 'src/far.ts');
    expect(await filesOf(dir, { config: include })).toEqual(['src/a.ts', 'src/far.ts', 'src/near.ts']);
  });

  it('to directories are followed, and what lies in them must match', async () => {
    const outside = tempDir({
      'far.ts': '',
      'deep/further.ts': '',
      'deep/x.js': '',
      'node_modules/d/index.ts': '',
    });
    const dir = tempDir({ 'src/a.ts': '' });
    link(dir, outside, 'src/shared');
    expect(await filesOf(dir, { config: include })).toEqual([
      'src/a.ts',
      'src/shared/deep/further.ts',
      'src/shared/far.ts',
    ]);
  });

  it('inside of a linked directory are followed as well', async () => {
    const innermost = tempDir({ 'c.ts': '' });
    const inner = tempDir({ 'b.ts': '' });
    symlinkSync(innermost, path.join(inner, 'more'));
    const dir = tempDir({ 'src/a.ts': '' });
    link(dir, inner, 'src/shared');
    expect(await filesOf(dir, { config: include })).toEqual([
      'src/a.ts',
      'src/shared/b.ts',
      'src/shared/more/c.ts',
    ]);
  });

  it('that lead round in a circle end', async () => {
    const dir = tempDir({ 'src/a/a.ts': '', 'src/b/b.ts': '' });
    link(dir, '../../..', 'src/a/up');
    link(dir, '.', 'src/here');
    link(dir, '../b', 'src/a/b');
    link(dir, '../a', 'src/b/a');
    link(dir, 'loop', 'src/loop');
    expect(await filesOf(dir, { config: include })).toEqual(['src/a/a.ts', 'src/b/b.ts']);
  });

  it('do not bring in a file twice', async () => {
    const dir = tempDir({ 'src/z.ts': '', 'src/lib/y.ts': '' });
    link(dir, 'z.ts', 'src/a.ts');
    link(dir, 'lib', 'src/again');
    expect(await filesOf(dir, { config: include })).toEqual(['src/lib/y.ts', 'src/z.ts']);
    const project = tempDir({ 'tsconfig.json': '{ "include": ["src"] }', 'src/z.ts': '' });
    link(project, 'z.ts', 'src/a.ts');
    expect(await filesOf(project)).toEqual(['src/z.ts']);
  });

  it('can be named on the command line for what they lead to', async () => {
    const dir = tempDir({ 'src/z.ts': '', 'src/lib/y.ts': '' });
    link(dir, 'z.ts', 'src/a.ts');
    link(dir, 'lib', 'src/again');
    const named = async (name: string) => (await scopeOf(dir, { config: include, paths: [name] })).named;
    expect([await named('src/a.ts'), await named('src/again')]).toEqual([['src/z.ts'], ['src/lib/y.ts']]);
  });

  it('that lead nowhere stay in scope, so that somebody says so', async () => {
    const dir = tempDir({ 'src/a.ts': '' });
    link(dir, 'gone.ts', 'src/b.ts');
    link(dir, 'gone.txt', 'src/b.txt');
    expect(await filesOf(dir, { config: include })).toEqual(['src/a.ts', 'src/b.ts']);
  });

  it('are left out when excluded, ignored by git, hidden, or in node_modules', async () => {
    const outside = tempDir({ 'far.ts': '' });
    const dir = tempDir({
      '.gitignore': 'ignored\n',
      'a.ts': '',
      '.cache/b.ts': '',
      'node_modules/c/index.ts': '',
    });
    for (const at of ['excluded', 'ignored', '.cache/link', 'node_modules/link']) link(dir, outside, at);
    const config = { include: ['**/*.ts'], exclude: ['excluded'] };
    expect(await filesOf(dir, { config })).toEqual(['a.ts']);
  });
});

describe('a directory that cannot be read', () => {
  it('is an error that names it', async () => {
    const dir = tempDir({ 'src/a.ts': '', 'src/locked/b.ts': '' });
    lock(path.join(dir, 'src/locked'));
    expect(await gateErrorOf(() => scopeOf(dir, { config: { include: ['src/**/*.ts'] } }))).toEqual({
      message: 'the directory src/locked cannot be read',
      why: 'EACCES: permission denied',
      help: 'make it readable, or take it out of the scope with `exclude`',
    });
  });

  it.each<[string, UserConfig, Record<string, string>]>([
    ['lies beside the scope', { include: ['src/**/*.ts'] }, {}],
    ['is excluded', { include: ['**/*.ts'], exclude: ['locked'] }, {}],
    ['is ignored by git', { include: ['**/*.ts'] }, { '.gitignore': 'locked/\n' }],
  ])('does not matter when it %s', async (_, config, files) => {
    const dir = tempDir({ 'src/a.ts': '', 'locked/b.ts': '', ...files });
    lock(path.join(dir, 'locked'));
    expect(await filesOf(dir, { config })).toEqual(['src/a.ts']);
  });

  /** File permissions do not stop root, so it is done without them. */
  function lock(directory: string): void {
    const { readdir } = fs;
    type Arguments = [directory: string, options: unknown, done: (error: Error) => void];
    const lockedReaddir = (...args: Arguments): void => {
      if (args[0] === directory)
        args[2](Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' }));
      else Reflect.apply(readdir, fs, args);
    };
    const spy = vi.spyOn(fs, 'readdir').mockImplementation(lockedReaddir as unknown as typeof readdir);
    onTestFinished(() => spy.mockRestore());
  }
});

interface Parts {
  readonly config?: UserConfig;
  readonly tsconfig?: string;
  readonly paths?: readonly string[];
  readonly only?: readonly string[];
  readonly overlay?: Readonly<Record<string, string | null>>;
}

/** The scope of a directory, with paths relative to it. */
async function scopeOf(dir: string, { config = {}, tsconfig, paths = [], only, overlay = {} }: Parts = {}) {
  const request: ScopeRequest = {
    cwd: dir,
    config: await loadConfig({ cwd: dir, config: undefined, inlineConfig: config, configRoot: undefined }),
    tsconfig,
    paths,
    only,
    overlay: new Map(Object.entries(overlay).map(([file, text]) => [path.join(dir, file), text])),
  };
  const compiler: Compiler = new ReferenceCompiler({ cwd: dir });
  const { files, named, projects, unmatched } = await resolveScope(request, () => Promise.resolve(compiler));
  return {
    ...(unmatched.length > 0 ? { unmatched } : {}),
    files: files.map((file) => path.relative(dir, file)),
    named: named?.map((file) => path.relative(dir, file)),
    projects: projects.map((file) => path.relative(dir, file)),
  };
}

async function filesOf(dir: string, parts: Parts = {}): Promise<readonly string[]> {
  return (await scopeOf(dir, parts)).files;
}

function link(dir: string, target: string, at: string): void {
  const place = path.join(dir, at);
  mkdirSync(path.dirname(place), { recursive: true });
  symlinkSync(target, place);
}
