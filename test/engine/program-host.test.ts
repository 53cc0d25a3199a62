import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProgramHost } from '../../src/engine/program-host.ts';
import { SourceTexts } from '../../src/engine/texts.ts';
import type { Compiler, OpenRequest, Oracle } from '../../src/oracle/oracle.ts';
import { tempDir } from '../support/temp-dir.ts';

function hostOf(files: Record<string, string>) {
  const dir = tempDir(files);
  const opened: OpenRequest[] = [];
  const oracle: Oracle = {
    kind: 'native',
    queries: 7,
    symbols: () => [],
    types: () => [],
    expressionTypes: () => [],
    member: () => 'unknown',
  };
  const compiler: Compiler = {
    kind: 'native',
    readProject: () => ({ files: [], allowJs: false }),
    open: (request) => {
      opened.push(request);
      return oracle;
    },
    reopen: () => oracle,
    close: () => {},
  };
  let starts = 0;
  const host = new ProgramHost({
    cwd: dir,
    files: Object.keys(files).map((file) => path.join(dir, file)),
    projects: [],
    texts: new SourceTexts(),
    compiler: () => {
      starts += 1;
      return Promise.resolve(compiler);
    },
  });
  return { dir, host, oracle, opened, starts: () => starts };
}

describe('the program', () => {
  it('starts the compiler once, and opens the program with the first question', async () => {
    const { dir, host, oracle, opened, starts } = hostOf({ 'a.ts': '' });
    expect([host.oracleKind, host.queries, starts()]).toEqual(['none', 0, 0]);
    await host.open();
    await host.open();
    expect([starts(), opened]).toEqual([1, []]);
    expect([host.oracle, host.oracle]).toEqual([oracle, oracle]);
    expect(opened).toMatchObject([{ projects: [], files: [path.join(dir, 'a.ts')] }]);
    expect([host.oracleKind, host.queries]).toEqual(['native', 7]);
  });

  it('tells the compiler which files were looked at so far, and their texts', async () => {
    const { dir, host, opened } = hostOf({ 'a.ts': '', 'b.ts': 'b;', 'c.ts': '' });
    const [a, b] = ['a.ts', 'b.ts'].map((name) => path.join(dir, name)) as [string, string];
    await host.open();
    host.tree(a);
    expect(host.oracle).toBeDefined();
    const before = opened[0]?.focus?.files();
    host.tree(b);
    expect([before, opened[0]?.focus?.files(), opened[0]?.focus?.text(b)]).toEqual([[a], [a, b], 'b;']);
  });

  it('searches the texts once for the same words', () => {
    const { dir, host } = hostOf({ 'a.ts': 'Insert', 'b.ts': '' });
    const a = path.join(dir, 'a.ts');
    expect([
      host.filesWith(['insert'], true),
      host.filesWith(['insert']),
      host.filesWith(['Insert']),
    ]).toEqual([[a], [], [a]]);
    expect(host.filesWith(['insert'], true)).toBe(host.filesWith(['insert'], true));
  });

  it('cannot be asked for meaning or trees before it is opened', () => {
    const { dir, host } = hostOf({ 'a.ts': '' });
    expect(() => host.oracle).toThrow(new Error('the compiler was not started'));
    expect(() => host.tree(path.join(dir, 'a.ts'))).toThrow(new Error('the parser was not loaded'));
  });

  it('parses a file once, and a file that is not there never', async () => {
    const { dir, host } = hostOf({ 'a.ts': 'const a = 1;' });
    await host.openSyntax();
    const tree = host.tree(path.join(dir, 'a.ts'));
    expect(tree?.text).toBe('const a = 1;');
    expect(host.tree(path.join(dir, 'a.ts'))).toBe(tree);
    expect(host.tree(path.join(dir, 'gone.ts'))).toBeUndefined();
    expect(host.parsed).toEqual([tree]);
  });

  it('keeps a tree that was gone through only if it is of interest, or if something is wrong with it', async () => {
    const { dir, host } = hostOf({ 'a.ts': 'a;', 'b.ts': 'b;', 'c.ts': '(', 'd.ts': 'd;' });
    await host.openSyntax();
    const [a, b, c, d, gone] = ['a.ts', 'b.ts', 'c.ts', 'd.ts', 'gone.ts'].map((name) =>
      path.join(dir, name),
    );
    const known = host.tree(d ?? '');
    const seen: string[] = [];
    const found = [a, b, c, d, gone].map((file) =>
      host.treeIf(file ?? '', ({ text }) => {
        seen.push(text);
        return text === 'b;';
      }),
    );
    expect(found.map((tree) => tree?.file)).toEqual([undefined, b, c, d, undefined]);
    expect(found[3]).toBe(known);
    expect(seen).toEqual(['a;', 'b;']);
    expect(host.parsed.map(({ file }) => file)).toEqual([d, b, c]);
  });

  it('finds words in the files in scope only', () => {
    const { dir, host } = hostOf({ 'a.ts': 'lock', 'b.ts': 'Lock', 'c.ts': '' });
    expect(host.filesWith(['lock'])).toEqual([path.join(dir, 'a.ts')]);
    expect(host.filesWith(['lock'], true)).toEqual([path.join(dir, 'a.ts'), path.join(dir, 'b.ts')]);
    expect([host.filesWith(['lo']), host.filesNaming(['lo', 'c'])]).toEqual([[path.join(dir, 'a.ts')], []]);
  });

  it('reports paths relative to the working directory', () => {
    const { dir, host } = hostOf({ 'a.ts': '' });
    expect(['src/a.ts', '../b.ts'].map((file) => host.relative(path.join(dir, file)))).toEqual([
      'src/a.ts',
      '../b.ts',
    ]);
  });
});
