import type { Edit } from '../engine/proof.ts';
import { applyEdits } from './edits.ts';

interface Names {
  text(file: string): string | undefined;
  /** What a file is called in the diff. */
  name(file: string): string;
}

/** The edits as a unified diff: the lines they touch, with one line around them. */
export function unifiedDiff(edits: readonly Edit[], { text, name }: Names): string {
  const after = applyEdits(edits, text);
  return [...after].map(([file, changed]) => diffOf(name(file), text(file) ?? '', changed)).join('\n');
}

/** One hunk from the first line that differs to the last. */
function diffOf(name: string, before: string, after: string): string {
  const [a, b] = [before.split('\n'), after.split('\n')];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const from = Math.max(0, head - 1);
  const rest = Math.max(0, tail - 1);
  const lines = [
    ...a.slice(from, head).map((line) => ` ${line}`),
    ...a.slice(head, a.length - tail).map((line) => `-${line}`),
    ...b.slice(head, b.length - tail).map((line) => `+${line}`),
    ...a.slice(a.length - tail, a.length - rest).map((line) => ` ${line}`),
  ];
  const [old, fresh] = [a.length - rest - from, b.length - rest - from];
  return [`--- a/${name}`, `+++ b/${name}`, `@@ -${from + 1},${old} +${from + 1},${fresh} @@`, ...lines, ''].join('\n');
}
