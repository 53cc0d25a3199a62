import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

const SEARCHES_BEFORE_NAMES = 16;
/** So few words are found sooner one by one. */
const FEW_WORDS = 3;
/** A pattern of more names takes longer than to look at each name of a text. */
const NAMES_IN_A_PATTERN = 12;

/** Shorter runs of letters stand in the names of most texts. */
const TELLING_LENGTH = 6;

/** Why a file could not be read. */
export interface ReadProblem {
  readonly file: string;
  readonly reason: 'missing' | 'unreadable' | 'binary';
  readonly detail: string;
}

/** What is looked for in texts. */
export interface Search {
  readonly words: readonly string[];
  /** Any part of the text; in upper or lower case; or a name as a whole, for those words that are names. */
  readonly match: 'part' | 'anyCase' | 'whole';
}

/**
 * The texts of a run: the overlay first, then the disk, each file read once. What was read, and what could not
 * be, is on record.
 */
export class SourceTexts {
  readonly problems: ReadProblem[] = [];
  readonly #overlay: ReadonlyMap<string, string | null> | undefined;
  /** What holds for all files that the overlay does not name. */
  readonly #base: SourceTexts | undefined;
  readonly #texts = new Map<string, string | undefined>();
  readonly #listed = new WeakMap<readonly string[], ListedTexts>();

  constructor(overlay?: ReadonlyMap<string, string | null>, base?: SourceTexts) {
    this.#overlay = overlay;
    this.#base = base;
  }

  /** Text without a byte order mark, or undefined when there is none to be had. */
  read(file: string): string | undefined {
    if (this.#base && !this.#overlay?.has(file)) return this.#base.read(file);
    if (!this.#texts.has(file)) this.#texts.set(file, this.#load(file));
    return this.#texts.get(file);
  }

  filesWith(files: readonly string[], search: Search): string[] {
    if (search.words.length === 0) return [];
    let listed = this.#listed.get(files);
    if (!listed) {
      listed = new ListedTexts(files.map((file) => this.read(file)));
      this.#listed.set(files, listed);
    }
    const isIn = listed.search(search);
    return files.filter((_, at) => isIn(at));
  }

  #load(file: string): string | undefined {
    const overlaid = this.#overlay?.get(file);
    if (overlaid !== undefined) return overlaid === null ? undefined : stripByteOrderMark(overlaid);
    let text: string;
    try {
      text = readPlainFile(file);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.problems.push({ file, reason: code === 'ENOENT' ? 'missing' : 'unreadable', detail: message });
      return undefined;
    }
    // Source text holds no NUL. A file that does is an image or a video stream (`.ts` is also MPEG's ending).
    if (text.includes('\0')) {
      this.problems.push({ file, reason: 'binary', detail: 'it holds NUL bytes' });
      return undefined;
    }
    return text;
  }
}

/** The texts of a list of files, by their places in the list. */
class ListedTexts {
  readonly #texts: readonly (string | undefined)[];
  /** The names in each text, each once: a tenth of it to search. Worth making only for who searches often. */
  readonly #names: (string | undefined)[] = [];
  #searches = 0;

  constructor(texts: readonly (string | undefined)[]) {
    this.#texts = texts;
  }

  /** Whether something that is looked for stands in the text at a place. */
  search({ words, match }: Search): (at: number) => boolean {
    if (match === 'whole' && words.length > NAMES_IN_A_PATTERN && words.every(isName)) {
      const wanted = new Set(words.map((word) => word.replace('#', '')));
      return (at) =>
        this.#namesAt(at)
          ?.split(' ')
          .some((name) => wanted.has(name)) ?? false;
    }
    const parts = words.map((word) =>
      match === 'whole' && isName(word) ? `(?<![\\w$])${escapeRegExp(word)}(?![\\w$])` : escapeRegExp(word),
    );
    const pattern = new RegExp(parts.join('|'), match === 'anyCase' ? 'i' : '');
    const isFew = words.length <= FEW_WORDS && match !== 'anyCase';
    const isIn = (text: string): boolean => {
      if (!isFew) return pattern.test(text);
      return words.some((word) => text.includes(word)) && (match === 'part' || pattern.test(text));
    };
    const isInText = (at: number): boolean => {
      const text = this.#texts[at];
      return text !== undefined && isIn(text);
    };
    if (++this.#searches <= SEARCHES_BEFORE_NAMES) return isInText;
    // What is made of the characters of names stands in a text exactly if it stands in a name there.
    if (words.every((word) => /^[\w$]+$/.test(word))) {
      return (at) => {
        const names = this.#namesAt(at);
        return names !== undefined && isIn(names);
      };
    }
    const runs = words.map((word) => longest(word.match(/[\w$]+/g) ?? []));
    if (!isFew || runs.some((run) => run.length < TELLING_LENGTH)) return isInText;
    return (at) => runs.some((run) => this.#namesAt(at)?.includes(run)) && isInText(at);
  }

  #namesAt(at: number): string | undefined {
    const text = this.#texts[at];
    if (text === undefined) return undefined;
    const known = this.#names[at];
    if (known !== undefined) return known;
    const joined = [...new Set(text.match(/[\w$]+/g))].join(' ');
    this.#names[at] = joined;
    return joined;
  }
}

function longest(words: readonly string[]): string {
  return words.reduce((found, word) => (word.length > found.length ? word : found), '');
}

/**
 * The text of a file on disk, without a byte order mark. A pipe or a device has no end, and even to open a pipe may
 * take for ever.
 *
 * @throws when there is no such file, it cannot be read, or is something else than a file
 */
export function readPlainFile(file: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('it is not a file');
    // Node reads UTF-8 in one go, in half of the time that bytes and decoding take.
    const text = readFileSync(descriptor, 'utf8');
    // The byte order mark of UTF-16, read as UTF-8.
    return text.startsWith('\uFFFD\uFFFD') ? decode(readFileSync(file)) : stripByteOrderMark(text);
  } finally {
    closeSync(descriptor);
  }
}

function decode(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    return Buffer.from(bytes.subarray(2, bytes.length & ~1))
      .swap16()
      .toString('utf16le');
  }
  return stripByteOrderMark(bytes.toString('utf8'));
}

function stripByteOrderMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** Of a variable, a member or a private field. Other alphabets are looked for as parts of the text. */
function isName(word: string): boolean {
  return /^#?[\w$]+$/.test(word);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
