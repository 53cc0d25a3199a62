import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Search } from '../../src/engine/text-search.ts';
import { SourceTexts } from '../../src/engine/texts.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('the texts of a run', () => {
  it('are read once, so that a file that changes meanwhile is one text to all', () => {
    const file = path.join(tempDir({ 'a.ts': 'first' }), 'a.ts');
    const texts = new SourceTexts();
    expect(texts.read(file)).toBe('first');
    writeFileSync(file, 'second');
    expect(texts.read(file)).toBe('first');
  });

  it('come from the overlay first', () => {
    const dir = tempDir({ 'a.ts': 'disk', 'b.ts': 'disk' });
    const [a, b, c] = ['a.ts', 'b.ts', 'c.ts'].map((file) => path.join(dir, file)) as [
      string,
      string,
      string,
    ];
    const overlay = new Map([
      [a, 'overlay'],
      [b, null],
      [c, '\uFEFFoverlay'],
    ]);
    const texts = new SourceTexts(overlay);
    expect([a, b, c].map((file) => texts.read(file))).toEqual(['overlay', undefined, 'overlay']);
    expect(texts.problems).toEqual([]);
  });

  it.each<[string, Buffer, string]>([
    ['UTF-8', Buffer.from('const ü = 1;'), 'const ü = 1;'],
    ['UTF-8 with a byte order mark', Buffer.from('\uFEFFconst ü = 1;'), 'const ü = 1;'],
    ['UTF-16', Buffer.from('\uFEFFconst ü = 1;', 'utf16le'), 'const ü = 1;'],
    ['UTF-16, the high byte first', Buffer.from('\uFEFFconst ü = 1;', 'utf16le').swap16(), 'const ü = 1;'],
    ['nothing', Buffer.from(''), ''],
  ])('are decoded: %s', (_, bytes, expected) => {
    const file = path.join(tempDir(), 'a.ts');
    writeFileSync(file, bytes);
    expect(new SourceTexts().read(file)).toBe(expected);
  });

  it('keep line ends as they are', () => {
    const dir = tempDir({ 'a.ts': 'a\r\nb\rc\n' });
    expect(new SourceTexts().read(path.join(dir, 'a.ts'))).toBe('a\r\nb\rc\n');
  });

  it('keep a file that vanished after it was listed on record, once', () => {
    const dir = tempDir({ 'a.ts': '' });
    const file = path.join(dir, 'a.ts');
    rmSync(file);
    const texts = new SourceTexts();
    expect([texts.read(file), texts.read(file)]).toEqual([undefined, undefined]);
    expect(texts.problems).toEqual([
      { file, reason: 'missing', detail: `ENOENT: no such file or directory, open '${file}'` },
    ]);
  });

  it('keep what is no file on record', () => {
    const dir = tempDir();
    const texts = new SourceTexts();
    expect(texts.read(dir)).toBeUndefined();
    expect(texts.problems).toEqual([{ file: dir, reason: 'unreadable', detail: 'it is not a file' }]);
  });

  it('do not wait for the end of a pipe', () => {
    const pipe = path.join(tempDir(), 'a.ts');
    execFileSync('mkfifo', [pipe]);
    const texts = new SourceTexts();
    expect(texts.read(pipe)).toBeUndefined();
    expect(texts.problems).toEqual([{ file: pipe, reason: 'unreadable', detail: 'it is not a file' }]);
  });

  it('keep a video with the ending .ts on record', () => {
    const file = path.join(tempDir(), 'a.ts');
    writeFileSync(file, Buffer.from([0x47, 0x40, 0x00, 0x10, 0x00]));
    const texts = new SourceTexts();
    expect(texts.read(file)).toBeUndefined();
    expect(texts.problems).toEqual([{ file, reason: 'binary', detail: 'it holds NUL bytes' }]);
  });
});

describe('the search for words', () => {
  function search(words: readonly string[], match: Search['match'] = 'part'): string[] {
    const dir = tempDir({ 'a.ts': 'a.acquire();', 'b.ts': 'INSERT INTO t', 'c.ts': 'x.*y', 'd.ts': '' });
    const files = ['a.ts', 'b.ts', 'c.ts', 'd.ts', 'gone.ts'].map((file) => path.join(dir, file));
    return new SourceTexts().filesWith(files, { words, match }).map((file) => path.basename(file));
  }

  it.each<[readonly string[], readonly string[]]>([
    [['acquire'], ['a.ts']],
    [
      ['acquire', 'INSERT'],
      ['a.ts', 'b.ts'],
    ],
    [['insert'], []],
    [[], []],
    [['.*'], ['c.ts']],
  ])('finds the files with any of %j', (words, expected) => {
    expect(search(words)).toEqual(expected);
  });

  it('finds the same however often it is asked, when it searches the names of the texts instead', () => {
    const dir = tempDir({ 'a.ts': 'a.acquireAll($x, é_1)', 'b.ts': 'acquire', 'c.ts': '// x', 'd.ts': '+' });
    const files = ['a.ts', 'b.ts', 'c.ts', 'd.ts', 'gone.ts'].map((file) => path.join(dir, file));
    const searches: readonly (readonly string[])[] = [
      ['acquire'],
      ['$x'],
      ['x'],
      ['_1'],
      ['All', 'zzz'],
      ['.a'],
    ];
    const first = new SourceTexts();
    const often = new SourceTexts();
    for (let i = 0; i < 50; i++) often.filesWith(files, { words: ['acquire'], match: 'part' });
    const found = (texts: SourceTexts, match: Search['match'] = 'part') =>
      searches.map((words) => texts.filesWith(files, { words, match }).length);
    expect(found(first)).toEqual([2, 1, 2, 1, 1, 1]);
    expect(found(often)).toEqual(found(first));
    expect(found(first, 'whole')).toEqual([1, 1, 1, 1, 0, 1]);
    expect(found(often, 'whole')).toEqual(found(first, 'whole'));
  });

  it('takes upper and lower case for the same when asked to', () => {
    expect(search(['insert into'], 'anyCase')).toEqual(['b.ts']);
  });
  it('finds names as a whole, and what is no name anywhere', () => {
    expect(search(['acquire'], 'whole')).toEqual(['a.ts']);
    expect(search(['acq', 'SERT', 'i'], 'whole')).toEqual([]);
    expect(search(['.acq'], 'whole')).toEqual(['a.ts']);
  });
});
