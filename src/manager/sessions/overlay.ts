import { createHash } from 'node:crypto';

/** How a file of a session differs from the base commit. */
export type ChangeType = 'added' | 'modified' | 'deleted';

/** A file as the session has it. */
export interface OverlayFile {
  readonly path: string;
  /** Empty for a deleted file. */
  readonly content: Uint8Array;
  /** SHA-256 of `content`, in hex. */
  readonly hash: string;
  readonly change: ChangeType;
  /** SHA-256 of the file in the base commit, if whoever changed it said so. */
  readonly baseHash: string | undefined;
}

/** The SHA-256 of `content`, in hex. */
export function contentHash(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Makes an {@link OverlayFile}. A deleted file has no content. */
export function overlayFile(
  path: string,
  change: ChangeType,
  content: Uint8Array,
  baseHash?: string,
): OverlayFile {
  // A copy: the caller may go on with its buffer.
  const kept = change === 'deleted' ? new Uint8Array() : Uint8Array.from(content);
  return { path, content: kept, hash: contentHash(kept), change, baseHash };
}

/**
 * The files of a session that differ from its base commit, in memory. The database has the same and is written
 * first, by the owner of this.
 */
export class Overlay {
  readonly #files = new Map<string, OverlayFile>();
  #totalBytes = 0;

  /** @param files - What the database has. */
  constructor(files: Iterable<OverlayFile> = []) {
    for (const file of files) this.set(file);
  }

  /** The number of files that differ. */
  get size(): number {
    return this.#files.size;
  }

  /** The size of all contents together. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Whether the session differs at `path`. */
  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** The file at `path`, if the session differs there. */
  get(path: string): OverlayFile | undefined {
    return this.#files.get(path);
  }

  /** What differs, by path. */
  list(): OverlayFile[] {
    return [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Puts `file` in the place of what was at its path. */
  set(file: OverlayFile): void {
    this.delete(file.path);
    this.#files.set(file.path, file);
    this.#totalBytes += file.content.byteLength;
  }

  /** Returns to the base commit at `path`. */
  delete(path: string): void {
    this.#totalBytes -= this.#files.get(path)?.content.byteLength ?? 0;
    this.#files.delete(path);
  }
}
