import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { type Search, TextSearch } from './text-search.ts';

/** Why a file could not be read. */
export interface ReadProblem {
  readonly file: string;
  readonly reason: 'missing' | 'unreadable' | 'binary';
  readonly detail: string;
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
  readonly #searches = new WeakMap<readonly string[], TextSearch>();

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
    let texts = this.#searches.get(files);
    if (!texts) {
      texts = new TextSearch(files.map((file) => this.read(file)));
      this.#searches.set(files, texts);
    }
    const found = texts.find(search);
    return files.filter((_, at) => found.has(at));
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
