import {
  AMPERSAND,
  ASSIGN,
  AT,
  BAR,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  CLOSE_PAREN,
  COLON,
  COMMA,
  DOT,
  GREATER,
  isClosing,
  isMemberAt,
  isOpening,
  Kind,
  LESS,
  nameCode,
  OPEN_BRACE,
  OPEN_BRACKET,
  OPEN_PAREN,
  QUESTION,
  SEMICOLON,
  STAR,
  type Tokens,
  tokenAfter,
} from '../../syntax/tokens.ts';
import { ITERATING } from '../locks/state-methods.ts';

/** A run of tokens, the last one excluded. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export const THIS = nameCode('this');
const SUPER = nameCode('super');
const FUNCTION = nameCode('function');
const ASYNC = nameCode('async');
const AWAIT = nameCode('await');
const CLASS = nameCode('class');
const EXTENDS = nameCode('extends');
const IMPLEMENTS = nameCode('implements');
const IMPORT = nameCode('import');
const FROM = nameCode('from');
const TYPE = nameCode('type');
const ENUM = nameCode('enum');
const OF = nameCode('of');
const IN = nameCode('in');
const LENGTH = nameCode('length');
const NEW = nameCode('new');
const INSTANCEOF = nameCode('instanceof');
const SIZE = nameCode('size');
const EXPORT = nameCode('export');

const codesOf = (...names: string[]): ReadonlySet<number> => new Set(names.map(nameCode));

export const ITERATING_CODES = codesOf(...ITERATING);
const ITERATORS = codesOf('entries', 'keys', 'values');
/** Methods of the language's collections that leave everything as it is, and hand nothing on but elements and copies. */
const READING = codesOf(
  'at',
  'concat',
  'entries',
  'get',
  'has',
  'includes',
  'indexOf',
  'join',
  'keys',
  'lastIndexOf',
  'slice',
  'toReversed',
  'toSorted',
  'toSpliced',
  'values',
  'with',
);
const VARIABLES = codesOf('const', 'let', 'var', 'using');
const SPACES = codesOf('namespace', 'module');
/** No expression goes on with these. */
const STATEMENTS = codesOf(
  'const',
  'let',
  'var',
  'return',
  'if',
  'for',
  'while',
  'do',
  'switch',
  'try',
  'throw',
  'break',
  'continue',
  'export',
);
/** Words whose braces are no scope of their own for who asks where a variable can be reached from. */
const BLOCKS = codesOf('else', 'try', 'finally', 'do', 'static', 'global');
/** Words whose parentheses, and the braces behind them, are no scope of their own either. */
const HEADS = codesOf('if', 'for', 'while', 'switch', 'catch');
const MODIFIERS = codesOf('public', 'private', 'protected', 'readonly', 'override');
/** What stands in the type of what a function returns, right after an object type. */
const GOING_ON: ReadonlySet<number> = new Set([
  OPEN_BRACE,
  OPEN_BRACKET,
  GREATER,
  BAR,
  AMPERSAND,
  COMMA,
  COLON,
  QUESTION,
  Kind.arrow,
]);

/** Whether a function is written in a stretch. */
export function holdsFunction({ kinds, codes }: Tokens, { from, to }: Stretch): boolean {
  for (let at = from; at < to; at += 1) {
    if (kinds[at] === Kind.arrow || (kinds[at] === Kind.name && codes[at] === FUNCTION)) return true;
  }
  return false;
}

/**
 * The names that a text declares, and what each may be made of, by its tokens. Scopes are not told apart: what two
 * declarations of one name say is said of both.
 */
export class Names {
  readonly #tokens: Tokens;
  readonly #declared = new Set<number>([THIS]);
  readonly #ofModule = new Set<number>();
  readonly #sources = new Map<number, Stretch[]>();
  /** What holds, or may hold, something that was there before. */
  readonly #given = new Set<number>();
  /** The tokens that do nothing but declare. */
  readonly #declarations = new Set<number>();
  #used: ReadonlySet<number> | undefined;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
    this.#read();
  }

  /** Whether others than one function can have it at hand without being given it. */
  isOfModule(name: number): boolean {
    return this.#ofModule.has(name);
  }

  /**
   * Whether nobody can change the collection that a stretch names: it is made where its variable is declared, and all that
   * is done with the variable anywhere is reading elements.
   */
  isConstant({ from, to }: Stretch): boolean {
    const { kinds, codes } = this.#tokens;
    const name = codes[from] as number;
    const isIterator = to - from === 5 && kinds[from + 1] === DOT && ITERATORS.has(codes[from + 2] as number);
    if (kinds[from] !== Kind.name || !(to - from === 1 || isIterator)) return false;
    if (!this.#declared.has(name) || this.#given.has(name)) return false;
    this.#used ??= this.#namesInUse();
    return !this.#used.has(name);
  }

  /** Every declared name that a stretch mentions, and that these are made of. */
  reachedFrom(stretch: Stretch): ReadonlySet<number> {
    const reached = new Set<number>();
    this.leadsTo(stretch, () => false, reached);
    return reached;
  }

  /** Whether a stretch mentions what is sought, by itself or by what its names are made of. */
  leadsTo(stretch: Stretch, isSought: (name: number) => boolean, seen = new Set<number>()): boolean {
    const { kinds, codes } = this.#tokens;
    const waiting = [stretch];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      for (let at = next.from; at < next.to; at += 1) {
        if (kinds[at] !== Kind.name || isMemberAt(this.#tokens, at)) continue;
        const written = codes[at] as number;
        const name = written === SUPER ? THIS : written;
        if (!this.#declared.has(name) || seen.has(name)) continue;
        if (isSought(name)) return true;
        seen.add(name);
        waiting.push(...(this.#sources.get(name) ?? []));
      }
    }
    return false;
  }

  /** Whether what a name is made of asks for the length of something. */
  isMeasured(name: number): boolean {
    return (this.#sources.get(name) ?? []).some((source) => this.measures(source));
  }

  measures({ from, to }: Stretch): boolean {
    const { codes } = this.#tokens;
    for (let at = from; at < to; at += 1) {
      if (codes[at] === LENGTH && isMemberAt(this.#tokens, at)) return true;
    }
    return false;
  }

  #read(): void {
    const { count, kinds } = this.#tokens;
    /** Whether each of the brackets around is one that lets through. */
    const around: boolean[] = [];
    let walls = 0;
    for (let at = 0; at < count; at += 1) {
      const kind = kinds[at] as number;
      if (kind === Kind.name) this.#name(at, walls === 0);
      else if (kind === Kind.arrow) this.#declareOnly(at - 1, undefined);
      else if (isOpening(kind)) {
        if (kind === OPEN_PAREN && this.#isParameters(at)) this.#parameters(at);
        const isOpen = kind === OPEN_BRACE ? this.#isBlock(at) : kind === OPEN_PAREN && this.#isHead(at);
        around.push(isOpen);
        if (!isOpen) walls += 1;
      } else if (isClosing(kind) && !around.pop()) walls -= 1;
    }
  }

  #name(at: number, isOfModule: boolean): void {
    const { codes } = this.#tokens;
    const word = codes[at] as number;
    if (isMemberAt(this.#tokens, at)) return;
    if (VARIABLES.has(word)) this.#variables(at, isOfModule);
    else if (word === FUNCTION) {
      const name = this.#is(at + 1, STAR) ? at + 2 : at + 1;
      if (this.#is(name + 1, OPEN_PAREN) || this.#is(name + 1, LESS)) {
        this.#declare(name, { from: name + 1, to: this.#endOfBody(name + 1) });
      }
    } else if (word === CLASS) {
      const next = codes[at + 1];
      if (next === EXTENDS || next === IMPLEMENTS) return;
      this.#declare(at + 1, { from: at + 2, to: this.#endOfBody(at + 2) }, isOfModule);
    } else if (word === ENUM || SPACES.has(word)) this.#declare(at + 1, undefined, isOfModule);
    else if (word === IMPORT) this.#imports(at + 1);
  }

  #declare(at: number, source: Stretch | undefined, isOfModule = false): void {
    const { kinds, codes } = this.#tokens;
    if (kinds[at] !== Kind.name) return;
    const name = codes[at] as number;
    this.#declared.add(name);
    if (!source || !this.#isNew(source)) this.#given.add(name);
    if (isOfModule) this.#ofModule.add(name);
    if (!source) return;
    const sources = this.#sources.get(name);
    if (sources) sources.push(source);
    else this.#sources.set(name, [source]);
  }

  /** `[…]`, `new Set(…)` */
  #isNew({ from, to }: Stretch): boolean {
    const { kinds, codes } = this.#tokens;
    const isMade = codes[from] === NEW && kinds[from] === Kind.name && kinds[from + 1] === Kind.name;
    let end = isMade ? from + 2 : from;
    if (isMade && kinds[end] === LESS) while (end < to && kinds[end] !== OPEN_PAREN) end = this.#after(end);
    if (kinds[end] !== (isMade ? OPEN_PAREN : OPEN_BRACKET)) return false;
    const behind = this.#after(end);
    if (behind >= to) return true;
    return kinds[behind] === Kind.name && codes[behind] !== IN && codes[behind] !== INSTANCEOF;
  }

  /** Declares a name in a place where it does nothing else. */
  #declareOnly(at: number, source: Stretch | undefined, isOfModule = false): void {
    this.#declarations.add(at);
    this.#declare(at, source, isOfModule);
  }

  /** Declares all that a pattern names: each may be made of whatever the pattern mentions, and of `source`. */
  #pattern(open: number, source: Stretch | undefined, isOfModule = false): void {
    const close = this.#tokens.codes[open] as number;
    for (let at = open + 1; at < close; at += 1) {
      this.#declare(at, { from: open, to: close }, isOfModule);
      if (source) this.#declare(at, source);
    }
  }

  /** `const a = …, { b } = …` */
  #variables(keyword: number, isOfModule: boolean): void {
    const { kinds, codes } = this.#tokens;
    const end = this.#endOfStatement(keyword + 1);
    for (let at = keyword + 1; at < end; at = this.#after(at)) {
      const isFirst = at === keyword + 1;
      if (!isFirst && kinds[at - 1] !== COMMA) continue;
      const kind = kinds[at];
      if (kind !== Kind.name && kind !== OPEN_BRACE && kind !== OPEN_BRACKET) continue;
      const value = this.#valueOf(this.#after(at), end);
      const source = value === undefined ? undefined : { from: value, to: end };
      if (kind === Kind.name) {
        if (isFirst && codes[at] === ENUM) return;
        const isFunction = value !== undefined && this.#isFunctionAt(value);
        const isExported = kinds[keyword - 1] === Kind.name && codes[keyword - 1] === EXPORT;
        if (isExported) this.#declare(at, source, isOfModule && !isFunction);
        else this.#declareOnly(at, source, isOfModule && !isFunction);
      } else this.#pattern(at, source, isOfModule);
    }
  }

  /** Where the value of a variable begins, behind its type. */
  #valueOf(from: number, end: number): number | undefined {
    const { kinds, codes } = this.#tokens;
    if (kinds[from] === Kind.name && (codes[from] === OF || codes[from] === IN)) return undefined;
    for (let at = from; at < end; at = this.#after(at)) if (kinds[at] === ASSIGN) return at + 1;
    return undefined;
  }

  #isFunctionAt(at: number): boolean {
    const { kinds, codes } = this.#tokens;
    if (kinds[at] === Kind.name) {
      if (codes[at] === FUNCTION) return true;
      if (codes[at] === ASYNC && !this.#is(at + 1, DOT)) return this.#isFunctionAt(at + 1);
      return kinds[at + 1] === Kind.arrow;
    }
    if (kinds[at] !== OPEN_PAREN) return false;
    const after = kinds[(codes[at] as number) + 1];
    return after === Kind.arrow || after === COLON;
  }

  #imports(from: number): void {
    const { count, kinds, codes } = this.#tokens;
    if (this.#is(from, OPEN_PAREN) || this.#is(from, DOT)) return;
    const isOfTypes = codes[from] === TYPE && codes[from + 1] !== FROM && !this.#is(from + 1, COMMA);
    for (let at = from; at < count; at += 1) {
      const kind = kinds[at];
      if (kind === Kind.literal || kind === ASSIGN || kind === SEMICOLON) return;
      if (!isOfTypes) this.#declare(at, undefined, true);
    }
  }

  /** `(a, b) => …`, `(a: A): B { … }`, and whatever looks like these. */
  #isParameters(open: number): boolean {
    const { kinds, codes } = this.#tokens;
    const after = kinds[(codes[open] as number) + 1];
    return after === Kind.arrow || after === OPEN_BRACE || after === COLON;
  }

  #parameters(open: number): void {
    const { kinds, codes } = this.#tokens;
    const close = codes[open] as number;
    let depth = 0;
    let isBehindValue = false;
    const isCertain = kinds[close + 1] !== COLON;
    for (let at = open + 1; at < close; at = this.#after(at)) {
      const kind = kinds[at];
      if (kind === LESS) depth += 1;
      else if (kind === GREATER) depth -= 1;
      else if (kind === ASSIGN) isBehindValue = true;
      // What looks like type arguments may be a comparison in the value of a parameter.
      if ((depth > 0 && !isBehindValue) || !this.#mayNameParameter(at)) continue;
      const value = this.#defaultOf(this.#after(at), close);
      const source = value === undefined ? undefined : { from: value, to: close };
      if (kind === OPEN_BRACE || kind === OPEN_BRACKET) this.#pattern(at, source);
      // What looks like parameters may be the arguments of a call.
      else if (isCertain || this.#isTyped(at)) this.#declareOnly(at, source);
      else this.#declare(at, source);
    }
  }

  #isTyped(at: number): boolean {
    const { kinds } = this.#tokens;
    return kinds[at + 1] === COLON || (kinds[at + 1] === QUESTION && kinds[at + 2] === COLON);
  }

  /** Where the value of a parameter begins, behind its type. */
  #defaultOf(from: number, close: number): number | undefined {
    const { kinds } = this.#tokens;
    let depth = 0;
    for (let at = from; at < close; at = this.#after(at)) {
      const kind = kinds[at];
      if (kind === LESS) depth += 1;
      else if (kind === GREATER) depth -= 1;
      else if (kind === ASSIGN && depth <= 0) return at + 1;
      else if (kind === COMMA && depth <= 0) return undefined;
    }
    return undefined;
  }

  #mayNameParameter(at: number): boolean {
    const { kinds, codes } = this.#tokens;
    const before = kinds[at - 1];
    if (before !== Kind.name) {
      return before === OPEN_PAREN || before === COMMA || before === Kind.ellipsis || before === CLOSE_PAREN;
    }
    return MODIFIERS.has(codes[at - 1] as number) || kinds[at - 2] === AT || kinds[at - 2] === DOT;
  }

  /** Whether what braces hold is declared for all that is around them: no body of a function or a class, no object. */
  #isBlock(open: number): boolean {
    const { kinds, codes } = this.#tokens;
    const before = open - 1;
    const kind = kinds[before];
    if (open === 0 || kind === SEMICOLON || kind === OPEN_BRACE || kind === CLOSE_BRACE || kind === COLON)
      return true;
    if (kind === CLOSE_PAREN) return this.#isHead(codes[before] as number);
    if (kind === Kind.literal) return true;
    if (kind !== Kind.name) return false;
    if (BLOCKS.has(codes[before] as number)) return true;
    let at = before - 1;
    while (kinds[at] === DOT && kinds[at - 1] === Kind.name) at -= 2;
    return kinds[at] === Kind.name && SPACES.has(codes[at] as number);
  }

  #isHead(open: number): boolean {
    const { kinds, codes } = this.#tokens;
    const before = codes[open - 1] === AWAIT ? open - 2 : open - 1;
    return kinds[before] === Kind.name && HEADS.has(codes[before] as number) && kinds[before - 1] !== DOT;
  }

  /** The end of the body of a function or a class, from what follows its name. */
  #endOfBody(from: number): number {
    const { count, kinds } = this.#tokens;
    for (let at = from; at < count; at = this.#after(at)) {
      if (kinds[at] === SEMICOLON) return at;
      if (kinds[at] !== OPEN_BRACE) continue;
      const after = this.#after(at);
      const next = kinds[after];
      const isType = next !== undefined && (GOING_ON.has(next) || this.#tokens.codes[after] === EXTENDS);
      if (!isType || after >= count) return after;
    }
    return count;
  }

  #endOfStatement(from: number): number {
    const { count, kinds, codes } = this.#tokens;
    for (let at = from; at < count; at = this.#after(at)) {
      const kind = kinds[at];
      if (kind === SEMICOLON || kind === CLOSE_PAREN || kind === CLOSE_BRACE || kind === CLOSE_BRACKET)
        return at;
      if (kind === Kind.holeEnd) return at;
      if (kind === Kind.name && STATEMENTS.has(codes[at] as number) && !isMemberAt(this.#tokens, at))
        return at;
    }
    return count;
  }

  /** The names with which something is done beyond reading elements. */
  #namesInUse(): ReadonlySet<number> {
    const { count, kinds, codes } = this.#tokens;
    const found = new Set<number>([THIS]);
    for (let at = 0; at < count; at += 1) {
      if (kinds[at] !== Kind.name || isMemberAt(this.#tokens, at) || this.#declarations.has(at)) continue;
      if (!this.#isReading(at)) found.add(codes[at] as number);
    }
    return found;
  }

  /** `of X)`, `...X`, `X.length`, `X.get(key)`, `X.map((x) => …)` */
  #isReading(at: number): boolean {
    const { kinds, codes } = this.#tokens;
    const before = kinds[at - 1];
    const after = kinds[at + 1];
    const isOperand = before === Kind.name && (codes[at - 1] === OF || codes[at - 1] === IN);
    if (isOperand && after === CLOSE_PAREN) return true;
    if (after !== DOT && after !== Kind.optional) return before === Kind.ellipsis;
    const member = codes[at + 2] as number;
    const behind = kinds[at + 3];
    if (member === LENGTH || member === SIZE) {
      return ![ASSIGN, Kind.compound, Kind.update].some((kind) => kind === behind) && before !== Kind.update;
    }
    if (behind !== OPEN_PAREN) return false;
    return (
      READING.has(member) || // What is no function expression may take the collection as its third parameter.
      (ITERATING_CODES.has(member) &&
        holdsFunction(this.#tokens, { from: at + 4, to: codes[at + 3] as number }))
    );
  }

  #after(at: number): number {
    return tokenAfter(this.#tokens, at);
  }

  #is(at: number, kind: number): boolean {
    return this.#tokens.kinds[at] === kind;
  }
}
