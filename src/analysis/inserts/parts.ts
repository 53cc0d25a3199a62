import type { Hole, SqlParts } from '../sql/index.ts';

/** Any piece of SQL. */
export const UNKNOWN: Hole = { hole: true, kind: 'unknown' };

/** No value at all: `undefined`, as far as the code says. Something stands for it, or it is any piece of SQL. */
export const ABSENT: Hole = { hole: true, kind: 'unknown' };

/** One SQL value. */
export const VALUE: Hole = { hole: true, kind: 'value' };

/** The literals `true` and `false`: flags, which choose between texts. */
export const YES: Hole = { hole: true, kind: 'value' };
export const NO: Hole = { hole: true, kind: 'value' };

/** The texts that an expression may have: one for each way through the conditions on the way. */
export type Texts = readonly SqlParts[];

/** Beyond this many texts, what they differ in is a hole. */
const MOST_TEXTS = 16;

/** Whether nothing of a text is known. */
export function isHoleOnly(parts: SqlParts): boolean {
  return parts.every((part) => typeof part !== 'string' || part.trim() === '');
}

/** Whether nothing stands there. */
export function isAbsent(parts: SqlParts): boolean {
  return parts.length === 1 && parts[0] === ABSENT;
}

/** Whether a value is one of the literals `true` and `false`. */
export function isFlag(parts: SqlParts): boolean {
  return parts.length === 1 && (parts[0] === YES || parts[0] === NO);
}

/** Which way a condition goes that has one of these values; undefined where they differ, or one is not known. */
export function truthOf(texts: Texts): boolean | undefined {
  const [first, ...others] = texts.map(truthOfOne);
  return others.every((one) => one === first) ? first : undefined;
}

function truthOfOne(parts: SqlParts): boolean | undefined {
  if (isAbsent(parts) || parts.length === 0) return false;
  if (isFlag(parts)) return parts[0] === YES;
  // A zero may be the number or the text.
  const isWritten = parts.every((part) => typeof part === 'string');
  return isWritten && !/^(?:0|)$/.test(parts.join('')) ? true : undefined;
}

/** Whether a text is certainly a string, or a flag: `??` takes it, and no default stands for it. */
function isThere(parts: SqlParts): boolean {
  return parts.length === 0 || isFlag(parts) || parts.some((part) => typeof part === 'string');
}

/** `value ?? other`, `value || other`, `{ name = other }`: what `other` gives counts where it may be asked for. */
export function orElse(texts: Texts, operator: '??' | '||' | 'default', other: () => Texts): Texts {
  const stands = (parts: SqlParts): boolean =>
    operator === '||'
      ? parts.some((part) => part === YES || (typeof part === 'string' && part !== ''))
      : isThere(parts);
  if (texts.every(stands)) return texts;
  const isEmpty = (parts: SqlParts): boolean => operator === '||' && isThere(parts) && !stands(parts);
  const kept = texts.filter((parts) => !isAbsent(parts) && !isEmpty(parts));
  return limited([...kept, ...other()]);
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
  return JSON.stringify(
    parts.map((part) => (typeof part === 'string' ? part : [WORDS.get(part) ?? part.kind])),
  );
}

const WORDS: ReadonlyMap<Hole, string> = new Map([
  [ABSENT, 'absent'],
  [YES, 'yes'],
  [NO, 'no'],
]);
