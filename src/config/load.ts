import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { GateError } from '../engine/error.ts';
import { packageRoot } from '../engine/package.ts';
import { assertConsistentLocks } from './order.ts';
import { parseUserConfig } from './schema.ts';
import type { Config, UserConfig } from './types.ts';

/** Where the config of a run comes from. */
export interface ConfigRequest {
  /** Absolute. */
  readonly cwd: string;
  /** A file, relative to `cwd`; `false` for none; absent to search upwards from `cwd`. */
  readonly config?: string | false | undefined;
  /** A config that is not in a file; then `config` is not looked at. */
  readonly inlineConfig?: UserConfig | undefined;
  /** What the patterns of `inlineConfig` are relative to; default: `cwd`. */
  readonly configRoot?: string | undefined;
}

/**
 * Loads the config of a run, with every default filled in.
 *
 * @throws {GateError} for a config that is missing, unreadable, invalid, or contradicts itself
 */
export async function loadConfig(request: ConfigRequest): Promise<Config> {
  const { cwd, config, inlineConfig, configRoot = cwd } = request;
  if (inlineConfig) {
    const where = 'the inline config';
    return complete(await parseUserConfig(inlineConfig, where), { file: undefined, root: configRoot, where });
  }
  const file =
    config === undefined ? findConfig(cwd) : config === false ? undefined : path.resolve(cwd, config);
  if (file === undefined) return complete({}, { file, root: cwd, where: 'the default config' });
  const where = path.relative(cwd, file) || file;
  const value = await readConfig(file, where);
  return complete(await parseUserConfig(value, where), { file, root: path.dirname(file), where });
}

const BASENAME = 'ws-gate.config';
const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.json'];
const PACKAGE_KEY = 'ws-gate';

/** The nearest directory with a config wins. Two configs in one directory are an error, not a guess. */
function findConfig(from: string): string | undefined {
  for (let dir = from; ; dir = path.dirname(dir)) {
    const found = EXTENSIONS.map((extension) => path.join(dir, BASENAME + extension)).filter(isFile);
    const manifest = path.join(dir, 'package.json');
    if (isFile(manifest) && hasPackageKey(manifest)) found.push(manifest);
    if (found.length > 1) {
      throw new GateError(
        `${dir} holds more than one config: ${found.map((file) => path.basename(file)).join(', ')}`,
        'keep one of them, or name the one to use with --config',
      );
    }
    if (found[0] !== undefined) return found[0];
    if (dir === path.dirname(dir)) return undefined;
  }
}

function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch (error) {
    // A link that cannot be followed is a config that cannot be read, not a config that is not there.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw unreadable(file, error);
  }
}

function hasPackageKey(manifest: string): boolean {
  const text = readText(manifest, manifest);
  if (!text.includes(`"${PACKAGE_KEY}"`)) return false;
  const value = parseJson(text, manifest);
  return typeof value === 'object' && value !== null && Object.hasOwn(value, PACKAGE_KEY);
}

async function readConfig(file: string, where: string): Promise<unknown> {
  if (path.basename(file) === 'package.json') return readPackageKey(file, where);
  switch (path.extname(file)) {
    case '.json':
      return parseJson(readText(file, where), where);
    case '.js':
    case '.mjs':
      return importConfig(file, where, importNatively);
    case '.ts':
    case '.mts':
      return importConfig(file, where, importTypeScript);
    default:
      throw new GateError(
        `${where} is not a config file`,
        `use a file that ends in ${EXTENSIONS.join(', ')}, or a package.json with the key "${PACKAGE_KEY}"`,
      );
  }
}

function readPackageKey(file: string, where: string): unknown {
  const value = parseJson(readText(file, where), where);
  if (typeof value === 'object' && value !== null && PACKAGE_KEY in value) return value[PACKAGE_KEY];
  throw new GateError(`${where} has no key "${PACKAGE_KEY}"`, 'add the key, or name another config file');
}

async function importConfig(
  file: string,
  where: string,
  load: (file: string) => Promise<{ readonly default?: unknown }>,
): Promise<unknown> {
  readText(file, where);
  let loaded: { readonly default?: unknown };
  try {
    loaded = await load(file);
  } catch (error) {
    throw new GateError(
      `the config ${where} cannot be loaded`,
      'correct the config so that it loads without an error',
      {
        why: describeThrown(error),
        cause: error,
      },
    );
  }
  if (loaded.default === undefined) {
    throw new GateError(
      `the config ${where} has no default export`,
      'write `export default defineConfig({ … })`',
    );
  }
  return loaded.default;
}

/** A config can throw anything. */
function describeThrown(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return typeof error === 'string' ? error : inspect(error);
}

function importNatively(file: string): Promise<{ readonly default?: unknown }> {
  return import(pathToFileURL(file).href);
}

async function importTypeScript(file: string): Promise<{ readonly default?: unknown }> {
  const { createJiti } = await import('jiti');
  // A gate that is installed globally, or run through npx, serves configs that import 'ws-gate' all the same.
  const [built, extension] = import.meta.filename.endsWith('.ts') ? ['src', 'ts'] : ['dist/src', 'js'];
  const alias = Object.fromEntries(
    ENTRIES.map((entry) => [
      path.posix.join('ws-gate', entry),
      path.join(packageRoot, built, entry, `index.${extension}`),
    ]),
  );
  const jiti = createJiti(import.meta.url, { alias, interopDefault: false });
  return jiti.import(file);
}

/** What a config, or a rule of its own, may import of the package. */
const ENTRIES = ['.', 'analysis', 'testing'];

function readText(file: string, where: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new GateError(`the config ${where} does not exist`, 'correct the path given with --config', {
        cause: error,
      });
    }
    throw unreadable(where, error);
  }
}

function unreadable(where: string, error: unknown): GateError {
  return new GateError(`the config ${where} cannot be read`, 'make it a readable file', {
    why: error instanceof Error ? error.message : String(error),
    cause: error,
  });
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new GateError(`${where} is not valid JSON`, 'correct the syntax; JSON takes no comments', {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

interface Origin {
  readonly file: string | undefined;
  readonly root: string;
  /** The name of the config in error messages. */
  readonly where: string;
}

function complete(config: UserConfig, { file, root, where }: Origin): Config {
  const { locks, ...rest } = config;
  const completed: Config = {
    file,
    root,
    include: rest.include,
    exclude: rest.exclude,
    tsconfig: rest.tsconfig,
    locks: {
      order: locks?.order ?? [],
      leaf: locks?.leaf ?? [],
      brief: locks?.brief ?? [],
      reentrant: locks?.reentrant ?? [],
      disjoint: locks?.disjoint ?? [],
      primitives: locks?.primitives ?? [],
    },
    rules: rest.rules ?? {},
    overrides: rest.overrides ?? [],
    customRules: rest.customRules ?? [],
  };
  assertConsistentLocks(completed.locks, where);
  return completed;
}
