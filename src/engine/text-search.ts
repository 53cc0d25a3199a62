import { type Part, WordIndex } from './word-index.ts';

/** What is looked for in texts. */
export interface Search {
  readonly words: readonly string[];
  /** Any part of the text; in upper or lower case; or a name as a whole, for those words that are names. */
  readonly match: 'part' | 'anyCase' | 'whole';
}

/** To make an index of so few texts takes longer than to go through them. */
const FEW_TEXTS = 16;

/** Many texts that are searched again and again: an index of their words rules out most of them. */
export class TextSearch {
  readonly #texts: readonly (string | undefined)[];
  #index: WordIndex | undefined;
  /** By a part of a word and how it stands there: lists of words to look for share many. */
  readonly #withPart = new Map<string, readonly number[]>();

  constructor(texts: readonly (string | undefined)[]) {
    this.#texts = texts;
  }

  /** The places, in the list, of the texts that hold one of the words. */
  find(search: Search): ReadonlySet<number> {
    const found = new Set<number>();
    const test = testFor(search);
    const addIfThere = (at: number): void => {
      const text = this.#texts[at];
      if (text !== undefined && !found.has(at) && test(text)) found.add(at);
    };
    if (this.#texts.length <= FEW_TEXTS) {
      for (const at of this.#texts.keys()) addIfThere(at);
      return found;
    }
    this.#index ??= new WordIndex(this.#texts);
    const unsure = new Set<number>();
    for (const word of search.words) {
      const isKnown = isWord(word);
      for (const at of this.#candidates(word, search.match, this.#index)) {
        // To look for one string after another takes a fraction of what one pattern of them all does.
        const isFound = isKnown || (search.match === 'part' && this.#texts[at]?.includes(word) === true);
        if (isFound) found.add(at);
        else if (search.match !== 'part') unsure.add(at);
      }
    }
    for (const at of unsure) addIfThere(at);
    return found;
  }

  /** The texts that a word may stand in, by the runs of letters in it; for a word that is one run, those that it does stand in. */
  #candidates(word: string, match: Search['match'], index: WordIndex): Iterable<number> {
    const ignoreCase = match === 'anyCase';
    const isWhole = match === 'whole' && isName(word);
    const runs = [...word.matchAll(/[\w$]+/g)].map(({ 0: run, index: start }) => ({
      run,
      isBeginning: isWhole || start > 0,
      isEnd: isWhole || start + run.length < word.length,
      ignoreCase,
    }));
    // What has no letters may stand anywhere.
    if (runs.length === 0) return this.#texts.keys();
    return inAll(runs.sort((a, b) => b.run.length - a.run.length).map((run) => this.#textsWith(run, index)));
  }

  #textsWith({ run, ...part }: Part & { readonly run: string }, index: WordIndex): readonly number[] {
    if (part.isBeginning && part.isEnd && !part.ignoreCase) return index.textsWith(run);
    const key = `${part.isBeginning} ${part.isEnd} ${part.ignoreCase} ${run}`;
    let texts = this.#withPart.get(key);
    if (!texts) {
      texts = index.textsWithPart(run, part);
      this.#withPart.set(key, texts);
    }
    return texts;
  }
}

/** What is on every list. */
function inAll([first = [], ...others]: readonly (readonly number[])[]): readonly number[] {
  const sets = others.map((list) => new Set(list));
  return first.filter((one) => sets.every((set) => set.has(one)));
}

function testFor({ words, match }: Search): (text: string) => boolean {
  const parts = words.map((word) =>
    match === 'whole' && isName(word) ? `(?<![\\w$])${escapeRegExp(word)}(?![\\w$])` : escapeRegExp(word),
  );
  const pattern = new RegExp(parts.join('|'), match === 'anyCase' ? 'i' : '');
  return (text) => pattern.test(text);
}

/** Whether the index knows all about a word. */
function isWord(word: string): boolean {
  return /^[\w$]+$/.test(word);
}

/** Of a variable, a member or a private field. Other alphabets are looked for as parts of the text. */
function isName(word: string): boolean {
  return /^#?[\w$]+$/.test(word);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
