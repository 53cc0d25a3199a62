import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { changedFiles, repositoryPrefix, stagedState } from '../../src/cli/git.ts';
import { gateErrorOf } from '../support/gate-error.ts';
import { tempDir, writeFiles } from '../support/temp-dir.ts';

interface TempRepo {
  readonly dir: string;
  git(...args: string[]): string;
  /** Paths below the root, relative and with forward slashes. */
  below(files: readonly string[]): string[];
}

function initRepo(files: Record<string, string> = {}): TempRepo {
  const dir = tempDir(files);
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', '-c', 'commit.gpgsign=false'];
  const git = (...args: string[]) =>
    execFileSync('git', [...identity, ...args], {
      cwd: dir,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  git('init', '-b', 'main');
  return {
    dir,
    git,
    below: (names) => names.map((name) => path.relative(dir, name).split(path.sep).join('/')),
  };
}

/** A repository with these files in its first commit. */
function repoWith(files: Record<string, string>): TempRepo {
  const repo = initRepo(files);
  repo.git('add', '-A');
  repo.git('commit', '-m', 'first');
  return repo;
}

describe('changedFiles', () => {
  it('are those that differ from HEAD, staged or not, and the untracked ones', () => {
    const { dir, git, below } = repoWith({
      'a.ts': '1',
      'b.ts': '1',
      'c.ts': '1',
      '.gitignore': 'ignored.ts\n',
    });
    writeFiles(dir, { 'a.ts': '2', 'b.ts': '2', 'sub/new.ts': '1', 'ignored.ts': '1' });
    git('add', 'b.ts');
    expect(below(changedFiles(dir, undefined))).toEqual(['a.ts', 'b.ts', 'sub/new.ts']);
  });

  it('are told for the whole repository from a directory inside', () => {
    const { dir, below } = repoWith({ 'a.ts': '1', 'sub/b.ts': '1' });
    writeFiles(dir, { 'a.ts': '2', 'sub/b.ts': '2', 'näme\n.ts': '1' });
    expect(below(changedFiles(path.join(dir, 'sub'), undefined))).toEqual(['a.ts', 'näme\n.ts', 'sub/b.ts']);
  });

  it('are both ends of a rename', () => {
    const { dir, git, below } = repoWith({ 'old.ts': 'the same text\n' });
    git('mv', 'old.ts', 'new.ts');
    expect(below(changedFiles(dir, undefined))).toEqual(['new.ts', 'old.ts']);
  });

  it('are everything since the merge base, given a revision', () => {
    const { dir, git, below } = repoWith({ 'a.ts': '1', 'b.ts': '1', 'c.ts': '1' });
    git('switch', '-c', 'feature');
    writeFiles(dir, { 'a.ts': '2' });
    git('commit', '-am', 'on the branch');
    git('switch', 'main');
    writeFiles(dir, { 'b.ts': '2' });
    git('commit', '-am', 'on main, meanwhile');
    git('switch', 'feature');
    writeFiles(dir, { 'c.ts': 'not committed' });
    expect(below(changedFiles(dir, 'main'))).toEqual(['a.ts', 'c.ts']);
  });

  it('are all files before the first commit', () => {
    const { dir, git, below } = initRepo({ 'a.ts': '1', 'b.ts': '1' });
    git('add', 'a.ts');
    expect(below(changedFiles(dir, undefined))).toEqual(['a.ts', 'b.ts']);
  });

  it('carry the spelling of the working directory', () => {
    const { dir } = repoWith({ 'a.ts': '1' });
    writeFiles(dir, { 'a.ts': '2' });
    const link = path.join(tempDir(), 'link');
    symlinkSync(dir, link);
    expect(changedFiles(link, undefined)).toEqual([path.join(link, 'a.ts')]);
  });

  it.each([
    ['nonsense', '--since: git knows no revision "nonsense"'],
    ['--output=x', '--since: git knows no revision "--output=x"'],
  ])('refuse the revision %j', async (since, message) => {
    const { dir } = repoWith({ 'a.ts': '1' });
    expect((await gateErrorOf(() => changedFiles(dir, since))).message).toBe(message);
  });

  it('refuse a revision without a common ancestor', async () => {
    const { dir, git } = repoWith({ 'a.ts': '1' });
    git('switch', '--orphan', 'island');
    git('commit', '--allow-empty', '-m', 'alone');
    expect((await gateErrorOf(() => changedFiles(dir, 'main'))).message).toBe(
      '--since: "main" and HEAD have no common ancestor',
    );
  });

  it('refuse a directory outside of any repository', async () => {
    const dir = tempDir();
    expect(await gateErrorOf(() => changedFiles(dir, undefined))).toEqual({
      message: `${dir} is not in a git repository`,
      why: '--changed compares the files with a commit',
      help: 'leave the flag out, or run inside of a repository',
    });
  });
});

describe('stagedState', () => {
  function stateOf({ dir, below }: TempRepo) {
    const { files, overlay } = stagedState(dir);
    return {
      files: below(files),
      overlay: Object.fromEntries([...overlay].map(([file, text]) => [below([file])[0], text])),
    };
  }

  it('is the index where the working tree differs from it', () => {
    const repo = repoWith({
      'same.ts': '1',
      'half.ts': '1',
      'later.ts': '1',
      'gone.ts': '1',
      'kept.ts': '1',
    });
    writeFiles(repo.dir, { 'same.ts': '2', 'half.ts': 'staged ü\n', 'new.ts': 'new' });
    repo.git('add', '-A');
    repo.git('rm', '-q', 'gone.ts');
    writeFiles(repo.dir, {
      'half.ts': 'staged and then some',
      'later.ts': 'only in the tree',
      'extra.ts': 'untracked',
    });
    rmSync(path.join(repo.dir, 'kept.ts'));
    expect(stateOf(repo)).toEqual({
      files: ['gone.ts', 'half.ts', 'new.ts', 'same.ts'],
      overlay: {
        'gone.ts': null,
        'half.ts': 'staged ü\n',
        'later.ts': '1',
        'extra.ts': null,
        'kept.ts': '1',
      },
    });
  });

  it('leaves out a file that is staged as deleted and still lies in the tree', () => {
    const repo = repoWith({ 'a.ts': '1' });
    repo.git('rm', '-q', '--cached', 'a.ts');
    expect(stateOf(repo)).toEqual({ files: ['a.ts'], overlay: { 'a.ts': null } });
  });

  it('leaves out a file that is only intended to be added', () => {
    const repo = repoWith({ 'a.ts': '1' });
    writeFiles(repo.dir, { 'b.ts': '1' });
    repo.git('add', '-N', 'b.ts');
    expect(stateOf(repo)).toEqual({ files: [], overlay: { 'b.ts': null } });
  });

  it('works before the first commit', () => {
    const repo = initRepo({ 'a.ts': '1' });
    repo.git('add', 'a.ts');
    writeFiles(repo.dir, { 'a.ts': '2' });
    expect(stateOf(repo)).toEqual({ files: ['a.ts'], overlay: { 'a.ts': '1' } });
  });

  it('reads many blobs, empty ones and odd names', () => {
    const repo = repoWith({ 'empty.ts': 'x', 'line\nbreak.ts': 'x', 'big.ts': 'x' });
    const big = 'const 数 = 1;\n'.repeat(20_000);
    writeFiles(repo.dir, { 'empty.ts': '', 'line\nbreak.ts': 'one\n\n', 'big.ts': big });
    repo.git('add', '-A');
    writeFiles(repo.dir, { 'empty.ts': 'y', 'line\nbreak.ts': 'y', 'big.ts': 'y' });
    expect(stateOf(repo).overlay).toEqual({ 'empty.ts': '', 'line\nbreak.ts': 'one\n\n', 'big.ts': big });
  });

  it('does not read links and files that are no text', () => {
    const repo = repoWith({ 'logo.png': '1', 'a.ts': '1' });
    symlinkSync('a.ts', path.join(repo.dir, 'link.ts'));
    repo.git('add', 'link.ts');
    writeFiles(repo.dir, { 'logo.png': '2' });
    rmSync(path.join(repo.dir, 'link.ts'));
    expect(stateOf(repo)).toEqual({ files: ['link.ts'], overlay: {} });
  });

  it('refuses an index with a conflict', async () => {
    const { dir, git } = repoWith({ 'a.ts': '1' });
    git('switch', '-c', 'other');
    writeFiles(dir, { 'a.ts': '2' });
    git('commit', '-am', 'theirs');
    git('switch', 'main');
    writeFiles(dir, { 'a.ts': '3' });
    git('commit', '-am', 'ours');
    expect(() => git('merge', 'other')).toThrow();
    expect((await gateErrorOf(() => stagedState(dir))).message).toBe('the index holds unmerged files: a.ts');
  });
});

describe('repositoryPrefix', () => {
  it('is the way from the root of the repository, and empty at it and outside', () => {
    const { dir } = repoWith({ 'packages/app/a.ts': '1' });
    expect([
      repositoryPrefix(path.join(dir, 'packages/app')),
      repositoryPrefix(dir),
      repositoryPrefix(tempDir()),
    ]).toEqual(['packages/app/', '', '']);
  });
});
