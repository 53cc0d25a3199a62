import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/types.ts';
import type { Compiler } from '../oracle/oracle.ts';
import { GateError } from './error.ts';

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
const TESTS = [
  '**/*.{test,spec}.*',
  '**/*.{test,spec}-d.*',
  '**/{__tests__,__mocks__,test,tests}/**',
];
const BUILD_OUTPUT = ['**/{dist,build,out,coverage,.next,.turbo,.cache}/**'];

/** Decides which files a run looks at. */
export async function resolveScope(request: ScopeRequest, compiler: () => Promise<Compiler>): Promise<Scope> {
  const { cwd, config, paths } = request;
  const projects = await findProjects(request, compiler);
  const wanted = config.include
    ? await list(config.root, config.include, [...(config.exclude ?? []), ...NEVER])
    : undefined;
  const owned = projects.flatMap((project) => project.files);
  const base =
    wanted ??
    (projects.length > 0
      ? await filterOut(config, owned)
      : await list(config.root, ['**/*.{ts,tsx,mts,cts}'], [
          ...(config.exclude ?? TESTS),
          ...NEVER,
          ...BUILD_OUTPUT,
        ]));
  const files = paths.length === 0 ? base : await narrow(cwd, paths, config, base);
  const kept = [...new Set(files)]
    .filter((file) => SOURCE.test(file) && !DECLARATION.test(file) && request.overlay?.get(file) !== null)
    .sort();
  if (kept.length === 0) throw nothingInScope(request, projects.length > 0);
  const inScope = new Set(kept);
  const owning = projects.filter((project) => project.files.some((file) => inScope.has(file)));
  return { files: kept, projects: owning.map(({ file }) => file).sort() };
}

interface FoundProject {
  readonly file: string;
  readonly files: readonly string[];
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
    const { files } = (await compiler()).readProject(next);
    found.set(next, { file: next, files });
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

async function list(cwd: string, include: readonly string[], ignore: readonly string[]): Promise<string[]> {
  const { globby } = await import('globby');
  return globby([...include], {
    cwd,
    ignore: [...ignore],
    absolute: true,
    gitignore: true,
    dot: false,
    followSymbolicLinks: false,
    suppressErrors: true,
  });
}

/** Takes the excluded files, and the tests where the config does not say, out of a list. */
async function filterOut(config: Config, files: readonly string[]): Promise<string[]> {
  const { default: picomatch } = await import('picomatch');
  const excluded = picomatch([...(config.exclude ?? TESTS), ...NEVER], { dot: true });
  return files.filter((file) => !excluded(path.relative(config.root, file).split(path.sep).join('/')));
}

/** The part of the scope that the command line names; a named file need not be in the project. */
async function narrow(
  cwd: string,
  paths: readonly string[],
  config: Config,
  base: readonly string[],
): Promise<string[]> {
  const files: string[] = [];
  for (const name of paths) {
    const target = path.resolve(cwd, name);
    if (!existsSync(target)) {
      throw new GateError(`${name} does not exist`, 'name files or directories relative to the working directory');
    }
    if (statSync(target).isDirectory()) {
      const real = realpathSync(target);
      const inside = base.filter((file) => isInside(target, file) || isInside(real, file));
      files.push(...(inside.length > 0 || config.include ? inside : await listDirectory(target, config)));
    } else {
      await assertInScope(name, target, config, base);
      files.push(target);
    }
  }
  return files;
}

async function listDirectory(target: string, config: Config): Promise<string[]> {
  const files = await list(target, ['**/*.{ts,tsx,mts,cts}'], [...NEVER, ...BUILD_OUTPUT]);
  return filterOut(config, files);
}

async function assertInScope(name: string, target: string, config: Config, base: readonly string[]): Promise<void> {
  if (!SOURCE.test(target) || DECLARATION.test(target)) {
    throw new GateError(`${name} is not a TypeScript source file`, 'name .ts, .tsx, .mts, .cts or .js files');
  }
  if (base.includes(target)) return;
  const leftOut = config.exclude !== undefined && (await filterOut(config, [target])).length === 0;
  if (config.include || leftOut) {
    throw new GateError(
      `${name} is left out by the config, so nothing would be checked`,
      `change \`include\` or \`exclude\` in ${config.file ?? 'the config'}, or do not name the file`,
    );
  }
}

function isInside(directory: string, file: string): boolean {
  return file.startsWith(directory.endsWith(path.sep) ? directory : directory + path.sep);
}

function nothingInScope({ cwd, config, paths }: ScopeRequest, hasProject: boolean): GateError {
  const what = paths.length > 0 ? `no source file matches ${paths.join(', ')}` : 'no source file is in scope';
  const why = config.include
    ? `\`include\` of ${path.relative(cwd, config.file ?? '') || 'the config'} matches nothing`
    : hasProject
      ? 'the tsconfig lists no source file outside of the tests'
      : `there is no tsconfig.json and no TypeScript file under ${config.root}`;
  return new GateError(
    `${what}: ${why}`,
    'name files or directories, or set `include` in ws-gate.config.ts; a gate that sees nothing must not pass',
  );
}
