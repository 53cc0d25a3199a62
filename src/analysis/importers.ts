import path from 'node:path';
import type { Code } from './code.ts';

/**
 * The files that can know the types which some files declare: those files, and all that import them, at any distance.
 * Found in the texts, without parsing them: what looks like an import may be none, and does no harm.
 */
export function importersOf(code: Code, declaring: Iterable<string>): ReadonlySet<string> {
  const { program } = code;
  const importers = new Imports(code).reversed();
  const found = new Set(declaring);
  // A set grows while it is walked, and every addition is walked in turn.
  for (const file of found) {
    if (isKnownEverywhere(program.text(file) ?? '')) return new Set(program.files);
    for (const importer of importers.get(file) ?? []) found.add(importer);
  }
  return found;
}

/** What a script declares, or adds to another module or to the globals, needs no import. */
function isKnownEverywhere(text: string): boolean {
  return !/\b(?:import|export|require)\b/.test(text) || /\bdeclare\s+(?:global|module)\b/.test(text);
}

const SPECIFIER =
  /\b(?:from|import|require)\s*\(?\s*['"]([^'"\n]+)['"]|<reference\s+path=['"]([^'"\n]+)['"]/g;
const EXTENSION = /\.[cm]?[jt]sx?$/;

class Imports {
  readonly #code: Code;
  /** The files by their paths without an extension; the index of a directory also goes by the directory. */
  readonly #byStem = new Map<string, string[]>();
  /** What specifiers that are no paths lead to: the same, whoever imports them. */
  readonly #packages = new Map<string, readonly string[]>();

  constructor(code: Code) {
    this.#code = code;
    for (const file of code.program.files) {
      const stem = file.replace(EXTENSION, '');
      for (const name of [
        stem,
        ...(path.posix.basename(stem) === 'index' ? [path.posix.dirname(stem)] : []),
      ]) {
        this.#byStem.set(name, [...(this.#byStem.get(name) ?? []), file]);
      }
    }
  }

  /** By imported file, who imports it. */
  reversed(): ReadonlyMap<string, readonly string[]> {
    const importers = new Map<string, string[]>();
    const { program } = this.#code;
    for (const file of program.files) {
      for (const { 0: text, 1: imported, 2: referred, index } of program.text(file)?.matchAll(SPECIFIER) ??
        []) {
        const specifier = imported ?? referred ?? '';
        const position = index + text.lastIndexOf(specifier) - 1;
        for (const target of this.#targets(file, specifier, position)) {
          const known = importers.get(target);
          if (known) known.push(file);
          else importers.set(target, [file]);
        }
      }
    }
    return importers;
  }

  #targets(file: string, specifier: string, position: number): readonly string[] {
    if (/^\.\.?(?:\/|$)/.test(specifier)) {
      const target = path.posix.resolve(path.posix.dirname(file), specifier);
      return this.#byStem.get(target) ?? this.#byStem.get(target.replace(EXTENSION, '')) ?? [];
    }
    if (specifier.startsWith('node:')) return [];
    let targets = this.#packages.get(specifier);
    if (!targets) {
      const [module] = this.#code.program.oracle.symbols(file, [position]);
      targets = module?.declarations.map((declaration) => declaration.file) ?? [];
      this.#packages.set(specifier, targets);
    }
    return targets;
  }
}
