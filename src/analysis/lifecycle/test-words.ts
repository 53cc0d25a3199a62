import type { Program } from '../../engine/program.ts';

/**
 * The files with an import that may be one of a test, by their texts alone: a specifier holds a word of the patterns by
 * which tests are known. Where none of its words are in a specifier, a path below it is no test, or its importer is one.
 */
export function filesSpeakingOfTests(
  program: Pick<Program, 'filesWith' | 'text'>,
  patterns: readonly string[],
): readonly string[] {
  if (patterns.length === 0) return [];
  const words = new Set(patterns.flatMap(wordsOf));
  const isBare = patterns.some((pattern) => wordsOf(pattern).length === 0);
  return program.filesWith(isBare ? ['import', 'from', 'require'] : [...words]).filter((file) => {
    const text = program.text(file) ?? '';
    const specifiers = text.matchAll(SPECIFIER);
    // Of a module that is loaded by the name of a constant, the word stands elsewhere in the file.
    return (
      LOADS_BY_NAME.test(text) ||
      [...specifiers].some(([specifier]) => isBare || [...words].some((word) => specifier.includes(word)))
    );
  });
}

const SPECIFIER = /\b(?:from|import|require)\s*\(?\s*(?:'[^'\n]+'|"[^"\n]+"|`[^`$]+`)/g;

const LOADS_BY_NAME = /\b(?:import|require)\s*\(\s*[A-Za-z_$]/;

/** The words of a pattern that what it matches must hold one of, extensions aside. */
function wordsOf(pattern: string): readonly string[] {
  return (pattern.match(/[\w-]{3,}/g) ?? []).filter((word) => !/^(?:tsx?|[cm]ts|jsx?|[cm]js)$/.test(word));
}
