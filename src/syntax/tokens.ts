/**
 * The tokens of a TypeScript text, told without a parser: what is in a file is seen in a tenth of the time that its tree
 * takes. Names are kept as numbers, so that no text is cut out: two names of one number are rare, and who asks has to be
 * able to bear them.
 */
export interface Tokens {
  readonly count: number;
  /** By token: a member of {@link Kind}, or the code of the character that it is. */
  readonly kinds: Uint8Array;
  /** Offsets, UTF-16. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Of a name, the number that {@link nameCode} gives it. Of a bracket, the index of its partner. */
  readonly codes: Int32Array;
}

/** Tokens of more than one character. All others are known by their character. */
export const Kind = {
  name: 128,
  /** A number, a string, a regular expression, a template without holes, or what stands between holes. */
  literal: 129,
  arrow: 130,
  /** `+=` and its kin, but not `=`. */
  compound: 131,
  /** `++` and `--` */
  update: 132,
  ellipsis: 133,
  /** `?.` */
  optional: 134,
  /** `==`, `!=`, `<=`, `>=` and the strict ones */
  comparison: 135,
  /** `${` */
  holeStart: 136,
  holeEnd: 137,
} as const;

/** The number that stands for a name. */
export function nameCode(name: string): number {
  let code = 0;
  for (let at = 0; at < name.length; at += 1) code = (Math.imul(code, 31) + name.charCodeAt(at)) | 0;
  return code;
}

/** The next token at the level of one: what the brackets that begin there hold is passed over. */
export function tokenAfter({ kinds, codes }: Tokens, at: number): number {
  return isOpening(kinds[at]) ? (codes[at] as number) + 1 : at + 1;
}

export function isOpening(kind: number | undefined): boolean {
  return kind === OPEN_PAREN || kind === OPEN_BRACE || kind === OPEN_BRACKET || kind === Kind.holeStart;
}

export function isClosing(kind: number | undefined): boolean {
  return kind === CLOSE_PAREN || kind === CLOSE_BRACE || kind === CLOSE_BRACKET || kind === Kind.holeEnd;
}

/** Whether a token is the name of a member: `b` of `a.b` and `a?.b`. */
export function isMemberAt({ kinds }: Tokens, at: number): boolean {
  return kinds[at] === Kind.name && (kinds[at - 1] === DOT || kinds[at - 1] === Kind.optional);
}

/**
 * The tokens of a text without JSX. They are good until the next call, which writes over them.
 *
 * @returns undefined where only a parser can tell: a slash that may begin a regular expression or divide, brackets without
 *   a partner, escapes in names
 */
export function tokensOf(text: string): Tokens | undefined {
  return new Scanner(text).scan();
}

let capacity = 1 << 14;
let kinds = new Uint8Array(capacity);
let starts = new Int32Array(capacity);
let ends = new Int32Array(capacity);
let codes = new Int32Array(capacity);

function grow(): void {
  capacity *= 2;
  const larger = new Uint8Array(capacity);
  larger.set(kinds);
  kinds = larger;
  starts = enlarged(starts);
  ends = enlarged(ends);
  codes = enlarged(codes);
}

function enlarged(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(array);
  return larger;
}

const code = (character: string): number => character.charCodeAt(0);

/** The kinds of tokens that are one character. */
export const EXCLAMATION = code('!');
export const OPEN_PAREN = code('(');
export const CLOSE_PAREN = code(')');
export const STAR = code('*');
export const COMMA = code(',');
export const DOT = code('.');
export const COLON = code(':');
export const SEMICOLON = code(';');
export const LESS = code('<');
export const ASSIGN = code('=');
export const GREATER = code('>');
export const QUESTION = code('?');
export const AT = code('@');
export const OPEN_BRACKET = code('[');
export const CLOSE_BRACKET = code(']');
export const BAR = code('|');
export const OPEN_BRACE = code('{');
export const CLOSE_BRACE = code('}');
export const AMPERSAND = code('&');

const NEW_LINE = code('\n');
const QUOTE = code("'");
const DOUBLE_QUOTE = code('"');
const BACKTICK = code('`');
const BACKSLASH = code('\\');
const SLASH = code('/');
const DOLLAR = code('$');
const HASH = code('#');

const OTHER = 0;
const SPACE = 1;
const LETTER = 2;
const DIGIT = 3;
const CLASSES = new Uint8Array(128);
for (let at = 0; at < 128; at += 1) {
  const character = String.fromCharCode(at);
  if (/[\w$]/.test(character)) CLASSES[at] = /\d/.test(character) ? DIGIT : LETTER;
  else if (at <= 32) CLASSES[at] = SPACE;
}

function classOf(character: number): number {
  if (character < 128) return CLASSES[character] as number;
  // Behind the end of the text.
  if (Number.isNaN(character)) return OTHER;
  return /[\s\u2028\u2029]/.test(String.fromCharCode(character)) ? SPACE : LETTER;
}

/** Words that an operand follows. */
const BEFORE_OPERANDS: ReadonlySet<number> = new Set(
  [
    'await',
    'case',
    'delete',
    'do',
    'else',
    'in',
    'instanceof',
    'new',
    'of',
    'return',
    'throw',
    'typeof',
    'void',
    'yield',
  ].map(nameCode),
);
/** Words whose parentheses a statement follows. */
const BEFORE_HEADS: ReadonlySet<number> = new Set(['for', 'if', 'while'].map(nameCode));

class Scanner {
  readonly #text: string;
  #at = 0;
  #count = 0;
  /** The indexes of the brackets that are open. */
  readonly #open: number[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  scan(): Tokens | undefined {
    const text = this.#text;
    const { length } = text;
    if (text.startsWith('#!')) this.#toEndOfLine();
    while (this.#at < length) {
      const start = this.#at;
      const character = text.charCodeAt(start);
      const kind = classOf(character);
      if (kind === SPACE) this.#at += 1;
      else if (kind === LETTER || character === HASH) this.#name();
      else if (kind === DIGIT) this.#number();
      else if (character === SLASH) {
        if (!this.#slash()) return undefined;
      } else if (character === QUOTE || character === DOUBLE_QUOTE) {
        if (!this.#string(character)) return undefined;
      } else if (character === BACKTICK) {
        if (!this.#template(start)) return undefined;
      } else if (character === BACKSLASH) return undefined;
      else if (!this.#punctuation(character)) return undefined;
    }
    if (this.#open.length > 0) return undefined;
    // What follows the last token is what an earlier text has left.
    this.#add(0, length, 0);
    this.#count -= 1;
    return { count: this.#count, kinds, starts, ends, codes };
  }

  #add(kind: number, start: number, value: number): void {
    if (this.#count === capacity) grow();
    kinds[this.#count] = kind;
    starts[this.#count] = start;
    ends[this.#count] = this.#at;
    codes[this.#count] = value;
    this.#count += 1;
  }

  #name(): void {
    const text = this.#text;
    const { length } = text;
    const start = this.#at;
    let value = text.charCodeAt(start) | 0;
    let at = start + 1;
    for (; at < length; at += 1) {
      const character = text.charCodeAt(at);
      if (classOf(character) < LETTER) break;
      value = (Math.imul(value, 31) + character) | 0;
    }
    this.#at = at;
    this.#add(Kind.name, start, value);
  }

  #number(): void {
    const text = this.#text;
    const start = this.#at;
    let at = start + 1;
    while (at < text.length && (classOf(text.charCodeAt(at)) >= LETTER || text.charCodeAt(at) === DOT))
      at += 1;
    this.#at = at;
    this.#add(Kind.literal, start, 0);
  }

  #toEndOfLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  /** A comment, a regular expression, or a division. */
  #slash(): boolean {
    const text = this.#text;
    const start = this.#at;
    const next = text.charCodeAt(start + 1);
    if (next === SLASH) {
      this.#toEndOfLine();
      return true;
    }
    if (next === STAR) {
      const end = text.indexOf('*/', start + 2);
      this.#at = end + 2;
      return end >= 0;
    }
    const isAfterOperand = this.#isAfterOperand();
    if (isAfterOperand === undefined) return false;
    if (!isAfterOperand) return this.#regularExpression();
    this.#at += next === ASSIGN ? 2 : 1;
    this.#add(next === ASSIGN ? Kind.compound : SLASH, start, 0);
    return true;
  }

  /** Whether what comes goes on with an expression; undefined where that depends on more than the tokens before. */
  #isAfterOperand(last = this.#count - 1): boolean | undefined {
    const kind = last < 0 ? undefined : kinds[last];
    if (kind === Kind.name) return !BEFORE_OPERANDS.has(codes[last] as number) || kinds[last - 1] === DOT;
    if (kind === Kind.literal || kind === CLOSE_BRACKET) return true;
    if (kind === CLOSE_PAREN) {
      const before = (codes[last] as number) - 1;
      const isHead = kinds[before] === Kind.name && BEFORE_HEADS.has(codes[before] as number);
      return !isHead || kinds[before - 1] === DOT;
    }
    // `a! / 2`, and `!/b/.test(c)`
    if (kind === EXCLAMATION) return this.#isAfterOperand(last - 1);
    return kind === CLOSE_BRACE || kind === Kind.update ? undefined : false;
  }

  #regularExpression(): boolean {
    const text = this.#text;
    const start = this.#at;
    let isInClass = false;
    for (let at = start + 1; at < text.length; at += 1) {
      const character = text.charCodeAt(at);
      if (character === NEW_LINE) return false;
      if (character === BACKSLASH) at += 1;
      else if (character === OPEN_BRACKET) isInClass = true;
      else if (character === CLOSE_BRACKET) isInClass = false;
      else if (character === SLASH && !isInClass) {
        this.#at = at + 1;
        while (classOf(text.charCodeAt(this.#at)) >= LETTER) this.#at += 1;
        this.#add(Kind.literal, start, 0);
        return true;
      }
    }
    return false;
  }

  #string(quote: number): boolean {
    const text = this.#text;
    const start = this.#at;
    for (let at = start + 1; at < text.length; at += 1) {
      const character = text.charCodeAt(at);
      if (character === NEW_LINE) return false;
      if (character === BACKSLASH) at += text.charCodeAt(at + 1) === 13 ? 2 : 1;
      else if (character === quote) {
        this.#at = at + 1;
        this.#add(Kind.literal, start, 0);
        return true;
      }
    }
    return false;
  }

  /** A template from its beginning, or from the end of a hole, to its end, or to the next hole. */
  #template(start: number): boolean {
    const text = this.#text;
    for (let at = start + 1; at < text.length; at += 1) {
      const character = text.charCodeAt(at);
      if (character === BACKSLASH) at += 1;
      else if (character === BACKTICK) {
        this.#at = at + 1;
        this.#add(Kind.literal, start, 0);
        return true;
      } else if (character === DOLLAR && text.charCodeAt(at + 1) === OPEN_BRACE) {
        this.#at = at;
        this.#add(Kind.literal, start, 0);
        this.#at = at + 2;
        this.#open.push(this.#count);
        this.#add(Kind.holeStart, at, -1);
        return true;
      }
    }
    return false;
  }

  #punctuation(character: number): boolean {
    const text = this.#text;
    const start = this.#at;
    const next = text.charCodeAt(start + 1);
    if (character === OPEN_BRACE || character === OPEN_PAREN || character === OPEN_BRACKET) {
      this.#at += 1;
      this.#open.push(this.#count);
      this.#add(character, start, -1);
      return true;
    }
    if (character === CLOSE_BRACE || character === CLOSE_PAREN || character === CLOSE_BRACKET) {
      return this.#close(character);
    }
    let length = 1;
    let kind = character;
    if (character === DOT) {
      if (next === DOT && text.charCodeAt(start + 2) === DOT) [kind, length] = [Kind.ellipsis, 3];
      else if (classOf(next) === DIGIT) {
        this.#number();
        return true;
      }
    } else if (character === QUESTION && next === DOT && classOf(text.charCodeAt(start + 2)) !== DIGIT) {
      [kind, length] = [Kind.optional, 2];
    } else if (character === ASSIGN) {
      if (next === GREATER) [kind, length] = [Kind.arrow, 2];
      else if (next === ASSIGN)
        [kind, length] = [Kind.comparison, text.charCodeAt(start + 2) === ASSIGN ? 3 : 2];
    } else if (character === EXCLAMATION && next === ASSIGN) {
      [kind, length] = [Kind.comparison, text.charCodeAt(start + 2) === ASSIGN ? 3 : 2];
    } else if (character === LESS && next === ASSIGN) [kind, length] = [Kind.comparison, 2];
    else if (next === character && (character === code('+') || character === code('-'))) {
      [kind, length] = [Kind.update, 2];
    } else if (OPERATORS.has(character)) {
      // `a ||= b`, `a **= b`, `a >>>= b`. The end of type arguments may stand before the `=` of a declaration.
      let end = start + 1;
      while (text.charCodeAt(end) === character && end < start + 3) end += 1;
      const isCompound = text.charCodeAt(end) === ASSIGN && (character !== GREATER || end > start + 1);
      if (isCompound) [kind, length] = [Kind.compound, end + 1 - start];
    }
    this.#at += length;
    this.#add(kind, start, 0);
    return true;
  }

  #close(character: number): boolean {
    const start = this.#at;
    const opened = this.#open.pop();
    if (opened === undefined) return false;
    const kind = kinds[opened];
    const isHole = kind === Kind.holeStart && character === CLOSE_BRACE;
    if (!isHole && kind !== OPENING.get(character)) return false;
    this.#at += 1;
    codes[opened] = this.#count;
    this.#add(isHole ? Kind.holeEnd : character, start, opened);
    return !isHole || this.#template(start);
  }
}

const OPENING: ReadonlyMap<number, number> = new Map([
  [CLOSE_BRACE, OPEN_BRACE],
  [CLOSE_PAREN, OPEN_PAREN],
  [CLOSE_BRACKET, OPEN_BRACKET],
]);

const OPERATORS: ReadonlySet<number> = new Set([...'+-*%&|^?>'].map(code));
