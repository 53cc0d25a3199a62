import { execFileSync, spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { GateError } from '../engine/error.ts';

/** A work tree, in the spelling of the working directory (which may lie behind a symbolic link). */
export interface Repository {
  /** Absolute. */
  readonly root: string;
  /** Runs git at the root. Throws {@link GateError} when git fails. */
  git(...args: string[]): string;
}

/**
 * The repository around a directory.
 *
 * @param why what the repository is needed for, in the error when there is none
 * @throws {GateError} when there is no git, or no repository
 */
export function openRepository(cwd: string, why: string): Repository {
  const up = runGit(cwd, ['rev-parse', '--show-cdup', '--show-toplevel'], { why });
  const [cdup = '', toplevel = ''] = up.split('\n');
  const near = path.resolve(cwd, cdup);
  const root = realpathSync(near) === realpathSync(toplevel) ? near : toplevel;
  return { root, git: (...args) => runGit(root, args, { why }) };
}

/**
 * Files that differ from a commit in the working tree, the untracked ones included.
 *
 * @param since a revision: everything since its merge base with HEAD; absent for what is not committed
 * @returns absolute paths, sorted
 * @throws {GateError} outside of a repository, or for an unknown revision
 */
export function changedFiles(cwd: string, since: string | undefined): string[] {
  const repository = openRepository(cwd, '--changed compares the files with a commit');
  const { git } = repository;
  const untracked = git('ls-files', '-z', '--others', '--exclude-standard');
  const head = resolveCommit(repository, 'HEAD');
  let tracked: string;
  if (since !== undefined) {
    tracked = git('diff', ...NAMES_ONLY, mergeBase(repository, since, head));
  } else if (head !== undefined) {
    tracked = git('diff', ...NAMES_ONLY, head);
  } else {
    // Before the first commit every file is a change.
    tracked = git('ls-files', '-z');
  }
  const names = new Set([...splitNul(tracked), ...splitNul(untracked)]);
  return [...names].sort().map((name) => path.join(repository.root, name));
}

/** What a commit of the index would hold, told as the differences from the working tree. */
export interface StagedState {
  /** The files that the commit would change: absolute, sorted. */
  readonly files: readonly string[];
  /** Text by absolute path; `null` for a file that the commit would not hold. */
  readonly overlay: ReadonlyMap<string, string | null>;
}

/**
 * Reads the index: a check before a commit must see what is committed, not what lies in the working tree.
 *
 * @throws {GateError} outside of a repository, or when the index holds a merge conflict
 */
export function stagedState(cwd: string): StagedState {
  const repository = openRepository(cwd, '--staged reads the index');
  const { root, git } = repository;
  const staged = statuses(git('diff', ...STATUSES, '--cached'));
  const unstaged = statuses(git('diff', ...STATUSES));
  const conflicts = unstaged.flatMap(({ name, status }) => (status === 'U' ? [name] : []));
  if (conflicts.length > 0) {
    throw new GateError(
      `the index holds unmerged files: ${conflicts.join(', ')}`,
      'resolve the conflicts, and stage the result',
    );
  }

  const overlay = new Map<string, string | null>();
  const differing: string[] = [];
  for (const name of splitNul(git('ls-files', '-z', '--others', '--exclude-standard'))) {
    if (TEXT.test(name)) overlay.set(path.join(root, name), null);
  }
  for (const { name, status } of staged) {
    if (status === 'D' && TEXT.test(name)) overlay.set(path.join(root, name), null);
  }
  for (const { name, status } of unstaged) {
    if (!TEXT.test(name)) continue;
    // `git add --intent-to-add`: the index knows the name, but a commit would not hold the file.
    if (status === 'A') overlay.set(path.join(root, name), null);
    else differing.push(name);
  }
  for (const [name, text] of readIndex(repository, differing)) overlay.set(path.join(root, name), text);
  return {
    files: staged
      .map(({ name }) => name)
      .sort()
      .map((name) => path.join(root, name)),
    overlay,
  };
}

/** The path from the root of the repository to a directory inside, `packages/app/`; empty outside of any. */
export function repositoryPrefix(cwd: string): string {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--show-prefix'], { cwd, encoding: 'utf8' });
  return status === 0 ? stdout.replace(/\r?\n$/, '') : '';
}

/** Files whose text can matter to a run. */
const TEXT = /\.(?:[cm]?[jt]sx?|json)$/i;
const COMMON = ['-z', '--no-renames', '--no-relative', '--no-ext-diff', '--ignore-submodules'];
const NAMES_ONLY = ['--name-only', ...COMMON];
const STATUSES = ['--name-status', ...COMMON];
const MAX_BUFFER = 1 << 30;
/** Modes of symbolic links and of submodules: the blob is not the text of a file. */
const NOT_A_FILE = new Set(['120000', '160000']);

function resolveCommit({ root }: Repository, revision: string): string | undefined {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

function mergeBase(repository: Repository, since: string, head: string | undefined): string {
  const help = 'name a branch, a tag or a commit; in CI, fetch the history first (fetch-depth: 0)';
  const commit = since.startsWith('-') ? undefined : resolveCommit(repository, since);
  if (commit === undefined) throw new GateError(`--since: git knows no revision "${since}"`, help);
  if (head === undefined) throw new GateError('--since: HEAD has no commit yet', 'leave --since out');
  const base = spawnSync('git', ['merge-base', commit, head], { cwd: repository.root, encoding: 'utf8' });
  if (base.status === 0) return base.stdout.trim();
  throw new GateError(`--since: "${since}" and HEAD have no common ancestor`, help);
}

/** Texts in the index, by name. */
function readIndex({ root, git }: Repository, names: readonly string[]): Map<string, string> {
  const texts = new Map<string, string>();
  if (names.length === 0) return texts;
  const wanted = new Set(names);
  const entries = splitNul(git('ls-files', '-z', '--stage')).flatMap((entry) => {
    const [, mode = '', id = '', name = ''] = /^(\d+) ([\da-f]+) \d\t(.*)$/s.exec(entry) ?? [];
    return wanted.has(name) && !NOT_A_FILE.has(mode) ? [{ id, name }] : [];
  });
  // By object id: a name with a line break in it would tear the request apart.
  const output = execFileSync('git', ['cat-file', '--batch'], {
    cwd: root,
    input: entries.map(({ id }) => `${id}\n`).join(''),
    maxBuffer: MAX_BUFFER,
  });
  let offset = 0;
  for (const { name } of entries) {
    const end = output.indexOf('\n', offset);
    const size = Number(output.toString('latin1', offset, end).split(' ')[2]);
    texts.set(name, output.toString('utf8', end + 1, end + 1 + size));
    offset = end + 1 + size + 1;
  }
  return texts;
}

interface FileStatus {
  readonly name: string;
  /** `A`, `D`, `M`, `T` or `U`. */
  readonly status: string;
}

/** `M\0a.ts\0D\0b.ts\0`. A file in conflict stands there twice, as `U` and as `M`. */
function statuses(output: string): FileStatus[] {
  const parts = splitNul(output);
  return parts.flatMap((name, index) =>
    index % 2 === 1 ? [{ name, status: (parts[index - 1] ?? '').charAt(0) }] : [],
  );
}

function splitNul(output: string): string[] {
  return output.split('\0').filter((part) => part !== '');
}

function runGit(cwd: string, args: readonly string[], { why }: { readonly why: string }): string {
  const { status, stdout, stderr, error } = spawnSync('git', args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: MAX_BUFFER,
  });
  if (error && (error as NodeJS.ErrnoException).code === 'ENOENT') {
    throw new GateError('git is not installed', 'install git, or leave the flag out', { why, cause: error });
  }
  if (error) throw error;
  if (status === 0) return stdout;
  if (stderr.includes('not a git repository')) {
    throw new GateError(
      `${cwd} is not in a git repository`,
      'leave the flag out, or run inside of a repository',
      { why },
    );
  }
  throw new GateError(`git ${args[0]} failed`, 'mend what git complains about, or leave the flag out', {
    why: stderr.trim() || `exit code ${status}`,
  });
}
