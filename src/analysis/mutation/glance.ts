import {
  ASSIGN,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  CLOSE_PAREN,
  COMMA,
  DOT,
  EXCLAMATION,
  GREATER,
  isClosing,
  isMemberAt,
  isOpening,
  Kind,
  LESS,
  nameCode,
  OPEN_BRACE,
  OPEN_PAREN,
  SEMICOLON,
  type Tokens,
  tokenAfter,
  tokensOf,
} from '../../syntax/tokens.ts';
import { holdsFunction, ITERATING_CODES, Names, type Stretch } from './glance-names.ts';

/** What the tokens of a text tell of the walks in it. */
export interface Glance {
  /** The stretches of text that name what is walked. */
  readonly walks: readonly { readonly start: number; readonly end: number }[];
  /** Whether a body may have to do with what it walks: wherever the tree would say so, and in some more places. */
  readonly mayChange: boolean;
}

/**
 * Looks for walks whose bodies have to do with what they walk, without a parser: most files have none.
 *
 * @returns undefined where only a parser can tell
 */
export function glanceAt(file: string, text: string): Glance | undefined {
  // In all other files, `<` may begin an element.
  const tokens = /\.[cm]?ts$/i.test(file) ? tokensOf(text) : undefined;
  if (!tokens) return undefined;
  const walks = new Walks(tokens).found;
  let names: Names | undefined;
  const mayChange = walks.some((walk) => {
    if (!walk.doesAnything) return false;
    names ??= new Names(tokens);
    return walk.isByHand || mayMeet(walk, names);
  });
  const { starts, ends } = tokens;
  return {
    walks: walks.map(({ collection: { from, to } }) => ({
      start: starts[from] as number,
      end: ends[to - 1] as number,
    })),
    mayChange,
  };
}

function mayMeet({ collection, body, counters }: Walk, names: Names): boolean {
  if (names.isConstant(collection)) return false;
  const walked = names.reachedFrom(collection);
  const isMeasured = (): boolean =>
    names.measures(collection) || [...walked].some((name) => names.isMeasured(name));
  if (counters && !isMeasured()) return false;
  const isWalked = (name: number): boolean => walked.has(name) && !counters?.has(name);
  return [...walked].some((name) => names.isOfModule(name)) || names.leadsTo(body, isWalked);
}

interface Walk {
  readonly collection: Stretch;
  readonly body: Stretch;
  /** There is a call in the body, or a property is given a value. */
  readonly doesAnything: boolean;
  /** By an iterator that is asked for its next element, or by a callback that is handed the collection. */
  readonly isByHand: boolean;
  /** Of a walk by index: the names that the head of the loop declares to count with. */
  readonly counters?: ReadonlySet<number> | undefined;
}

interface WalkParts extends Pick<Walk, 'collection' | 'body' | 'counters'> {
  /** The whole of it. */
  readonly node: Stretch;
}

const FOR = nameCode('for');
const WHILE = nameCode('while');
const DO = nameCode('do');
const AWAIT = nameCode('await');
const OF = nameCode('of');
const IN = nameCode('in');
const NEXT = nameCode('next');
const DELETE = nameCode('delete');
const RETURN = nameCode('return');
/** Words before parentheses that are no calls. */
const HEADS: ReadonlySet<number> = new Set(
  ['for', 'if', 'while', 'switch', 'catch', 'function', 'await', 'return', 'typeof', 'in'].map(nameCode),
);

/** What may stand between a method and the parentheses of its call. */
const CALLING: ReadonlySet<number> = new Set([OPEN_PAREN, LESS, EXCLAMATION, Kind.optional]);

class Walks {
  readonly found: Walk[] = [];
  readonly #tokens: Tokens;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
    const { count, kinds, codes } = tokens;
    for (let at = 0; at < count; at += 1) {
      if (kinds[at] !== Kind.name) continue;
      const word = codes[at] as number;
      if (isMemberAt(tokens, at)) {
        if (ITERATING_CODES.has(word)) this.#callback(at);
      } else if (word === FOR) this.#for(at);
      else if (word === WHILE) this.#while(at);
      else if (word === DO) this.#do(at);
    }
  }

  #for(keyword: number): void {
    const { kinds, codes } = this.#tokens;
    const open = codes[keyword + 1] === AWAIT && kinds[keyword + 1] === Kind.name ? keyword + 2 : keyword + 1;
    if (kinds[open] !== OPEN_PAREN) return;
    const close = codes[open] as number;
    const body = { from: close + 1, to: this.#endOfStatement(close + 1) };
    let semicolon = 0;
    let word = 0;
    for (let at = open + 1; at < close; at = this.#after(at)) {
      if (kinds[at] === SEMICOLON) semicolon ||= at;
      // The first word of a head is none of these, whatever it is called.
      const isWord = kinds[at] === Kind.name && at > open + 1 && (codes[at] === OF || codes[at] === IN);
      if (isWord && kinds[at - 1] !== DOT) word ||= at;
    }
    const head = { from: open + 1, to: close };
    const node = { from: keyword, to: body.to };
    if (semicolon > 0) {
      this.#byIndex({ node, collection: head, body, counters: this.#counters(open + 1, semicolon) });
    } else if (word > 0) this.#add({ node, collection: { from: word + 1, to: close }, body });
  }

  /** `i` of `let i = 0` */
  #counters(from: number, to: number): ReadonlySet<number> {
    const { kinds, codes } = this.#tokens;
    const found = new Set<number>();
    for (let at = from; at < to; at += 1) {
      const isNumber = kinds[at + 1] === ASSIGN && kinds[at + 2] === Kind.literal;
      if (kinds[at] === Kind.name && isNumber) found.add(codes[at] as number);
    }
    return found;
  }

  #while(keyword: number): void {
    const { kinds, codes } = this.#tokens;
    if (kinds[keyword + 1] !== OPEN_PAREN) return;
    const close = codes[keyword + 1] as number;
    const body = { from: close + 1, to: this.#endOfStatement(close + 1) };
    const node = { from: keyword, to: body.to };
    this.#byIndex({ node, collection: { from: keyword + 2, to: close }, body, counters: new Set() });
  }

  /** `i < list.length`, or by an iterator. */
  #byIndex(walk: WalkParts): void {
    if (this.#compares(walk.collection) || this.#asksForNext(walk.node)) this.#add(walk);
  }

  /** Whether a variable is compared with something. */
  #compares({ from, to }: Stretch): boolean {
    const { kinds } = this.#tokens;
    for (let at = from; at < to; at += 1) {
      const kind = kinds[at];
      const isVariable =
        kinds[at - 1] === CLOSE_PAREN || (kinds[at - 1] === Kind.name && kinds[at - 2] !== DOT);
      if ((kind === LESS || kind === Kind.comparison) && isVariable) return true;
      const after = kinds[at + 1];
      if (kind === GREATER && (after === Kind.name || after === OPEN_PAREN)) return true;
    }
    return false;
  }

  /** Walks by an iterator, if at all. */
  #do(keyword: number): void {
    const body = { from: keyword + 1, to: this.#endOfStatement(keyword + 1) };
    if (this.#asksForNext(body)) this.#add({ node: body, collection: body, body });
  }

  /** `xs.forEach((x) => …)` */
  #callback(method: number): void {
    const { kinds, codes } = this.#tokens;
    const open = kinds[method + 1] === LESS ? this.#afterTypes(method + 1) : method + 1;
    if (kinds[open] !== OPEN_PAREN) return;
    const body = { from: open + 1, to: codes[open] as number };
    if (!holdsFunction(this.#tokens, body)) return;
    const collection = { from: this.#beginOf(method - 1), to: method - 1 };
    this.#add({ node: body, collection, body }, this.#takesThree(body));
  }

  /** The parentheses behind type arguments. */
  #afterTypes(from: number): number {
    const { count, kinds } = this.#tokens;
    let at = from;
    while (at < count && kinds[at] !== OPEN_PAREN) at = this.#after(at);
    return at;
  }

  /** Whether a callback has a third parameter, in which it is handed the collection. */
  #takesThree({ from, to }: Stretch): boolean {
    const { kinds } = this.#tokens;
    let at = from;
    while (at < to && kinds[at] !== OPEN_PAREN && kinds[at] !== Kind.arrow) at += 1;
    if (kinds[at] !== OPEN_PAREN) return false;
    // The callback itself may stand in parentheses.
    if (kinds[at + 1] === OPEN_PAREN) return this.#takesThree({ from: at + 1, to });
    const close = this.#tokens.codes[at] as number;
    let commas = 0;
    for (at += 1; at < close; at = this.#after(at)) if (kinds[at] === COMMA) commas += 1;
    return commas >= 2;
  }

  /** Where the expression before a token begins, or sooner. */
  #beginOf(end: number): number {
    const { kinds, codes } = this.#tokens;
    let types = 0;
    for (let at = end - 1; at >= 0; at -= 1) {
      const kind = kinds[at];
      if (isClosing(kind)) {
        at = codes[at] as number;
      } else if (kind === GREATER) types += 1;
      else if (kind === LESS) types -= 1;
      else {
        const isReturn = kind === Kind.name && codes[at] === RETURN;
        const isBetween = kind === SEMICOLON || kind === ASSIGN || kind === Kind.arrow;
        if (isReturn || isOpening(kind) || isBetween || (kind === COMMA && types <= 0)) return at + 1;
      }
    }
    return 0;
  }

  #add({ node, ...walk }: WalkParts, isHandedItself = false): void {
    this.found.push({
      ...walk,
      doesAnything: this.#doesAnything(walk.body),
      isByHand: isHandedItself || this.#asksForNext(node),
    });
  }

  #asksForNext({ from, to }: Stretch): boolean {
    const { kinds, codes } = this.#tokens;
    for (let at = from + 1; at < to; at += 1) {
      if (codes[at] === NEXT && isMemberAt(this.#tokens, at) && CALLING.has(kinds[at + 1] as number)) {
        return true;
      }
    }
    return false;
  }

  #doesAnything({ from, to }: Stretch): boolean {
    const { kinds, codes } = this.#tokens;
    for (let at = from; at < to; at += 1) {
      const kind = kinds[at];
      const before = kinds[at - 1];
      if (kind === OPEN_PAREN) {
        if (before === Kind.name && !HEADS.has(codes[at - 1] as number)) return true;
        if (before === Kind.name && kinds[at - 2] === DOT) return true;
        if (before === CLOSE_PAREN || before === CLOSE_BRACKET || before === CLOSE_BRACE) return true;
        if (before === GREATER || before === Kind.optional || before === EXCLAMATION) return true;
      } else if (kind === ASSIGN || kind === Kind.compound) {
        if (before === CLOSE_BRACKET || before === CLOSE_BRACE || kinds[at - 2] === DOT) return true;
        if (before === EXCLAMATION || before === CLOSE_PAREN) return true;
      } else if (kind === Kind.update) return true;
      else if (kind === Kind.name && codes[at] === DELETE) return true;
    }
    return false;
  }

  /** The end of the body of a loop, or a place behind it. */
  #endOfStatement(from: number): number {
    const { count, kinds } = this.#tokens;
    if (kinds[from] === OPEN_BRACE) return this.#after(from);
    for (let at = from; at < count; at = this.#after(at)) {
      const kind = kinds[at];
      if (kind === CLOSE_PAREN || kind === CLOSE_BRACE || kind === CLOSE_BRACKET) return at;
      if (kind === SEMICOLON) return at + 1;
    }
    return count;
  }

  #after(at: number): number {
    return tokenAfter(this.#tokens, at);
  }
}
