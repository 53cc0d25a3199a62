import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Focus } from './oracle.ts';

/** A tsconfig and what it comes to. */
export interface Project {
  readonly tsconfig: string;
  /** Absolute. */
  readonly files: readonly string[];
  readonly paths: Readonly<Record<string, readonly string[]>>;
}

/**
 * A project cut down to some of its files and what these import. What any file of the project declares for all, and
 * what the packages that it imports add to each other, stays in: names and types in these files mean the same.
 */
export class FocusedProject {
  /** The tsconfig of the cut-down project. */
  readonly tsconfig: string;
  readonly #project: Project;
  readonly #packages: string;
  readonly #owned: ReadonlySet<string>;
  readonly #always: readonly string[];
  readonly #imports: string;
  #files: ReadonlySet<string> = new Set();

  constructor(project: Project, focus: Focus) {
    const directory = path.posix.dirname(project.tsconfig);
    this.#project = project;
    this.tsconfig = path.posix.join(directory, 'tsconfig.ws-gate-focus.json');
    this.#packages = path.posix.join(directory, 'ws-gate-focus.d.ts');
    // What cannot be read is kept from the compiler: it would wait for the end of a pipe.
    const readable = project.files.filter((file) => focus.text(file) !== undefined);
    this.#owned = new Set(readable);
    const isOwn = ownModules(project, directory);
    const always: string[] = [];
    const packages = new Set<string>();
    for (const file of readable) {
      const text = focus.text(file) ?? '';
      if (isAmbient(file, text)) always.push(file);
      for (const name of packagesIn(text)) if (!isOwn(name)) packages.add(name);
    }
    this.#always = always;
    this.#imports = [...packages]
      .sort()
      .map((name) => `import '${name}';\n`)
      .join('');
  }

  owns(file: string): boolean {
    return this.#owned.has(file);
  }

  /** How many files of the project it holds, apart from what these import. */
  get size(): number {
    return this.#files.size + this.#always.length;
  }

  include(files: readonly string[]): void {
    this.#files = new Set([...this.#files, ...files.filter((file) => this.#owned.has(file))]);
  }

  /** The files that are not on disk; they lie beside the tsconfig, so that what is relative to it stays so. */
  read(file: string): string | undefined {
    if (file === this.#packages) return `${this.#imports}export {};\n`;
    if (file !== this.tsconfig) return undefined;
    return JSON.stringify({
      extends: `./${path.posix.basename(this.#project.tsconfig)}`,
      files: [this.#packages, ...new Set([...this.#always, ...[...this.#files].sort()])],
      include: [],
    });
  }
}

/** Whether a project can be cut down: where projects refer to each other, one stands for files of another. */
export function isFocusable({ tsconfig }: Project): boolean {
  return !readFileSync(tsconfig, 'utf8').includes('"references"');
}

/** Whether a file declares anything for files that do not import it. */
function isAmbient(file: string, text: string): boolean {
  return (
    /\.d\.(?:[^/]+\.)?[cm]?ts$/i.test(file) ||
    !/^\s*(?:import\b(?!\s*\()|export\b)/m.test(text) ||
    /\bdeclare\s+(?:global|module)\b|^\s*\/\/\/\s*<reference\b/m.test(text)
  );
}

/** The modules that a file names as packages are named. */
function packagesIn(text: string): Set<string> {
  const names = [...text.matchAll(/\b(?:from|import|require)\s*\(?\s*(["'])([^."'#\\\s][^"'\\\s]*)\1/g)];
  return new Set(names.flatMap(([, , name]) => name ?? []));
}

/** Tells the modules that `paths` leads to files of the project itself. */
function ownModules({ paths, files }: Project, directory: string): (name: string) => boolean {
  const own = Object.entries(paths).flatMap(([pattern, targets]) => {
    const [start = ''] = pattern.split('*');
    const bases = targets.map((target) =>
      path.posix.resolve(directory, target.split('*')[0] ?? '').replace(/\.\w+$/, ''),
    );
    return bases.some((base) => files.some((file) => file.startsWith(base))) ? [start] : [];
  });
  return (name) => own.some((start) => name.startsWith(start));
}
