/**
 * What a value says about the row that a preflight looked for. A slot says what follows when the value turns out that
 * way: the row was `found`, it is `absent`, the value never turns out so, or nothing is known.
 */
export interface Answer {
  readonly truthy: Slot;
  readonly falsy: Slot;
  readonly nullish: Slot;
  readonly present: Slot;
  /** What the properties say, of a value that is an object literal; the elements, by index, of an array literal. */
  readonly parts?: ReadonlyMap<string, Answer>;
  /** Of a value that is one of these strings: what follows when it is this one. */
  readonly words?: ReadonlyMap<string, Slot>;
  /** What `typeof` says of the value when it is there, where that is known. */
  readonly type?: string;
  /** What a query has read: its rows, one of them, or what they are wrapped in. A column of a row is something else. */
  readonly isRead?: true;
}

export type Fact = 'found' | 'absent' | 'unknown';
export type Slot = Fact | 'never';

/** Says nothing. */
export const SILENT: Answer = { truthy: 'unknown', falsy: 'unknown', nullish: 'unknown', present: 'unknown' };

/** The answer of a lookup: the row, its id, or `true` when it is there; nothing, `false` or zero when it is not. */
export const LOOKUP: Answer = { truthy: 'found', falsy: 'absent', nullish: 'absent', present: 'found' };

/** The rows that a query has read. */
export const ROWS: Answer = { ...LOOKUP, isRead: true };

/** No value at all: what is evaluated always throws. */
export const NEVER: Answer = { truthy: 'never', falsy: 'never', nullish: 'never', present: 'never' };

export const NULLISH: Answer = { truthy: 'never', falsy: 'unknown', nullish: 'unknown', present: 'never' };
export const FALSE: Answer = { truthy: 'never', falsy: 'unknown', nullish: 'never', present: 'unknown' };
/** A string that is in the code. */
export function wordOf(text: string): Answer {
  return { ...(text === '' ? FALSE : TRUE), words: new Map([[text, 'unknown']]) };
}

/** An object or array literal. */
export function objectOf(parts: ReadonlyMap<string, Answer>): Answer {
  return { ...TRUE, parts };
}

/** Whether two values say the same. */
export function sameAnswer(a: Answer, b: Answer): boolean {
  if (a === b) return true;
  const isSame =
    a.truthy === b.truthy && a.falsy === b.falsy && a.nullish === b.nullish && a.present === b.present;
  const isAlike = isSame && a.type === b.type && a.isRead === b.isRead;
  if (!isAlike || a.parts?.size !== b.parts?.size || !sameWords(a.words, b.words)) return false;
  return [...(a.parts ?? [])].every(([name, part]) => {
    const other = b.parts?.get(name);
    return other !== undefined && sameAnswer(part, other);
  });
}

function sameWords(a: Answer['words'], b: Answer['words']): boolean {
  return a?.size === b?.size && [...(a ?? [])].every(([word, slot]) => b?.get(word) === slot);
}

export const TRUE: Answer = { truthy: 'unknown', falsy: 'never', nullish: 'never', present: 'unknown' };

/** Whether anything follows from the value. */
export function speaks({ truthy, falsy, nullish, present, parts, words }: Answer): boolean {
  const slots = [truthy, falsy, nullish, present, ...(words?.values() ?? [])];
  return (
    slots.some((slot) => slot === 'found' || slot === 'absent') || [...(parts?.values() ?? [])].some(speaks)
  );
}

/** The value where a fact is known to hold anyway. */
export function under(answer: Answer, fact: Slot): Answer {
  if (fact === 'unknown' || fact === 'never') return answer;
  const { truthy, falsy, nullish, present, parts, words, type, isRead } = answer;
  const fill = (slot: Slot): Slot => (slot === 'unknown' ? fact : slot);
  return {
    truthy: fill(truthy),
    falsy: fill(falsy),
    nullish: fill(nullish),
    present: fill(present),
    ...(parts && { parts: new Map([...parts].map(([name, part]) => [name, under(part, fact)])) }),
    ...(words && { words: new Map([...words].map(([word, slot]) => [word, fill(slot)])) }),
    ...(type !== undefined && { type }),
    ...(isRead && { isRead }),
  };
}

/** One value or the other. */
export function either(a: Answer, b: Answer): Answer {
  if (isNever(a)) return b;
  if (isNever(b)) return a;
  return {
    truthy: eitherSlot(a.truthy, b.truthy),
    falsy: eitherSlot(a.falsy, b.falsy),
    nullish: eitherSlot(a.nullish, b.nullish),
    present: eitherSlot(a.present, b.present),
    ...(a.parts && b.parts && { parts: eitherParts(a.parts, b.parts) }),
    ...(a.words && b.words && { words: eitherWords(a.words, b.words) }),
    ...(a.type !== undefined && a.type === b.type && { type: a.type }),
    ...(a.isRead && b.isRead && { isRead: true }),
  };
}

function eitherParts(
  a: ReadonlyMap<string, Answer>,
  b: ReadonlyMap<string, Answer>,
): ReadonlyMap<string, Answer> {
  return new Map(
    [...a].flatMap(([name, left]) => {
      const right = b.get(name);
      return right ? [[name, either(left, right)] as const] : [];
    }),
  );
}

function eitherWords(a: ReadonlyMap<string, Slot>, b: ReadonlyMap<string, Slot>): ReadonlyMap<string, Slot> {
  const words = new Map(a);
  for (const [word, slot] of b) words.set(word, eitherSlot(words.get(word) ?? 'never', slot));
  return words;
}

function isNever({ truthy, falsy, nullish, present }: Answer): boolean {
  return (truthy === 'never' && falsy === 'never') || (nullish === 'never' && present === 'never');
}

function eitherSlot(a: Slot, b: Slot): Slot {
  if (a === 'never' || a === b) return b;
  return b === 'never' ? a : 'unknown';
}

/** `true` where the value is truthy, `false` where it is falsy. */
export function flag({ truthy, falsy }: Answer): Answer {
  return { truthy, falsy, nullish: 'never', present: eitherSlot(truthy, falsy) };
}

/** `!value` */
export function not({ truthy, falsy }: Answer): Answer {
  return flag({ ...SILENT, truthy: falsy, falsy: truthy });
}

/** `value == null` */
export function isNullish({ nullish, present }: Answer): Answer {
  return flag({ ...SILENT, truthy: nullish, falsy: present });
}

/** `value === word` for a value that is one of several strings. */
export function isWord(words: ReadonlyMap<string, Slot>, word: string): Answer {
  const others = [...words].filter(([other]) => other !== word).map(([, slot]) => slot);
  return flag({
    ...SILENT,
    truthy: words.get(word) ?? 'never',
    falsy: others.reduce(eitherSlot, 'never'),
  });
}

/** `a || b` */
export function or(a: Answer, b: Answer): Answer {
  return either({ truthy: a.truthy, falsy: 'never', nullish: 'never', present: a.truthy }, under(b, a.falsy));
}

/** `a && b` */
export function and(a: Answer, b: Answer): Answer {
  return either(
    { truthy: 'never', falsy: a.falsy, nullish: a.nullish, present: a.falsy },
    under(b, a.truthy),
  );
}

/** `a ?? b` */
export function coalesce(a: Answer, b: Answer): Answer {
  return either({ ...a, nullish: 'never' }, under(b, a.nullish));
}

/** `condition ? yes : no` */
export function choose(condition: Answer, yes: Answer, no: Answer): Answer {
  return either(under(yes, condition.truthy), under(no, condition.falsy));
}

/** Names of properties and methods that are true when there is nothing. */
const NEGATIVE =
  /^(?:is|are|was|has)?_?(?:absent|available|empty|free|missing|new|none|not[_A-Z]?\w*|nothing|unique|unused)$/i;

/** A part of an answer: `answer.found`, `answer.rows`, `answer.isEmpty`. */
export function partOf(answer: Answer, name: string): Answer {
  if (answer.parts) return answer.parts.get(name) ?? SILENT;
  // Something else may stand for the answer, and then its parts are of that.
  if (answer.present !== 'found') return SILENT;
  if (NEGATIVE.test(name)) return not(LOOKUP);
  if (!answer.isRead || IDENTIFYING.test(name)) return LOOKUP;
  return WRAPPING.test(name) ? ROWS : COLUMN;
}

/** A part that is not there where the answer is not: `answer?.rows`. */
export function optionalPart(answer: Answer, part: Answer): Answer {
  if (answer.nullish === 'never') return part;
  const { nullish } = answer;
  return { ...part, falsy: eitherSlot(part.falsy, nullish), nullish: eitherSlot(part.nullish, nullish) };
}

/** What a result of a query wraps its rows in, and an index into them. */
const WRAPPING =
  /^(?:\d*|\[\]|at|data|filter|find|findLast|first|get|length|map|pop|recordset|results?|rowCount|rows|shift|some|toArray|unwrap\w*|values)$/;

/** Columns of a row that are there when it is, and those that count rows. */
const IDENTIFYING =
  /^(?:c|cnt|count|exists|found|has\w*|hash|id|is\w*|key|n|name|num|size|slug|total|uuid)$|(?:_id|_key|Id|Key|Count|\(\*\))$/;

/** Any other column: that it says nothing may be what the row says. */
const COLUMN: Answer = { ...SILENT, truthy: 'found' };

/** What a function of this name from outside of the program makes of what it is given: `_.isEmpty(rows)`. */
export function askedBy(name: string, answer: Answer): Answer {
  if (/^(?:is)?_?(?:nil|null|undefined|null_?or_?undefined|nothing)$/i.test(name)) return isNullish(answer);
  if (/^is_?empty$/i.test(name)) return not(answer);
  if (/^is_?not_?(?:nil|empty)$/i.test(name)) return flag(answer);
  return /^(?:first|head|last|size)$/.test(name) && answer.isRead ? answer : SILENT;
}

/** What the answer of a preflight of this name says: `isMissing` and `canInsert` are true when there is no row. */
export function answerOf(name: string): Answer {
  const negative =
    NEGATIVE.test(name) || /^(?:can|may|should|needs?)_?(?:to)?_?(?:add|create|import|insert)/i.test(name);
  return negative ? not(LOOKUP) : LOOKUP;
}
