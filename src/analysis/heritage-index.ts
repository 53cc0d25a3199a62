import type { Program } from '../engine/program.ts';

/** Stands for a type that an import names as it likes. */
const ANY = '*';

/** What was indexed of a program before the texts of some files changed. */
interface EarlierIndex {
  readonly index: HeritageIndex;
  readonly changed: ReadonlySet<string>;
}

/**
 * The files in which something may extend or implement a type, by the text of their heritage clauses, so that no file
 * need be parsed to be ruled out.
 */
export class HeritageIndex {
  readonly #inherited = new Map<string, ReadonlySet<string>>();
  readonly #files = new Map<string, string[]>();

  constructor(program: Program, earlier?: EarlierIndex) {
    for (const file of program.filesWith(['extends', 'implements'])) {
      const before = earlier && !earlier.changed.has(file) ? earlier.index.#inherited : undefined;
      const names = before?.get(file) ?? inheritedNames(program.text(file) ?? '');
      this.#inherited.set(file, names);
      for (const name of names) {
        const files = this.#files.get(name);
        if (files) files.push(file);
        else this.#files.set(name, [file]);
      }
    }
  }

  /** The files in which a type of this name may have heirs. */
  filesWithHeirs(name: string): readonly string[] {
    return [...new Set([...(this.#files.get(name) ?? []), ...(this.#files.get(ANY) ?? [])])];
  }
}

/** The words of all heritage clauses, and the names that imports give them elsewhere. */
function inheritedNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  // Type arguments may hold braces, so a clause is cut at its length rather than at its end.
  for (const [, clause = ''] of text.matchAll(/\b(?:extends|implements)\b([^;]{0,400})/g)) {
    for (const [name] of clause.matchAll(WORD)) names.add(name);
  }
  for (const { 1: alias = '', index } of text.matchAll(/\bas\s+([\p{ID_Continue}$]+)/gu)) {
    const before = names.has(alias) ? text.slice(Math.max(0, index - LONGEST), index) : '';
    const original = /([\p{ID_Continue}$]+)\s+$/u.exec(before)?.[1];
    if (original !== undefined) names.add(original);
  }
  for (const [, local = ''] of text.matchAll(/\bimport\s+([\p{ID_Continue}$]+)\s*(?:,|from\b)/gu)) {
    if (names.has(local)) names.add(ANY);
  }
  return names;
}

const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;

/** No name, with the blanks behind it, is longer. */
const LONGEST = 200;
