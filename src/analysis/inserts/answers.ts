/**
 * What a value says about the row that a preflight looked for. A slot says what follows when the value turns out that
 * way: the row was `found`, it is `absent`, the value never turns out so, or nothing is known.
 */
export interface Answer {
  readonly truthy: Slot;
  readonly falsy: Slot;
  readonly nullish: Slot;
  readonly present: Slot;
  /** What the properties say, of a value that is an object literal. */
  readonly parts?: ReadonlyMap<string, Answer>;
}

export type Fact = 'found' | 'absent' | 'unknown';
export type Slot = Fact | 'never';

/** Says nothing. */
export const SILENT: Answer = { truthy: 'unknown', falsy: 'unknown', nullish: 'unknown', present: 'unknown' };

/** The answer of a lookup: the row, its id, or `true` when it is there; nothing, `false` or zero when it is not. */
export const LOOKUP: Answer = { truthy: 'found', falsy: 'absent', nullish: 'absent', present: 'found' };

export const NULLISH: Answer = { truthy: 'never', falsy: 'unknown', nullish: 'unknown', present: 'never' };
export const FALSE: Answer = { truthy: 'never', falsy: 'unknown', nullish: 'never', present: 'unknown' };
/** An object literal. */
export function objectOf(parts: ReadonlyMap<string, Answer>): Answer {
  return { ...TRUE, parts };
}

/** Whether two values say the same. */
export function sameAnswer(a: Answer, b: Answer): boolean {
  if (a === b) return true;
  const isSame =
    a.truthy === b.truthy && a.falsy === b.falsy && a.nullish === b.nullish && a.present === b.present;
  if (!isSame || a.parts?.size !== b.parts?.size) return false;
  return [...(a.parts ?? [])].every(([name, part]) => {
    const other = b.parts?.get(name);
    return other !== undefined && sameAnswer(part, other);
  });
}

export const TRUE: Answer = { truthy: 'unknown', falsy: 'never', nullish: 'never', present: 'unknown' };

/** Whether anything follows from the value. */
export function speaks({ truthy, falsy, nullish, present, parts }: Answer): boolean {
  const slots = [truthy, falsy, nullish, present];
  return (
    slots.some((slot) => slot === 'found' || slot === 'absent') || [...(parts?.values() ?? [])].some(speaks)
  );
}

/** The value where a fact is known to hold anyway. */
export function under(answer: Answer, fact: Slot): Answer {
  if (fact === 'unknown' || fact === 'never') return answer;
  const { truthy, falsy, nullish, present, parts } = answer;
  const fill = (slot: Slot): Slot => (slot === 'unknown' ? fact : slot);
  const filled = { truthy: fill(truthy), falsy: fill(falsy), nullish: fill(nullish), present: fill(present) };
  return parts ? { ...filled, parts: mapParts(parts, (part) => under(part, fact)) } : filled;
}

/** One value or the other. */
export function either(a: Answer, b: Answer): Answer {
  const joined = {
    truthy: eitherSlot(a.truthy, b.truthy),
    falsy: eitherSlot(a.falsy, b.falsy),
    nullish: eitherSlot(a.nullish, b.nullish),
    present: eitherSlot(a.present, b.present),
  };
  const parts =
    a.parts && b.parts
      ? eitherParts(a.parts, b.parts)
      : isNever(a)
        ? b.parts
        : isNever(b)
          ? a.parts
          : undefined;
  return parts ? { ...joined, parts } : joined;
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

function mapParts(
  parts: ReadonlyMap<string, Answer>,
  map: (part: Answer) => Answer,
): ReadonlyMap<string, Answer> {
  return new Map([...parts].map(([name, part]) => [name, map(part)]));
}

function isNever({ truthy, falsy }: Answer): boolean {
  return truthy === 'never' && falsy === 'never';
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
  if (!speaks(answer)) return SILENT;
  return NEGATIVE.test(name) ? not(LOOKUP) : LOOKUP;
}

/** What the answer of a preflight of this name says: `isMissing` and `canInsert` are true when there is no row. */
export function answerOf(name: string): Answer {
  const negative =
    NEGATIVE.test(name) || /^(?:can|may|should|needs?)_?(?:to)?_?(?:add|create|import|insert)/i.test(name);
  return negative ? not(LOOKUP) : LOOKUP;
}
