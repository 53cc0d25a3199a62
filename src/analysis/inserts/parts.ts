import type { Hole, SqlParts } from '../sql/index.ts';

/** Any piece of SQL. */
export const UNKNOWN: Hole = { hole: true, kind: 'unknown' };

/** One SQL value. */
export const VALUE: Hole = { hole: true, kind: 'value' };

/** The texts that an expression may have: one for each way through the conditions on the way. */
export type Texts = readonly SqlParts[];

/** Beyond this many texts, what they differ in is a hole. */
const MOST_TEXTS = 16;

/** Whether nothing of a text is known. */
export function isHoleOnly(parts: SqlParts): boolean {
  return parts.every((part) => typeof part !== 'string' || part.trim() === '');
}

/** Every combination of the texts of the pieces, in order. */
export function joined(pieces: readonly Texts[], separator: string): Texts {
  let all: (string | Hole)[][] = [[]];
  for (const [index, texts] of pieces.entries()) {
    const options = all.length * texts.length > MOST_TEXTS ? [[UNKNOWN]] : texts;
    if (index > 0) for (const parts of all) parts.push(separator);
    const [only, another] = options;
    if (only && !another) for (const parts of all) parts.push(...only);
    else all = all.flatMap((before) => options.map((text) => [...before, ...text]));
  }
  return all;
}

export function limited(texts: Texts): Texts {
  const different = distinct(texts.map(merge));
  return different.length > MOST_TEXTS ? [...different.slice(0, MOST_TEXTS - 1), [UNKNOWN]] : different;
}

/** The same text with its literal pieces put together. */
export function merge(parts: SqlParts): SqlParts {
  const merged: (string | Hole)[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = last + part;
    else if (part !== '') merged.push(part);
  }
  return merged;
}

export function distinct(texts: Texts): Texts {
  return [...new Map(texts.map((parts) => [keyOf(parts), parts])).values()];
}

export function keyOf(parts: SqlParts): string {
  return JSON.stringify(parts.map((part) => (typeof part === 'string' ? part : [part.kind])));
}
