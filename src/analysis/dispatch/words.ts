/** The source of a regular expression that finds a word, and not the word inside a longer one. */
export function wholeWord(word: string): string {
  const literal = word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  return `(?<![\\p{ID_Continue}$])${literal}(?![\\p{ID_Continue}$])`;
}

/** Finds the beginning of a declaration, so that a file that merely mentions the name need not be parsed. */
export function declarationOf(name: string): RegExp {
  const word = wholeWord(name);
  const keyword = '\\b(?:class|interface|type|namespace|module|function|const|let|var)\\b';
  return new RegExp(`${keyword}[\\s*]+${word}|,\\s*${word}\\s*[=:]`, 'u');
}

/** Whether a text names something of the program, and is no sentence. */
export function isName(text: string): boolean {
  return /^(?:[^\s#]+#)?[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.#?[\p{ID_Start}$_][\p{ID_Continue}$]*)*$/u.test(
    text,
  );
}
