import { describe, expect, test } from 'vitest';
import { LOCKS_FILE, messages, runRule, steps } from './run.ts';

const SHELF = `import { Mutex } from './locks.ts';
export class Shelf {
  readonly mu = new Mutex();
  /** @guardedBy mu */
  readonly books: string[] = [];
  async add(book: string): Promise<void> {
    await this.mu.runExclusive(async () => this.#put(book));
  }
  async sort(): Promise<void> {
    this.#put('last');
  }
  #put(book: string): void {
    this.books.push(book);
  }
}
`;

describe('guarded-by', () => {
  test('tells the annotation, and the calls that come without the lock', async () => {
    const { report } = await runRule('guarded-by', { 'locks.ts': LOCKS_FILE, 'shelf.ts': SHELF });
    expect(report.findings.map((finding) => [finding.message, finding.help, steps(finding)])).toEqual([
      [
        'reads Shelf.books without holding Shelf.mu',
        'read it while holding Shelf.mu, or tag the function `@requiresLock mu` if all its callers hold it',
        ['shelf.ts:4 Shelf.books: @guardedBy mu', 'shelf.ts:10 calls Shelf.#put'],
      ],
    ]);
  });

  test('sees what other files do that know of no lock', async () => {
    const reader = `import type { Shelf } from './shelf.ts';
export const count = (shelf: Shelf): number => shelf.books.length;
export const titles = (shelf: { books: string[] }): number => shelf.books.length;
`;
    const shelf = SHELF.replace("    this.#put('last');\n", '');
    const { report } = await runRule('guarded-by', {
      'locks.ts': LOCKS_FILE,
      'shelf.ts': shelf,
      'reader.ts': reader,
    });
    expect(report.findings.map(({ file, line, messageId }) => [file, line, messageId])).toEqual([
      ['reader.ts', 2, 'unguardedRead'],
    ]);
  });

  test('lists a place where it cannot tell whose lock is held, and reports nothing', async () => {
    const source = `import { Mutex } from './locks.ts';
export class Cell {
  readonly mu = new Mutex();
  /** @guardedBy mu */
  value = 0;
}
declare function either(): Cell;
export async function set(cell: Cell): Promise<void> {
  await either().mu.runExclusive(async () => {
    either().value = 1;
  });
}
`;
    const { report } = await runRule('guarded-by', { 'locks.ts': LOCKS_FILE, 'cell.ts': source });
    expect(report.findings).toEqual([]);
    expect(report.unresolved.map(({ line, message }) => [line, message])).toContainEqual([
      10,
      'whether mu is held at this write of value',
    ]);
  });

  test('tells at the annotation that its lock does not exist, with what it may have meant', async () => {
    const source = SHELF.replace('@guardedBy mu', '@guardedBy mutex').replace("this.#put('last')", 'return');
    const result = await runRule('guarded-by', { 'locks.ts': LOCKS_FILE, 'shelf.ts': source });
    const [finding] = result.report.findings;
    expect(messages(result)).toEqual([
      'unknownName: @guardedBy of Shelf.books names mutex, which does not exist',
    ]);
    expect([finding?.file, finding?.line, finding?.help]).toEqual([
      'shelf.ts',
      4,
      'correct the name, or remove the entry; did you mean Shelf.mu?',
    ]);
  });
});
