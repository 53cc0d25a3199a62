import { chmodSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { bangProject, git, program, ws } from '../support/cli.ts';
import { tempDir, writeFiles } from '../support/temp-dir.ts';

/** A project in the first commit of a repository. */
function repoWith(sources: Record<string, string>, config?: string): string {
  const dir = tempDir(bangProject(sources, config));
  git(dir, 'init');
  git(dir, 'add', '-A');
  git(dir, 'commit', '-m', 'first');
  return dir;
}

function foundIn(dir: string, ...flags: string[]): string[] {
  const { stdout, stderr } = ws(dir, ['check', '-f', 'compact', ...flags]);
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/: (?:error|warn) .*/, ''));
}

describe('--changed', () => {
  it('reports what touches uncommitted files', () => {
    const dir = repoWith({ 'src/old.ts': 'BANG;\n', 'src/a.ts': 'quiet;\n' });
    expect(foundIn(dir, '--changed')).toEqual([]);
    writeFiles(dir, { 'src/a.ts': 'BANG;\n', 'src/new.ts': 'BANG;\n' });
    expect(foundIn(dir, '--changed')).toEqual(['src/a.ts:1:1', 'src/new.ts:1:1']);
  });

  it('reports what touches files changed since a branch', () => {
    const dir = repoWith({ 'src/old.ts': 'BANG;\n', 'src/a.ts': 'quiet;\n' });
    git(dir, 'switch', '-c', 'feature');
    writeFiles(dir, { 'src/a.ts': 'BANG;\n' });
    git(dir, 'commit', '-am', 'louder');
    expect(foundIn(dir, '--changed', '--since', 'main')).toEqual(['src/a.ts:1:1']);
    expect(foundIn(dir, '--since', 'main')).toEqual(['src/a.ts:1:1']);
    expect(foundIn(dir, '--changed')).toEqual([]);
  });

  it('refuses an unknown revision', () => {
    const { code, stderr } = ws(repoWith({ 'src/a.ts': ';\n' }), ['check', '--since', 'nowhere']);
    expect([code, stderr.split('\n')[0]]).toEqual([2, 'ws-gate: --since: git knows no revision "nowhere"']);
  });
});

describe('--staged', () => {
  it('sees what is staged, not what lies in the working tree', () => {
    const dir = repoWith({ 'src/a.ts': 'quiet;\n', 'src/b.ts': 'quiet;\n' });
    writeFiles(dir, { 'src/a.ts': '\nBANG;\n', 'src/b.ts': 'quiet;\n// staged\n' });
    git(dir, 'add', '-A');
    writeFiles(dir, { 'src/a.ts': 'quiet again;\n', 'src/b.ts': 'BANG;\n', 'src/c.ts': 'BANG;\n' });
    expect(foundIn(dir, '--staged')).toEqual(['src/a.ts:2:1']);
  });

  it('sees a staged file that is gone from the working tree', () => {
    const dir = repoWith({ 'src/a.ts': 'quiet;\n' });
    writeFiles(dir, { 'src/b.ts': 'BANG;\n' });
    git(dir, 'add', '-A');
    rmSync(path.join(dir, 'src/b.ts'));
    expect(foundIn(dir, '--staged')).toEqual(['src/b.ts:1:1']);
  });

  it('does not see a file that is staged as deleted', () => {
    const dir = repoWith({ 'src/a.ts': 'quiet;\n', 'src/b.ts': 'BANG;\n' });
    git(dir, 'rm', '--cached', 'src/b.ts');
    expect(foundIn(dir, '--staged')).toEqual([]);
  });

  it('sees a renamed file under its new name alone', () => {
    const dir = repoWith({ 'src/a.ts': 'quiet;\n// quiet\n', 'src/b.ts': 'BANG;\n' });
    git(dir, 'mv', 'src/a.ts', 'src/moved.ts');
    expect(foundIn(dir, '--staged')).toEqual([]);
    writeFiles(dir, { 'src/moved.ts': 'quiet;\nBANG;\n', 'src/a.ts': 'BANG;\n' });
    git(dir, 'add', 'src/moved.ts');
    expect(foundIn(dir, '--staged')).toEqual(['src/moved.ts:2:1']);
  });

  it('reads a file of the index where a directory has taken its place', () => {
    const dir = repoWith({ 'src/a.ts': 'quiet;\n' });
    writeFiles(dir, { 'src/x.ts': 'BANG;\n' });
    git(dir, 'add', '-A');
    rmSync(path.join(dir, 'src/x.ts'));
    writeFiles(dir, { 'src/x.ts/b.ts': 'BANG;\n' });
    expect(foundIn(dir, '--staged')).toEqual(['src/x.ts:1:1']);
  });

  it('works in a commit hook, from a directory inside, for every way to commit', () => {
    const dir = tempDir(
      Object.fromEntries(
        Object.entries(bangProject({ 'src/a.ts': 'quiet;\n', 'src/b.ts': 'quiet;\n' })).map(
          ([name, text]) => [`app/${name}`, text],
        ),
      ),
    );
    git(dir, 'init');
    git(dir, 'add', '-A');
    git(dir, 'commit', '-m', 'first');
    const hook = path.join(dir, '.git/hooks/pre-commit');
    writeFiles(dir, {
      '.git/hooks/pre-commit': `#!/bin/sh\ncd app && exec "${process.execPath}" "${program}" check --staged\n`,
    });
    chmodSync(hook, 0o755);
    const commit = (...args: string[]) => {
      try {
        git(dir, 'commit', '-m', 'next', ...args);
        return 'committed';
      } catch {
        return 'refused';
      }
    };

    writeFiles(dir, { 'app/src/a.ts': 'BANG;\n', 'app/src/b.ts': 'still quiet;\n' });
    expect([commit('-a'), commit('app/src/a.ts'), commit('app/src/b.ts')]).toEqual([
      'refused',
      'refused',
      'committed',
    ]);
    git(dir, 'add', '-A');
    expect(commit()).toBe('refused');
  });
});
