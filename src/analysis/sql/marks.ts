import type { SqlParts } from './types.ts';

/**
 * Holes travel through the lexer and the parser as private-use characters: one UTF-16 unit each, and
 * PostgreSQL takes any non-ASCII character as a letter, so a marked name is still one identifier.
 */
export const UNKNOWN_MARK = '\uE000';
export const VALUE_MARK = '\uE001';
/** Never in the input: stands for rows that came out of a hole. */
export const ROW_MARK = '\uE002';

export interface MarkedText {
  readonly text: string;
  /** Offset in the joined literal text of an offset in the marked text. */
  readonly literalOffset: (offset: number) => number;
}

/** Joins the parts with one mark per hole. */
export function markHoles(parts: SqlParts): MarkedText {
  const marks: number[] = [];
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part.replace(UNSAFE, '\uFFFD');
    } else {
      marks.push(text.length);
      text += part.kind === 'value' ? VALUE_MARK : UNKNOWN_MARK;
    }
  }
  return { text, literalOffset: (offset) => offset - marks.filter((mark) => mark < offset).length };
}

export function hasMark(text: string): boolean {
  return text.includes(UNKNOWN_MARK) || text.includes(VALUE_MARK);
}

/** The literal pieces around the marks of a name. */
export function literalPieces(name: string): string[] {
  return name.split(/[\uE000\uE001]/);
}

/** Own marks, NUL (ends a C string) and lone surrogates (have no UTF-8 form): all one unit wide. */
const UNSAFE = /[\0\uE000-\uE002]|\p{Surrogate}/gu;
