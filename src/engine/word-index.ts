/** The words of many texts, and the texts that each stands in. A word is a run of ASCII letters, digits, `_` and `$`. */
export class WordIndex {
  readonly #words: string[] = [];
  /** By word: two hashes, the text it was seen in last, and the entry for that. */
  #marks = new Int32Array(4 << 15);
  /** Each a text in which a word stands, and the entry of that word before it; -1 for none. */
  #entries = new Int32Array(1 << 16);
  #entryCount = 0;
  /** By a hash, one more than the number of the word; open addressing. */
  #slots = new Int32Array(1 << 16);
  #list: WordList | undefined;
  #lowerList: WordList | undefined;

  constructor(texts: readonly (string | undefined)[]) {
    for (const [number, text] of texts.entries()) if (text !== undefined) this.#add(text, number);
  }

  /** The texts in which a word stands by itself, ascending. */
  textsWith(word: string): readonly number[] {
    const { hash, other } = hashesOf(word);
    const number = (this.#slots[this.#slotOf(hash, other)] as number) - 1;
    return this.#words[number] === word ? this.#textsOf(number).reverse() : [];
  }

  /** The texts with words that hold a part; that begin or end with it, if so wanted. In no order. */
  textsWithPart(part: string, { isBeginning, isEnd, ignoreCase }: Part): readonly number[] {
    const list = ignoreCase ? this.#lower() : this.#all();
    const sought = `${isBeginning ? SEPARATOR : ''}${ignoreCase ? part.toLowerCase() : part}${isEnd ? SEPARATOR : ''}`;
    return list.wordsWith(sought).flatMap((word) => this.#textsOf(word));
  }

  /** The last one first. */
  #textsOf(word: number): number[] {
    const found: number[] = [];
    for (let entry = this.#marks[word * 4 + 3] as number; entry >= 0; ) {
      found.push(this.#entries[entry] as number);
      entry = this.#entries[entry + 1] as number;
    }
    return found;
  }

  #all(): WordList {
    this.#list ??= new WordList(this.#words);
    return this.#list;
  }

  #lower(): WordList {
    this.#lowerList ??= new WordList(this.#words.map((word) => word.toLowerCase()));
    return this.#lowerList;
  }

  #add(text: string, number: number): void {
    const { length } = text;
    for (let at = 0; at < length; at += 1) {
      if (!isPartOfWord(text.charCodeAt(at))) continue;
      const start = at;
      let hash = 0;
      let other = 0;
      for (; at < length; at += 1) {
        const character = text.charCodeAt(at);
        if (!isPartOfWord(character)) break;
        hash = (Math.imul(hash, 31) + character) | 0;
        other = Math.imul(other ^ character, 16777619);
      }
      const slot = this.#slotOf(hash, other);
      const word = (this.#slots[slot] as number) - 1;
      if (word < 0) this.#enter(text.slice(start, at), { hash, other, slot, number });
      else {
        const mark = word * 4;
        if (this.#marks[mark + 2] === number) continue;
        this.#marks[mark + 2] = number;
        this.#marks[mark + 3] = this.#note(number, this.#marks[mark + 3] as number);
      }
    }
  }

  /** Where the number of a word is, or is to be put. That two words of a program have both hashes is not to be expected. */
  #slotOf(hash: number, other: number): number {
    const mask = this.#slots.length - 1;
    let slot = spread(hash) & mask;
    for (;;) {
      const word = (this.#slots[slot] as number) - 1;
      if (word < 0 || (this.#marks[word * 4] === hash && this.#marks[word * 4 + 1] === other)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #enter(word: string, { hash, other, slot, number }: Entry): void {
    const { length } = this.#words;
    if (length * 2 >= this.#slots.length) {
      this.#grow();
      this.#enter(word, { hash, other, slot: this.#slotOf(hash, other), number });
      return;
    }
    this.#words.push(word);
    const mark = length * 4;
    this.#marks[mark] = hash;
    this.#marks[mark + 1] = other;
    this.#marks[mark + 2] = number;
    this.#marks[mark + 3] = this.#note(number, -1);
    this.#slots[slot] = length + 1;
  }

  /** A new entry. */
  #note(text: number, before: number): number {
    const entry = this.#entryCount;
    if (entry === this.#entries.length) this.#entries = doubled(this.#entries);
    this.#entries[entry] = text;
    this.#entries[entry + 1] = before;
    this.#entryCount += 2;
    return entry;
  }

  #grow(): void {
    this.#marks = doubled(this.#marks);
    const marks = this.#marks;
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (const word of this.#words.keys()) {
      const slot = this.#slotOf(marks[word * 4] as number, marks[word * 4 + 1] as number);
      this.#slots[slot] = word + 1;
    }
  }
}

interface Entry {
  readonly hash: number;
  readonly other: number;
  readonly slot: number;
  /** Of the text. */
  readonly number: number;
}

/** How a part stands in a word. */
export interface Part {
  readonly isBeginning: boolean;
  readonly isEnd: boolean;
  readonly ignoreCase: boolean;
}

const SEPARATOR = '\n';

/** Words in one text, which is gone through faster than they are one by one. */
class WordList {
  readonly #text: string;
  /** Where each word begins. */
  readonly #starts: Int32Array;

  constructor(words: readonly string[]) {
    this.#text = `${SEPARATOR}${words.join(SEPARATOR)}${SEPARATOR}`;
    this.#starts = new Int32Array(words.length);
    let start = 1;
    for (const [at, word] of words.entries()) {
      this.#starts[at] = start;
      start += word.length + 1;
    }
  }

  /** The numbers of the words that hold something; a separator stands before and behind each. */
  wordsWith(sought: string): readonly number[] {
    const found: number[] = [];
    let at = this.#text.indexOf(sought);
    while (at >= 0) {
      const word = this.#wordAt(sought.startsWith(SEPARATOR) ? at + 1 : at);
      found.push(word);
      at = this.#text.indexOf(sought, (this.#starts[word + 1] ?? this.#text.length) - 1);
    }
    return found;
  }

  #wordAt(place: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function hashesOf(word: string): { readonly hash: number; readonly other: number } {
  let hash = 0;
  let other = 0;
  for (let at = 0; at < word.length; at += 1) {
    hash = (Math.imul(hash, 31) + word.charCodeAt(at)) | 0;
    other = Math.imul(other ^ word.charCodeAt(at), 16777619);
  }
  return { hash, other };
}

/** The lower bits of a hash tell of the last characters alone. */
function spread(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
}

const IN_WORDS = new Uint8Array(128);
for (let at = 0; at < 128; at += 1) IN_WORDS[at] = /[\w$]/.test(String.fromCharCode(at)) ? 1 : 0;

function isPartOfWord(character: number): boolean {
  return character < 128 && IN_WORDS[character] === 1;
}
