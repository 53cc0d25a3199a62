import { existsSync } from 'node:fs';
import path from 'node:path';
import { GateError } from './error.ts';
import { readPlainFile } from './texts.ts';

/** Text that stands for a file on disk, `null` for one that is not there. */
export type Overlay = ReadonlyMap<string, string | null>;

/**
 * The projects that a tsconfig refers to; a solution file holds nothing else. The compiler makes do with a tsconfig
 * that is broken, and so would check something else than the project. That is found out here.
 *
 * @returns absolute paths of tsconfig files
 * @throws {GateError} when the tsconfig, or one that it extends or refers to, is missing, does not parse, or extends
 *   itself
 */
export async function referencesOf(tsconfig: string, cwd: string, overlay?: Overlay): Promise<string[]> {
  const reader = new TsconfigReader(cwd, overlay);
  await reader.followExtends(tsconfig, []);
  const { references } = await reader.read(tsconfig);
  if (references === undefined) return [];
  const targets = Array.isArray(references) ? references.map(pathOf) : [undefined];
  return targets.map((target) => {
    if (target === undefined) throw reader.unreadable(tsconfig, 'references is not a list of { "path": … }');
    const file = path.resolve(path.dirname(tsconfig), target);
    const project = file.endsWith('.json') ? file : path.join(file, 'tsconfig.json');
    if (!reader.exists(project)) {
      throw reader.unreadable(tsconfig, `it refers to ${target}, which does not exist`);
    }
    return project;
  });
}

function pathOf(reference: unknown): string | undefined {
  const target = (reference as { readonly path?: unknown } | null)?.path;
  return typeof target === 'string' ? target : undefined;
}

class TsconfigReader {
  readonly #cwd: string;
  readonly #overlay: Overlay | undefined;

  constructor(cwd: string, overlay: Overlay | undefined) {
    this.#cwd = cwd;
    this.#overlay = overlay;
  }

  async followExtends(tsconfig: string, inside: readonly string[]): Promise<void> {
    if (inside.includes(tsconfig)) throw this.unreadable(tsconfig, 'it extends itself');
    const { extends: given = [] } = await this.read(tsconfig);
    for (const base of Array.isArray(given) ? given : [given]) {
      if (typeof base !== 'string') throw this.unreadable(tsconfig, 'extends is not the name of a file');
      // Of a package that is not installed nothing is expected: its types are missing as well.
      if (!/^\.{0,2}[\\/]|^\.\.?$/.test(base)) continue;
      const target = path.resolve(path.dirname(tsconfig), base);
      const file = [target, `${target}.json`].find((one) => this.exists(one));
      if (file === undefined) throw this.unreadable(tsconfig, `it extends ${base}, which does not exist`);
      await this.followExtends(file, [...inside, tsconfig]);
    }
  }

  async read(tsconfig: string): Promise<Readonly<Record<string, unknown>>> {
    const text = this.#text(tsconfig);
    const value = parsePlain(text) ?? (await this.#parse(tsconfig, text));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  }

  exists(file: string): boolean {
    const overlaid = this.#overlay?.get(file);
    return overlaid === undefined ? existsSync(file) : overlaid !== null;
  }

  unreadable(tsconfig: string, why: string): GateError {
    const name = path.relative(this.#cwd, tsconfig) || tsconfig;
    return new GateError(
      `the tsconfig ${name} cannot be used`,
      'correct it, or name another with --tsconfig',
      {
        why,
      },
    );
  }

  /** What has comments or is broken: the compiler's own parser tells the two apart. */
  async #parse(tsconfig: string, text: string): Promise<unknown> {
    const { ts } = await import('../syntax/ts.ts');
    const { config, error } = ts.parseConfigFileTextToJson(tsconfig, text);
    if (error) throw this.unreadable(tsconfig, ts.flattenDiagnosticMessageText(error.messageText, ' '));
    return config;
  }

  #text(file: string): string {
    const overlaid = this.#overlay?.get(file);
    if (typeof overlaid === 'string') return overlaid;
    try {
      return readPlainFile(file);
    } catch (error) {
      throw this.unreadable(file, error instanceof Error ? error.message : String(error));
    }
  }
}

/** Most are plain JSON but for comments and trailing commas, and need no parser to be loaded. */
function parsePlain(text: string): unknown {
  const bare = text
    .replace(/"(?:\\.|[^"\\])*"|\/\/[^\n\r]*|\/\*[\s\S]*?\*\//g, (token) =>
      token.startsWith('"') ? token : ' ',
    )
    .replace(/"(?:\\.|[^"\\])*"|,(?=\s*[}\]])/g, (token) => (token.startsWith('"') ? token : ' '));
  try {
    return JSON.parse(bare);
  } catch {
    return undefined;
  }
}
