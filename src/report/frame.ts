import type { Colors } from './reporter.ts';
import { displayWidth, oneLine, splitLines } from './text.ts';

/** A stretch of text, 1-based lines and UTF-16 columns, end exclusive. */
export interface FrameSpan {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/**
 * The source around a finding with the finding marked: a line of context on either side, the marked lines with
 * an arrow, and a rule under what is marked when it fits one line.
 *
 * @returns lines without indentation; none when the text has no such line
 */
export function codeFrame(text: string, span: FrameSpan, colors: Colors): string[] {
  const lines = splitLines(text);
  if (span.line < 1 || span.line > lines.length) return [];
  const last = Math.min(Math.max(span.endLine, span.line), lines.length);
  const from = Math.max(1, span.line - 1);
  const to = Math.min(lines.length, last + 1);
  const gutter = String(to).length;
  const frame: string[] = [];
  for (let line = from; line <= to; line += 1) {
    if (line === span.line + HEAD && last - span.line > HEAD + TAIL) {
      frame.push(colors.dim(`  ${' '.repeat(gutter)} ┆`));
      line = last - TAIL;
      continue;
    }
    const source = lines[line - 1] ?? '';
    const isMarked = line >= span.line && line <= last;
    const number = String(line).padStart(gutter);
    const first = line === span.line ? span.column - 1 : 0;
    const end = line === span.endLine ? span.endColumn - 1 : source.length;
    const part = crop(source, first, Math.max(end, first));
    const arrow = isMarked ? colors.red('▸') : ' ';
    frame.push(`${arrow} ${colors.dim(`${number} │`)} ${part.text}`.trimEnd());
    if (isMarked && span.line === last) {
      const rule = '~'.repeat(Math.max(1, part.markWidth));
      frame.push(
        `  ${' '.repeat(gutter)} ${colors.dim('│')} ${' '.repeat(part.markStart)}${colors.red(rule)}`,
      );
    }
  }
  return frame;
}

/** Of a long finding, the lines shown at its start and at its end. */
const HEAD = 3;
const TAIL = 1;
const WIDTH = 120;

/** Cuts a long line down to the neighbourhood of the mark, and measures the mark in terminal columns. */
function crop(
  line: string,
  start: number,
  end: number,
): { text: string; markStart: number; markWidth: number } {
  const left = line.length <= WIDTH || start < WIDTH - 20 ? 0 : start - 20;
  const right = Math.min(line.length, left + WIDTH);
  const head = left > 0 ? '…' : '';
  const tail = right < line.length ? '…' : '';
  const before = head + oneLine(line.slice(left, start));
  const marked = oneLine(line.slice(start, Math.min(end, right)));
  return {
    text: head + oneLine(line.slice(left, right)) + tail,
    markStart: displayWidth(before),
    markWidth: displayWidth(marked),
  };
}
