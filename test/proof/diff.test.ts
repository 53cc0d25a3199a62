import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Edit } from '../../src/engine/proof.ts';
import { unifiedDiff } from '../../src/proof/diff.ts';
import { applyEdits } from '../../src/proof/edits.ts';
import { tempDir, writeFiles } from '../support/temp-dir.ts';

function edit(start: number, end: number, text: string): Edit {
  return { file: '/p/a.ts', start, end, text };
}

const diff = (before: string, edits: readonly Edit[]): string =>
  unifiedDiff(edits, { text: () => before, name: (file) => file.slice(3) });

describe('unifiedDiff', () => {
  it('shows what is replaced, with a line around it', () => {
    expect(diff('one\ntwo\nthree\nfour\n', [edit(4, 7, '2')])).toBe(
      '--- a/a.ts\n+++ b/a.ts\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n',
    );
  });

  it('shows no line after the last', () => {
    expect(diff('one\n', [edit(0, 3, 'two')])).toBe('--- a/a.ts\n+++ b/a.ts\n@@ -1,1 +1,1 @@\n-one\n+two\n');
  });

  it('shows what comes behind the last line', () => {
    expect(diff('one\n', [edit(4, 4, 'two\n')])).toBe(
      '--- a/a.ts\n+++ b/a.ts\n@@ -1,1 +1,2 @@\n one\n+two\n',
    );
  });

  it('says where a file does not end with the end of a line', () => {
    expect(diff('one', [edit(3, 3, '!')])).toBe(
      '--- a/a.ts\n+++ b/a.ts\n@@ -1,1 +1,1 @@\n-one\n\\ No newline at end of file\n+one!\n\\ No newline at end of file\n',
    );
  });

  it('shows places far from each other apart, and near ones together', () => {
    const text = 'a\nb\nc\nd\ne\nf\n';
    expect(diff(text, [edit(0, 1, 'A'), edit(4, 5, 'C')])).toBe(
      '--- a/a.ts\n+++ b/a.ts\n@@ -1,4 +1,4 @@\n-a\n-b\n-c\n+A\n+b\n+C\n d\n',
    );
    expect(diff(text, [edit(0, 1, 'A'), edit(8, 9, 'E')])).toBe(
      '--- a/a.ts\n+++ b/a.ts\n@@ -1,2 +1,2 @@\n-a\n+A\n b\n@@ -4,3 +4,3 @@\n d\n-e\n+E\n f\n',
    );
  });

  it('shows each file', () => {
    const edits = [edit(0, 1, 'A'), { ...edit(0, 1, 'B'), file: '/p/b.ts' }];
    expect(diff('x\n', edits)).toBe(
      '--- a/a.ts\n+++ b/a.ts\n@@ -1,1 +1,1 @@\n-x\n+A\n\n--- a/b.ts\n+++ b/b.ts\n@@ -1,1 +1,1 @@\n-x\n+B\n',
    );
  });

  it('is a patch that makes the change', () => {
    const dir = tempDir();
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 1, maxLength: 40 });
    const changes = texts.chain((text) =>
      fc.record({
        text: fc.constant(text),
        edits: fc
          .uniqueArray(fc.nat(text.length), { minLength: 2, maxLength: 6 })
          .map((at) => at.sort((a, b) => a - b))
          .map((at) =>
            at.flatMap((start, index) => (index % 2 ? [] : [edit(start, at[index + 1] ?? start, 'X\nY')])),
          ),
      }),
    );
    fc.assert(
      fc.property(changes, ({ text, edits }) => {
        writeFiles(dir, { 'a.ts': text, patch: diff(text, edits) });
        execFileSync('git', ['apply', '--unidiff-zero', 'patch'], { cwd: dir, stdio: 'pipe' });
        const [after] = applyEdits(edits, () => text).values();
        expect(readFileSync(path.join(dir, 'a.ts'), 'utf8')).toBe(after);
      }),
      { numRuns: 60 },
    );
  });
});
