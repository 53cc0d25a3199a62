import type { Span } from '../engine/finding.ts';
import type { Edit, Mutant } from '../engine/proof.ts';
import { applied } from './nodes.ts';

/**
 * The texts after a change, by file.
 *
 * @throws {Error} when two edits of one file overlap
 */
export function applyEdits(
  edits: readonly Edit[],
  read: (file: string) => string | undefined,
): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [file, own] of byFile(edits)) {
    const before = read(file);
    if (before === undefined) throw new Error(`there is no text of ${file} to change`);
    texts.set(file, applied(before, own));
  }
  return texts;
}

/** Where a stretch of the text before a change lies after it: what edits touch of it is replaced by what they put there. */
export function spanAfter(span: Span, edits: readonly Edit[]): Span {
  let start = span.start;
  let end = span.end;
  for (const edit of byFile(edits).get(span.file) ?? []) {
    const growth = edit.text.length - (edit.end - edit.start);
    const touches = edit.start <= span.end && edit.end >= span.start;
    if (edit.end <= span.start && !touches) start += growth;
    // What is put at either end of the stretch belongs to it.
    else if (touches && edit.start < span.start) start += edit.start - span.start;
    if (edit.end <= span.start && !touches) end += growth;
    else if (touches) end += growth + Math.max(0, edit.end - span.end);
  }
  return { file: span.file, start, end };
}

/** Where a rule must report a mutant, in the text after the change. */
export function expectedSpans({ edits, expect = edits }: Mutant): readonly Span[] {
  return expect.map(({ file, start, end }) => spanAfter({ file, start, end }, edits));
}

function byFile(edits: readonly Edit[]): ReadonlyMap<string, readonly Edit[]> {
  const files = new Map<string, Edit[]>();
  for (const edit of edits) files.set(edit.file, [...(files.get(edit.file) ?? []), edit]);
  for (const own of files.values()) own.sort((a, b) => a.start - b.start || a.end - b.end);
  return files;
}
