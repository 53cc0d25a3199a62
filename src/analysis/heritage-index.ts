import type { Program } from '../engine/program.ts';

/** Stands for a type that an import names as it likes. */
const ANY = '*';

const indexes = new WeakMap<Program, ReadonlyMap<string, readonly string[]>>();

/**
 * The files in which something may extend or implement a type of this name: by the text of their heritage clauses, so
 * that no file need be parsed to be ruled out.
 */
export function filesThatMayInherit(program: Program, name: string): readonly string[] {
  let index = indexes.get(program);
  if (!index) {
    index = indexOf(program);
    indexes.set(program, index);
  }
  return [...new Set([...(index.get(name) ?? []), ...(index.get(ANY) ?? [])])];
}

function indexOf(program: Program): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>();
  for (const file of program.filesWith(['extends', 'implements'])) {
    for (const name of inheritedNames(program.text(file) ?? '')) {
      const files = index.get(name);
      if (files) files.push(file);
      else index.set(name, [file]);
    }
  }
  return index;
}

/** The words of all heritage clauses, and the names that imports give them elsewhere. */
function inheritedNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  // Type arguments may hold braces, so a clause is cut at its length rather than at its end.
  for (const [, clause = ''] of text.matchAll(/\b(?:extends|implements)\b([^;]{0,400})/g)) {
    for (const [name] of clause.matchAll(WORD)) names.add(name);
  }
  for (const [, original = '', alias = ''] of text.matchAll(
    /([\p{ID_Continue}$]+)\s+as\s+([\p{ID_Continue}$]+)/gu,
  )) {
    if (names.has(alias)) names.add(original);
  }
  for (const [, local = ''] of text.matchAll(/\bimport\s+([\p{ID_Continue}$]+)\s*(?:,|from\b)/gu)) {
    if (names.has(local)) names.add(ANY);
  }
  return names;
}

const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;
