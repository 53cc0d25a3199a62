import { existsSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/types.ts';
import type { Compiler } from '../oracle/oracle.ts';
import { GateError } from './error.ts';
import { isWithin, type Listing, listFiles, selectionOf, unmatchedIn } from './listing.ts';
import { TEST_FILES } from './test-files.ts';
import { type Overlay, referencesOf } from './tsconfig.ts';

/** The files of a run, and the tsconfig files that own them. All absolute, sorted. */
export interface Scope {
  /** What is analysed. */
  readonly files: readonly string[];
  /** The part of it that is reported on; undefined for all. */
  readonly named: readonly string[] | undefined;
  readonly projects: readonly string[];
  /** Patterns of `include` that match no source file. */
  readonly unmatched: readonly string[];
}

export interface ScopeRequest {
  readonly cwd: string;
  readonly config: Config;
  /** `--tsconfig`, relative to `cwd`. */
  readonly tsconfig?: string | undefined;
  /** Files and directories to report on, relative to `cwd`; none for all. */
  readonly paths: readonly string[];
  /** Files and directories to leave all others out for, relative to `cwd`. */
  readonly only?: readonly string[] | undefined;
  readonly overlay?: Overlay | undefined;
}

const SOURCE = /\.(?:[cm]?tsx?|[cm]?jsx?)$/i;
const DECLARATION = /\.d\.(?:[cm]?ts|[^./]+\.ts)$/i;
const NEVER = ['**/node_modules/**', '**/.git/**'];
const TYPESCRIPT = '**/*.{ts,tsx,mts,cts}';
const JAVASCRIPT = '**/*.{js,jsx,mjs,cjs}';
const BUILD_OUTPUT = ['**/{dist,build,out,coverage,.next,.turbo,.cache}/**'];

/** Decides which files a run looks at. */
export async function resolveScope(request: ScopeRequest, compiler: () => Promise<Compiler>): Promise<Scope> {
  const { config, paths, only } = request;
  const projects = await findProjects(request, compiler);
  const listing = listingOf(config);
  const onDisk =
    config.include || projects.length === 0
      ? await listFiles(listing)
      : await filterOut(
          config,
          projects.flatMap((project) => project.files),
        );
  const listed = [...onDisk, ...(await onlyOverlaid(request, listing, projects))];
  const base = distinct(listed);
  const narrowed = only ? await narrow(request, only, base) : base;
  const chosen = paths.length > 0 ? sourcesOf(await narrow(request, paths, base), request) : undefined;
  const files = sourcesOf([...narrowed, ...(chosen ?? [])], request);
  if ((chosen ?? files).length === 0) throw nothingInScope(request, projects.length > 0);
  const inScope = new Set(files);
  const owning = projects.filter((project) => project.files.some((file) => inScope.has(file)));
  return {
    files,
    named: chosen,
    projects: owning.map(({ file }) => file).sort(),
    unmatched: config.include ? await unmatchedIn(listing, sourcesOf(listed, request)) : [],
  };
}

function sourcesOf(files: readonly string[], { overlay }: ScopeRequest): string[] {
  return [...new Set(files)]
    .filter((file) => SOURCE.test(file) && !DECLARATION.test(file) && overlay?.get(file) !== null)
    .sort();
}

/** Where the files are looked for, unless a tsconfig lists them. */
function listingOf({ root, include, exclude }: Config): Listing {
  return include
    ? { root, include, exclude: [...(exclude ?? []), ...NEVER] }
    : { root, include: [TYPESCRIPT], exclude: [...(exclude ?? TEST_FILES), ...NEVER, ...BUILD_OUTPUT] };
}

/** The files that the overlay adds to what is on disk. What a tsconfig leaves out cannot be told for these. */
async function onlyOverlaid(
  { overlay = new Map() }: ScopeRequest,
  listing: Listing,
  projects: readonly FoundProject[],
): Promise<string[]> {
  const added = [...overlay].flatMap(([file, text]) => (text !== null && !isFile(file) ? [file] : []));
  if (added.length === 0) return [];
  const include = projects.some(({ allowJs }) => allowJs)
    ? [...listing.include, JAVASCRIPT]
    : listing.include;
  const selection = await selectionOf({ ...listing, include });
  return added.filter((file) => isWithin(listing.root, file) && selection.has(file));
}

function isFile(file: string): boolean {
  return existsSync(file) && statSync(file).isFile();
}

/** One path for each file: its own, if it is in the list, and otherwise the first of the links to it. */
function distinct(files: readonly string[]): string[] {
  const directories = new Map<string, Directory>();
  const chosen = new Map<string, string>();
  for (const file of [...files].sort()) {
    const real = realFile(file, directories);
    if (file === real || !chosen.has(real)) chosen.set(real, file);
  }
  return [...chosen.values()];
}

interface Directory {
  readonly real: string;
  /** The names in it that are symbolic links. */
  readonly links: ReadonlySet<string>;
}

/** Where a file really is. Directories are asked once for all the files in them: most files are no links. */
function realFile(file: string, directories: Map<string, Directory>): string {
  const directory = path.dirname(file);
  let known = directories.get(directory);
  if (!known) {
    known = readDirectory(directory);
    directories.set(directory, known);
  }
  const name = path.basename(file);
  if (!known.links.has(name)) return path.join(known.real, name);
  try {
    return realpathSync.native(file);
  } catch {
    // A link that leads nowhere: the path is all there is.
    return file;
  }
}

function readDirectory(directory: string): Directory {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    const links = entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name);
    return { real: realpathSync.native(directory), links: new Set(links) };
  } catch {
    // Not there, as the directory of an overlaid file may be.
    return { real: directory, links: new Set() };
  }
}

interface FoundProject {
  readonly file: string;
  readonly files: readonly string[];
  readonly allowJs: boolean;
}

async function findProjects(
  { cwd, config, tsconfig, overlay }: ScopeRequest,
  compiler: () => Promise<Compiler>,
): Promise<FoundProject[]> {
  const named = tsconfig === undefined ? config.tsconfig : path.resolve(cwd, tsconfig);
  const start =
    named === undefined ? findUpwards(config.root, 'tsconfig.json') : path.resolve(config.root, named);
  if (start === undefined) return [];
  if (named !== undefined && !existsSync(start)) {
    throw new GateError(
      `the tsconfig ${path.relative(cwd, start) || start} does not exist`,
      'correct the path given with --tsconfig or with the key `tsconfig` of the config',
    );
  }
  const isDirectory = existsSync(start) && statSync(start).isDirectory();
  const first = isDirectory ? path.join(start, 'tsconfig.json') : start;
  if (isDirectory && !existsSync(first)) return [];
  const found = new Map<string, FoundProject>();
  const queue = [first];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (found.has(next)) continue;
    queue.push(...(await referencesOf(next, cwd, overlay)));
    found.set(next, { file: next, ...readProject(await compiler(), next, cwd) });
  }
  return [...found.values()];
}

/** What the compiler makes of a tsconfig. It fails on values of a kind that it does not expect. */
function readProject(compiler: Compiler, tsconfig: string, cwd: string): Omit<FoundProject, 'file'> {
  try {
    return compiler.readProject(tsconfig);
  } catch (error) {
    const [why] = String(error).split('\n');
    throw new GateError(
      `the compiler cannot read the tsconfig ${path.relative(cwd, tsconfig) || tsconfig}`,
      'correct it, or name another with --tsconfig',
      { why: why ?? '', cause: error },
    );
  }
}

function findUpwards(from: string, name: string): string | undefined {
  for (let dir = from; ; dir = path.dirname(dir)) {
    const candidate = path.join(dir, name);
    // A link that leads nowhere counts: a tsconfig that cannot be read is not one that is not there.
    if (lstatSync(candidate, { throwIfNoEntry: false })) return candidate;
    if (existsSync(path.join(dir, '.git')) || dir === path.dirname(dir)) return undefined;
  }
}

/** Takes the excluded files, and the tests where the config does not say, out of a list. */
async function filterOut(config: Config, files: readonly string[]): Promise<string[]> {
  const { default: picomatch } = await import('picomatch');
  const excluded = picomatch([...(config.exclude ?? TEST_FILES), ...NEVER], { dot: true });
  return files.filter((file) => !excluded(path.relative(config.root, file).split(path.sep).join('/')));
}

/** The part of the scope that these paths name; a named file need not be in the project. */
async function narrow(
  { cwd, config, overlay }: ScopeRequest,
  paths: readonly string[],
  base: readonly string[],
): Promise<string[]> {
  const files: string[] = [];
  for (const name of paths) {
    const target = path.resolve(cwd, name);
    const kind = kindOf(target, overlay);
    if (kind === undefined) {
      throw new GateError(
        `${name} does not exist`,
        'name files or directories relative to the working directory',
      );
    }
    if (kind === 'other') {
      throw new GateError(`${name} is neither a file nor a directory`, 'name .ts files or directories');
    }
    if (kind === 'file') {
      files.push(await fileInScope(name, target, config, base));
      continue;
    }
    const real = existsSync(target) ? realpathSync(target) : target;
    const inside = base.filter((file) => isWithin(target, file) || isWithin(real, file));
    files.push(...(inside.length > 0 || config.include ? inside : await listDirectory(target, config)));
  }
  return files;
}

/** What a path stands for, on disk or in the overlay alone. */
function kindOf(target: string, overlay: Overlay | undefined): 'file' | 'directory' | 'other' | undefined {
  const text = overlay?.get(target);
  if (text !== undefined) return text === null ? undefined : 'file';
  const stats = existsSync(target) ? statSync(target) : undefined;
  if (stats) return stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : 'other';
  const isOverlaid = [...(overlay ?? [])].some(([file, text]) => text !== null && isWithin(target, file));
  return isOverlaid ? 'directory' : undefined;
}

async function listDirectory(target: string, config: Config): Promise<string[]> {
  const files = await listFiles({
    root: target,
    include: [TYPESCRIPT],
    exclude: [...NEVER, ...BUILD_OUTPUT],
  });
  return filterOut(config, files);
}

/** The path that the scope knows a named file by. */
async function fileInScope(
  name: string,
  target: string,
  config: Config,
  base: readonly string[],
): Promise<string> {
  if (!SOURCE.test(target) || DECLARATION.test(target)) {
    throw new GateError(`${name} is not a TypeScript source file`, 'name .ts, .tsx, .mts, .cts or .js files');
  }
  if (base.includes(target)) return target;
  const directories = new Map<string, Directory>();
  const real = realFile(target, directories);
  const known = base.find((file) => realFile(file, directories) === real);
  if (known !== undefined) return known;
  const leftOut = config.exclude !== undefined && (await filterOut(config, [target])).length === 0;
  if (config.include || leftOut) {
    throw new GateError(
      `${name} is left out by the config, so nothing would be checked`,
      `change \`include\` or \`exclude\` in ${config.file ?? 'the config'}, or do not name the file`,
    );
  }
  return target;
}

function nothingInScope({ cwd, config, paths }: ScopeRequest, hasProject: boolean): GateError {
  const what = paths.length > 0 ? `no source file matches ${paths.join(', ')}` : 'no source file is in scope';
  const why = config.include
    ? `\`include\` of ${config.file === undefined ? 'the config' : path.relative(cwd, config.file)} matches nothing`
    : hasProject
      ? 'the tsconfig lists no source file outside of the tests'
      : `there is no tsconfig.json and no TypeScript file under ${config.root}`;
  return new GateError(
    `${what}: ${why}`,
    'name files or directories, or set `include` in ws-gate.config.ts; a gate that sees nothing must not pass',
  );
}
