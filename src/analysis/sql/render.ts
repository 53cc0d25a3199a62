import type { LexicalRules } from './lexical-rules.ts';
import { hasMark, UNKNOWN_MARK } from './marks.ts';
import type { Token } from './token.ts';

/** A statement as text for the PostgreSQL grammar, with the way back to its tokens. */
export interface Rendered {
  readonly text: string;
  /** The index of the token that wrote the character at a UTF-8 byte offset. */
  readonly tokenAtByte: (offset: number) => number;
  /** The same for an offset in code points; past the end it is the number of tokens. */
  readonly tokenAtCodePoint: (offset: number) => number;
}

/**
 * Writes the tokens out again, those in `replaced` by their replacement. A name with a hole in it becomes
 * the mark and the token's index, so that the parsed tree leads back to it.
 */
export function render(
  source: string,
  tokens: readonly Token[],
  rules: LexicalRules,
  replaced: ReadonlyMap<number, string>,
): Rendered {
  const starts: number[] = [];
  let text = '';
  for (const [i, token] of tokens.entries()) {
    const before = tokens[i - 1];
    if (before) text += gap(source.slice(before.end, token.start));
    const replacement = replaced.get(i);
    if (replacement !== undefined) text += ' ';
    starts.push(text.length);
    text += replacement === undefined ? tokenText(token, i, before, rules) : `${replacement} `;
  }
  const tokenAt = (offset: number): number => {
    if (offset >= text.trimEnd().length) return tokens.length;
    let low = 0;
    let high = starts.length;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low;
  };
  return {
    text,
    tokenAtByte: (offset) => tokenAt(unitsFor(text, offset, utf8Length)),
    tokenAtCodePoint: (offset) => tokenAt(unitsFor(text, offset, () => 1)),
  };
}

/** White space between two string literals has meaning, comments have none. */
function gap(text: string): string {
  if (/^\s*$/.test(text)) return text;
  return text.includes('\n') ? '\n' : ' ';
}

function tokenText(token: Token, index: number, before: Token | undefined, rules: LexicalRules): string {
  if (token.name !== '' && hasMark(token.name)) return `${UNKNOWN_MARK}${index}`;
  if (token.kind === 'param') return hasMark(token.text) ? '$1' : token.text;
  if (rules.dialect === 'postgres') return token.text;
  if (token.text === '\\?') return '?';
  if (token.kind === 'quoted') return token.name === '' ? "''" : `"${token.name.replaceAll('"', '""')}"`;
  if (token.kind === 'string' && rules.backslashEscapes) return before?.kind === 'string' ? '' : "'s'";
  return token.text;
}

/** How many UTF-16 units of `text` the first `count` bytes or code points take. */
function unitsFor(text: string, count: number, width: (codePoint: number) => number): number {
  let units = 0;
  for (let seen = 0; seen < count && units < text.length; ) {
    const codePoint = text.codePointAt(units) ?? 0;
    seen += width(codePoint);
    units += codePoint > 0xffff ? 2 : 1;
  }
  return units;
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
