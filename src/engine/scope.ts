import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/types.ts';
import type { Compiler } from '../oracle/oracle.ts';
import { GateError } from './error.ts';
import { isWithin, type Listing, listFiles, selectionOf } from './listing.ts';

/** The files of a run, and the tsconfig files that own them. All absolute, sorted. */
export interface Scope {
  readonly files: readonly string[];
  readonly projects: readonly string[];
}

export interface ScopeRequest {
  readonly cwd: string;
  readonly config: Config;
  /** `--tsconfig`, relative to `cwd`. */
  readonly tsconfig?: string | undefined;
  /** Files and directories named on the command line, relative to `cwd`. */
  readonly paths: readonly string[];
  /** Text that stands for a file on disk, `null` for one that is not there. */
  readonly overlay?: ReadonlyMap<string, string | null> | undefined;
}

const SOURCE = /\.(?:[cm]?tsx?|[cm]?jsx?)$/i;
const DECLARATION = /\.d\.(?:[cm]?ts|[^./]+\.ts)$/i;
const NEVER = ['**/node_modules/**', '**/.git/**'];
const TESTS = ['**/*.{test,spec}.*', '**/*.{test,spec}-d.*', '**/{__tests__,__mocks__,test,tests}/**'];
const TYPESCRIPT = '**/*.{ts,tsx,mts,cts}';
const JAVASCRIPT = '**/*.{js,jsx,mjs,cjs}';
const BUILD_OUTPUT = ['**/{dist,build,out,coverage,.next,.turbo,.cache}/**'];

/** Decides which files a run looks at. */
export async function resolveScope(request: ScopeRequest, compiler: () => Promise<Compiler>): Promise<Scope> {
  const { config, paths } = request;
  const projects = await findProjects(request, compiler);
  const listing = listingOf(config);
  const onDisk =
    config.include || projects.length === 0
      ? await listFiles(listing)
      : await filterOut(
          config,
          projects.flatMap((project) => project.files),
        );
  const base = distinct([...onDisk, ...(await onlyOverlaid(request, listing, projects))]);
  const files = paths.length === 0 ? base : await narrow(request, base);
  const kept = [...new Set(files)]
    .filter((file) => SOURCE.test(file) && !DECLARATION.test(file) && request.overlay?.get(file) !== null)
    .sort();
  if (kept.length === 0) throw nothingInScope(request, projects.length > 0);
  const inScope = new Set(kept);
  const owning = projects.filter((project) => project.files.some((file) => inScope.has(file)));
  return { files: kept, projects: owning.map(({ file }) => file).sort() };
}

/** Where the files are looked for, unless a tsconfig lists them. */
function listingOf({ root, include, exclude }: Config): Listing {
  return include
    ? { root, include, exclude: [...(exclude ?? []), ...NEVER] }
    : { root, include: [TYPESCRIPT], exclude: [...(exclude ?? TESTS), ...NEVER, ...BUILD_OUTPUT] };
}

/** The files that the overlay adds to what is on disk. What a tsconfig leaves out cannot be told for these. */
async function onlyOverlaid(
  { overlay = new Map() }: ScopeRequest,
  listing: Listing,
  projects: readonly FoundProject[],
): Promise<string[]> {
  const added = [...overlay].flatMap(([file, text]) => (text !== null && !existsSync(file) ? [file] : []));
  if (added.length === 0) return [];
  const include = projects.some(({ allowJs }) => allowJs)
    ? [...listing.include, JAVASCRIPT]
    : listing.include;
  const selection = await selectionOf({ ...listing, include });
  return added.filter((file) => isWithin(listing.root, file) && selection.has(file));
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
  { cwd, config, tsconfig }: ScopeRequest,
  compiler: () => Promise<Compiler>,
): Promise<FoundProject[]> {
  const named = tsconfig === undefined ? config.tsconfig : path.resolve(cwd, tsconfig);
  const start =
    named === undefined ? findUpwards(config.root, 'tsconfig.json') : path.resolve(config.root, named);
  if (start === undefined) return [];
  if (!existsSync(start)) {
    throw new GateError(
      `the tsconfig ${path.relative(cwd, start) || start} does not exist`,
      'correct the path given with --tsconfig or with the key `tsconfig` of the config',
    );
  }
  const first = statSync(start).isDirectory() ? path.join(start, 'tsconfig.json') : start;
  const found = new Map<string, FoundProject>();
  const queue = [first];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (found.has(next) || !existsSync(next)) continue;
    const { files, allowJs } = (await compiler()).readProject(next);
    found.set(next, { file: next, files, allowJs });
    queue.push(...(await referencesOf(next)));
  }
  return [...found.values()];
}

/** The projects that a tsconfig refers to; a solution file holds nothing else. */
async function referencesOf(tsconfig: string): Promise<string[]> {
  const text = readFileSync(tsconfig, 'utf8');
  if (!text.includes('"references"')) return [];
  const { ts } = await import('../syntax/ts.ts');
  const { config } = ts.parseConfigFileTextToJson(tsconfig, text) as {
    config?: { references?: readonly { path?: unknown }[] };
  };
  return (config?.references ?? [])
    .map(({ path: reference }) => reference)
    .filter((reference) => typeof reference === 'string')
    .map((reference) => path.resolve(path.dirname(tsconfig), reference))
    .map((target) => (target.endsWith('.json') ? target : path.join(target, 'tsconfig.json')));
}

function findUpwards(from: string, name: string): string | undefined {
  for (let dir = from; ; dir = path.dirname(dir)) {
    const candidate = path.join(dir, name);
    if (existsSync(candidate)) return candidate;
    if (existsSync(path.join(dir, '.git')) || dir === path.dirname(dir)) return undefined;
  }
}

/** Takes the excluded files, and the tests where the config does not say, out of a list. */
async function filterOut(config: Config, files: readonly string[]): Promise<string[]> {
  const { default: picomatch } = await import('picomatch');
  const excluded = picomatch([...(config.exclude ?? TESTS), ...NEVER], { dot: true });
  return files.filter((file) => !excluded(path.relative(config.root, file).split(path.sep).join('/')));
}

/** The part of the scope that the command line names; a named file need not be in the project. */
async function narrow(request: ScopeRequest, base: readonly string[]): Promise<string[]> {
  const { cwd, config, paths, overlay } = request;
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
function kindOf(target: string, overlay: ScopeRequest['overlay']): 'file' | 'directory' | undefined {
  const text = overlay?.get(target);
  if (text !== undefined) return text === null ? undefined : 'file';
  if (existsSync(target)) return statSync(target).isDirectory() ? 'directory' : 'file';
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
