import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** A source file of a {@link FileGraph}. */
export interface FileNode {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly lines: number;
  /** The files that it imports, by the same kind of path; only those that exist. */
  readonly imports: readonly string[];
}

/** Which source files there are under a directory, and which imports which. */
export interface FileGraph {
  readonly root: string;
  readonly files: ReadonlyMap<string, FileNode>;
}

const SOURCE = /\.(?:[cm]?[jt]sx?|json)$/;
const SKIPPED = new Set(['node_modules', '.git', 'dist', 'build', 'coverage']);
const IMPORT = /(?:from|import|require\()\s*['"](\.{1,2}\/[^'"]+)['"]/g;

/**
 * Reads the source files under `root`.
 *
 * @param checkpoint - Called between two files; may throw to end the walk.
 * @throws What reading `root` fails with. A file that goes away meanwhile is left out.
 */
export async function buildFileGraph(root: string, checkpoint = (): void => {}): Promise<FileGraph> {
  const texts = new Map<string, string>();
  for (const file of await sourceFiles(root)) {
    checkpoint();
    const text = await readFile(path.join(root, file), 'utf8').catch(() => undefined);
    if (text !== undefined) texts.set(file, text);
  }
  const files = new Map<string, FileNode>();
  for (const [file, text] of texts) {
    const imports = new Set<string>();
    for (const [, specifier] of text.matchAll(IMPORT)) {
      const found = specifier === undefined ? undefined : importedFile(file, specifier, texts);
      if (found !== undefined) imports.add(found);
    }
    const bytes = Buffer.byteLength(text);
    files.set(file, { path: file, bytes, lines: text.split('\n').length, imports: [...imports].sort() });
  }
  return { root, files };
}

/** The memory that a graph takes, in bytes, near enough for a budget. */
export function fileGraphBytes({ files }: FileGraph): number {
  let bytes = 1_024;
  for (const { path: name, imports } of files.values()) {
    bytes += 256 + 2 * name.length;
    for (const target of imports) bytes += 32 + 2 * target.length;
  }
  return bytes;
}

/** The files that import `file`, sorted. */
export function importersOf({ files }: FileGraph, file: string): string[] {
  return [...files.values()]
    .filter(({ imports }) => imports.includes(file))
    .map((node) => node.path)
    .sort();
}

async function sourceFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  const pending = [''];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    // A directory below the root may go away, or be closed to us; the root itself may not.
    const entries = readdir(path.join(root, directory), { withFileTypes: true });
    for (const entry of await (directory === '' ? entries : entries.catch(() => []))) {
      const name = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) pending.push(name);
      else if (entry.isFile() && SOURCE.test(entry.name)) found.push(name);
    }
  }
  return found.sort();
}

/** Where an import leads: to the file of that name, of a name like it, or to the index of the directory. */
function importedFile(
  from: string,
  specifier: string,
  files: ReadonlyMap<string, string>,
): string | undefined {
  const target = path.posix.join(path.posix.dirname(from), specifier);
  const stem = target.replace(/\.[cm]?jsx?$/, '');
  const endings = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '/index.ts', '/index.js'];
  return [target, ...endings.map((ending) => stem + ending)].find((candidate) => files.has(candidate));
}
