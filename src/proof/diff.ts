import type { Edit } from '../engine/proof.ts';
import { applyEdits, spanAfter } from './edits.ts';

interface Names {
  text(file: string): string | undefined;
  /** What a file is called in the diff. */
  name(file: string): string;
}

/** The edits as a unified diff, with one line around each. */
export function unifiedDiff(edits: readonly Edit[], { text, name }: Names): string {
  return [...applyEdits(edits, text)]
    .map(([file, after]) => {
      const own = edits.filter((edit) => edit.file === file).sort((a, b) => a.start - b.start);
      return diffOf(name(file), own, { before: text(file) ?? '', after });
    })
    .join('\n');
}

/** Lines of the text before and after, first to last, counted from 0. */
interface Hunk {
  readonly before: readonly [number, number];
  readonly after: readonly [number, number];
}

function diffOf(
  name: string,
  edits: readonly Edit[],
  { before, after }: { readonly before: string; readonly after: string },
): string {
  const [a, b] = [linesOf(before), linesOf(after)];
  const hunks: Hunk[] = [];
  for (const edit of edits) {
    const { start, end } = spanAfter(edit, edits);
    const hunk: Hunk = {
      before: [lineAt(before, edit.start), lineAt(before, edit.end)],
      after: [lineAt(after, start), lineAt(after, end)],
    };
    const last = hunks.at(-1);
    // No line is shown twice.
    if (last && hunk.before[0] <= last.before[1] + 2) {
      hunks[hunks.length - 1] = {
        before: [last.before[0], hunk.before[1]],
        after: [last.after[0], hunk.after[1]],
      };
    } else hunks.push(hunk);
  }
  const lines = hunks.flatMap((hunk) => hunkLines(hunk, a, b));
  return [`--- a/${name}`, `+++ b/${name}`, ...lines, ''].join('\n');
}

function hunkLines({ before, after }: Hunk, a: readonly string[], b: readonly string[]): readonly string[] {
  const removed = a.slice(before[0], before[1] + 1);
  const added = b.slice(after[0], after[1] + 1);
  const head = a.slice(Math.max(0, before[0] - 1), before[0]);
  const tail = a.slice(before[1] + 1, before[1] + 2);
  const around = head.length + tail.length;
  return [
    `@@ -${range(before[0] - head.length, removed.length + around)} +${range(after[0] - head.length, added.length + around)} @@`,
    ...head.map((line) => marked(' ', line)),
    ...removed.map((line) => marked('-', line)),
    ...added.map((line) => marked('+', line)),
    ...tail.map((line) => marked(' ', line)),
  ];
}

/** Lines with their ends; only the last may have none. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function marked(mark: string, line: string): string {
  return line.endsWith('\n') ? `${mark}${line.slice(0, -1)}` : `${mark}${line}\n\\ No newline at end of file`;
}

/** 1-based; a range of no lines is named by the line before it. */
function range(first: number, count: number): string {
  return `${count === 0 ? first : first + 1},${count}`;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length - 1;
}
