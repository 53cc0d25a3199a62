import fs from 'node:fs';
import path from 'node:path';
import { GateError } from './error.ts';

/** What to look for. Patterns are relative to the root; those that start with `!` take out. */
export interface Listing {
  /** Absolute. */
  readonly root: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * The files below a directory that match and that git does not ignore. Symbolic links are followed, to files and to
 * directories; a directory that several links lead to is read once.
 *
 * @returns absolute paths, in no order
 * @throws {GateError} when a directory that may hold such files cannot be read
 */
export async function listFiles(listing: Listing): Promise<string[]> {
  const selection = await selectionOf(listing);
  const first = await walk(listing.root, listing.include, listing.exclude);
  const found = new Set(first.files);
  const anywhere = listing.exclude.filter((pattern) => pattern.startsWith('**/'));
  const read = new Set([realpath(listing.root)]);
  const unreadable = [...first.unreadable];
  const links = new Set(first.links.sort());
  const isIgnored = await ignoredByGit(listing.root, [
    ...links,
    ...unreadable.map(({ directory }) => directory),
  ]);
  for (const link of links) {
    if (!selection.mayHold(link) || isIgnored(link)) continue;
    const real = realpath(link);
    if (real === undefined || !fs.statSync(real).isDirectory()) {
      // A link that leads nowhere is in scope all the same: whoever reads it says that it cannot be read.
      if (selection.has(link)) found.add(link);
      continue;
    }
    const parent = realpath(path.dirname(link));
    if (read.has(real) || (parent !== undefined && isWithin(real, parent))) continue;
    read.add(real);
    const { files, links: further, unreadable: failed } = await walk(link, ['**/*'], anywhere);
    for (const file of files) if (selection.has(file)) found.add(file);
    for (const next of further.sort()) links.add(next);
    unreadable.push(...failed);
  }
  const [failure] = unreadable
    .filter(({ directory }) => selection.mayHold(directory) && !isIgnored(directory))
    .sort((a, b) => (a.directory < b.directory ? -1 : 1));
  if (failure) throw unreadableDirectory(listing.root, failure);
  return [...found];
}

/** The patterns of a listing, for paths that are not on disk. */
export interface Selection {
  /** Whether a file, by its absolute path, is one of those looked for. */
  has(file: string): boolean;
  /** Whether a directory may hold any. */
  mayHold(directory: string): boolean;
}

/** Makes a {@link Selection} of the patterns of a listing. */
export async function selectionOf({ root, include, exclude }: Listing): Promise<Selection> {
  const { default: picomatch } = await import('picomatch');
  const isNegative = (pattern: string): boolean => pattern.startsWith('!');
  const wanted = include.filter((pattern) => !isNegative(pattern));
  const unwanted = [...exclude, ...include.filter(isNegative).map((pattern) => pattern.slice(1))];
  // A pattern that names a directory stands for all that is in it.
  const included = picomatch(wanted.flatMap((pattern) => [pattern, `${pattern.replace(/\/+$/, '')}/**`]));
  const excluded = picomatch([...unwanted], { dot: true });
  const bases = wanted.map((pattern) => path.resolve(root, picomatch.scan(pattern).base));
  const relative = (file: string): string => path.relative(root, file).split(path.sep).join('/');
  const isHidden = (base: string, directory: string): boolean =>
    path
      .relative(base, directory)
      .split(path.sep)
      .some((name) => /^\.[^.]/.test(name));
  return {
    has: (file) => included(relative(file)) && !excluded(relative(file)),
    mayHold: (directory) =>
      bases.some(
        (base) => (isWithin(base, directory) && !isHidden(base, directory)) || isWithin(directory, base),
      ) &&
      !excluded(relative(directory)) &&
      !excluded(`${relative(directory)}/file`),
  };
}

/** The patterns of `include` that match none of these files, whatever the others match. */
export async function unmatchedIn(
  { root, include }: Pick<Listing, 'root' | 'include'>,
  files: readonly string[],
): Promise<string[]> {
  const { default: picomatch } = await import('picomatch');
  const unmatched: string[] = [];
  for (const pattern of include.filter((one) => !one.startsWith('!'))) {
    const { has } = await selectionOf({ root, include: [pattern], exclude: [] });
    // What a link leads to is listed once, by one of its paths.
    const base = path.resolve(root, picomatch.scan(pattern).base);
    const real = realpath(base) ?? base;
    const isListedElsewhere = real !== base && files.some((file) => isWithin(real, file));
    if (!files.some(has) && !isListedElsewhere) unmatched.push(pattern);
  }
  return unmatched;
}

/** Whether a path is a directory, or lies in it. Both absolute. */
export function isWithin(directory: string, file: string): boolean {
  return (
    file === directory || file.startsWith(directory.endsWith(path.sep) ? directory : directory + path.sep)
  );
}

interface Walk {
  readonly files: string[];
  /** Symbolic links that were met, whatever they lead to. */
  readonly links: string[];
  readonly unreadable: UnreadableDirectory[];
}

interface UnreadableDirectory {
  readonly directory: string;
  readonly error: NodeJS.ErrnoException;
}

/** Lists the plain files below a directory, and takes down what the listing by itself would pass over in silence. */
async function walk(cwd: string, include: readonly string[], ignore: readonly string[]): Promise<Walk> {
  const { globby } = await import('globby');
  const links = new Set<string>();
  const unreadable = new Map<string, UnreadableDirectory>();
  const readdir = (
    directory: string,
    options: { withFileTypes: true },
    done: (error: NodeJS.ErrnoException | null, entries: fs.Dirent[]) => void,
  ): void => {
    fs.readdir(directory, options, (error, entries) => {
      const at = path.resolve(cwd, directory);
      if (error && error.code !== 'ENOENT') unreadable.set(at, { directory: at, error });
      for (const entry of entries ?? []) if (entry.isSymbolicLink()) links.add(path.join(at, entry.name));
      done(error, entries);
    });
  };
  const files = await globby([...include], {
    cwd,
    ignore: [...ignore],
    absolute: true,
    gitignore: true,
    dot: false,
    followSymbolicLinks: false,
    suppressErrors: true,
    fs: { ...fs, readdir: readdir as typeof fs.readdir },
  });
  return { files, links: [...links], unreadable: [...unreadable.values()] };
}

/** Which of these paths git ignores; asked only where there is something to ask about. */
async function ignoredByGit(root: string, paths: readonly string[]): Promise<(file: string) => boolean> {
  if (paths.length === 0) return () => false;
  const { isGitIgnored } = await import('globby');
  const options = { cwd: root, suppressErrors: true, followSymbolicLinks: false };
  const isIgnored = await isGitIgnored(options);
  return (file) => isIgnored(file) || isIgnored(file + path.sep);
}

/** Undefined for a link that leads nowhere, or round in a circle. */
function realpath(file: string): string | undefined {
  try {
    return fs.realpathSync(file);
  } catch {
    return undefined;
  }
}

function unreadableDirectory(root: string, { directory, error }: UnreadableDirectory): GateError {
  return new GateError(
    `the directory ${path.relative(root, directory) || directory} cannot be read`,
    'make it readable, or take it out of the scope with `exclude`',
    { why: error.message, cause: error },
  );
}
