import { INTEGRITY } from '../config/rules.ts';
import type { Span } from './finding.ts';
import type { IntegrityMessageId } from './integrity.ts';
import type { Report } from './rule.ts';
import { didYouMean } from './suggest.ts';

/** A comment, delimiters included. Offsets are UTF-16, `end` exclusive. */
export interface Comment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A file as this module needs it. The comments come from the syntax tree, never from the raw text. */
export interface CommentedFile {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  readonly comments: readonly Comment[];
}

/** `// ws-gate-disable-next-line a, b -- reason` */
export interface Suppression {
  readonly at: Span;
  readonly rules: readonly string[];
  /** Empty when the comment gives none; then it silences nothing. */
  readonly reason: string;
  /** The stretch of the line that it covers; undefined when no code follows. */
  readonly covers: { readonly start: number; readonly end: number } | undefined;
}

/** `// ws-gate: idempotent-by-design -- reason` */
export interface Hatch {
  readonly at: Span;
  readonly name: HatchName;
  /** Empty when the comment gives none. */
  readonly reason: string;
}

export type HatchName = 'idempotent-by-design' | 'atomic-begin' | 'atomic-end';

/** All that the comments of one file say to the gate. */
export interface Directives {
  readonly suppressions: readonly Suppression[];
  readonly hatches: readonly Hatch[];
  /** What is wrong with the comments themselves, whatever the rules find. */
  readonly reports: readonly Report<IntegrityMessageId>[];
}

/** Reads the directives of a file. A file whose text does not hold the word `ws-gate` needs no call. */
export function readDirectives(source: CommentedFile): Directives {
  const suppressions: Suppression[] = [];
  const hatches: Hatch[] = [];
  const reports: Report<IntegrityMessageId>[] = [];
  let lines: readonly CodeLine[] | undefined;
  for (const comment of source.comments) {
    const directive = /^ws-gate(?:-(?<verb>[\w-]+)|:\s*(?<hatch>[\w-]+))(?<rest>.*)$/s.exec(
      contentOf(comment),
    );
    if (!directive?.groups) continue;
    const { verb, hatch, rest = '' } = directive.groups;
    const at: Span = { file: source.file, start: comment.start, end: comment.end };
    if (verb === DISABLE) {
      lines ??= codeLines(source);
      const { subject, reason } = splitReason(rest);
      const rules = subject
        .split(',')
        .map((rule) => rule.trim())
        .filter((rule) => rule !== '');
      const covers = lines.find(({ start }) => start > lineEnd(source.text, comment.end));
      suppressions.push({ at, rules, reason, covers });
      if (rules.length === 0) reports.push({ messageId: 'suppressionWithoutRule', at });
      else if (reason === '') {
        reports.push({ messageId: 'suppressionWithoutReason', at, data: { rules: rules.join(', ') } });
      }
    } else if (isHatch(hatch)) {
      const { reason } = splitReason(rest);
      hatches.push({ at, name: hatch, reason });
      if (reason === '' && HATCHES[hatch] === 'needs-reason') {
        reports.push({ messageId: 'hatchWithoutReason', at, data: { hatch } });
      }
    } else {
      reports.push(unknownDirective(at, verb === undefined ? `ws-gate: ${hatch}` : `ws-gate-${verb}`));
    }
  }
  return { suppressions, hatches, reports };
}

/** What suppressions are applied to. */
export interface SuppressionRun<Found> {
  readonly findings: readonly Found[];
  readonly suppressions: readonly Suppression[];
  /** The ids of all rules there are. */
  readonly known: ReadonlySet<string>;
  /** Whether a rule ran for a file: only then can a suppression of it be called unused. */
  ran(ruleId: string, file: string): boolean;
}

export interface SuppressionResult<Found> {
  readonly kept: readonly Found[];
  readonly suppressed: readonly { readonly finding: Found; readonly reason: string }[];
  readonly reports: readonly Report<IntegrityMessageId>[];
}

/**
 * Takes out the findings that a comment with a reason covers. A suppression covers what starts on the next line
 * that holds code. Findings of `gate-integrity` stay.
 */
export function applySuppressions<Found extends { readonly ruleId: string; readonly at: Span }>(
  run: SuppressionRun<Found>,
): SuppressionResult<Found> {
  const kept: Found[] = [];
  const suppressed: { finding: Found; reason: string }[] = [];
  const used = new Map<Suppression, Set<string>>();
  for (const finding of run.findings) {
    const covering = run.suppressions.filter((suppression) => silences(suppression, finding));
    for (const suppression of covering) {
      const rules = used.get(suppression) ?? new Set();
      used.set(suppression, rules.add(finding.ruleId));
    }
    const [first] = covering;
    if (first === undefined) kept.push(finding);
    else suppressed.push({ finding, reason: first.reason });
  }

  const reports = run.suppressions.flatMap((suppression) =>
    suppression.rules.flatMap((rule): Report<IntegrityMessageId>[] => {
      const { at } = suppression;
      if (rule === INTEGRITY) return [{ messageId: 'suppressionOfIntegrity', at }];
      if (!run.known.has(rule)) {
        const data = { rule, hint: didYouMean(rule, run.known) };
        return [{ messageId: 'unknownRuleInSuppression', at, data }];
      }
      const idle = suppression.reason !== '' && !used.get(suppression)?.has(rule);
      return idle && run.ran(rule, at.file) ? [unused(at, 'suppression of', rule)] : [];
    }),
  );
  return { kept, suppressed, reports };
}

/** What is to be judged of the annotations of a run. */
export interface HatchRun {
  readonly hatches: readonly Hatch[];
  /** Whether a rule that an annotation silences ran for a file: only then can it be called unused. */
  ran(name: HatchName, file: string): boolean;
  /** Whether an annotation silenced something. */
  isHeeded(hatch: Span): boolean;
}

/** The annotations that have a reason, and silence nothing. */
export function unusedHatches(run: HatchRun): readonly Report<IntegrityMessageId>[] {
  return run.hatches
    .filter(({ reason, name, at }) => reason !== '' && run.ran(name, at.file) && !run.isHeeded(at))
    .map(({ at, name }) => unused(at, 'annotation', name));
}

function unused(at: Span, kind: string, rule: string): Report<IntegrityMessageId> {
  return { messageId: 'unusedSuppression', at, data: { kind, rule } };
}

const DISABLE = 'disable-next-line';
const HATCHES: Readonly<Record<HatchName, 'needs-reason' | 'plain'>> = {
  'idempotent-by-design': 'needs-reason',
  'atomic-begin': 'plain',
  'atomic-end': 'plain',
};
const DIRECTIVES = [`ws-gate-${DISABLE}`, ...Object.keys(HATCHES).map((name) => `ws-gate: ${name}`)];

function isHatch(name: string | undefined): name is HatchName {
  return name !== undefined && Object.hasOwn(HATCHES, name);
}

function unknownDirective(at: Span, directive: string): Report<IntegrityMessageId> {
  const data = { directive, hint: didYouMean(directive, DIRECTIVES), known: DIRECTIVES.join(', ') };
  return { messageId: 'unknownDirective', at, data };
}

function silences(
  { at, covers, rules, reason }: Suppression,
  finding: { readonly ruleId: string; readonly at: Span },
): boolean {
  return (
    reason !== '' &&
    covers !== undefined &&
    finding.ruleId !== INTEGRITY &&
    rules.includes(finding.ruleId) &&
    finding.at.file === at.file &&
    finding.at.start >= covers.start &&
    finding.at.start < covers.end
  );
}

/** The words of a comment, without its delimiters and the stars of a block. */
function contentOf({ text }: Comment): string {
  const inner = text.startsWith('/*') ? text.slice(2, -2).replace(/^\s*\*+/gm, '') : text.slice(2);
  return inner.trim();
}

/** `a, b -- because` → the subject `a, b` and the reason `because`. */
function splitReason(rest: string): { subject: string; reason: string } {
  const separator = /(?:^|\s)--(?=\s|$)/.exec(rest);
  if (!separator) return { subject: rest.trim(), reason: '' };
  return {
    subject: rest.slice(0, separator.index).trim(),
    reason: rest
      .slice(separator.index + separator[0].length)
      .replace(/\s+/g, ' ')
      .trim(),
  };
}

interface CodeLine {
  readonly start: number;
  readonly end: number;
}

/** The lines that hold more than blanks and comments. Braces around a lone JSX comment are not code. */
function codeLines({ text, comments }: CommentedFile): CodeLine[] {
  let masked = '';
  let from = 0;
  for (const { start, end } of comments) {
    masked += text.slice(from, start) + text.slice(start, end).replace(/[^\r\n\u2028\u2029]/g, COMMENT_MARK);
    from = end;
  }
  masked += text.slice(from);
  const lines: CodeLine[] = [];
  for (const match of masked.matchAll(/[^\r\n\u2028\u2029]+/g)) {
    const code = match[0].replaceAll(JSX_COMMENT, '').replaceAll(COMMENT_MARK, '');
    if (code.trim() !== '') lines.push({ start: match.index, end: match.index + match[0].length });
  }
  return lines;
}

// A noncharacter: it cannot occur in source text that a program reads.
const COMMENT_MARK = '\uFFFF';
const JSX_COMMENT = /\{\s*\uFFFF+\s*\}/g;

function lineEnd(text: string, from: number): number {
  const lineBreak = /[\r\n\u2028\u2029]/g;
  lineBreak.lastIndex = from;
  return lineBreak.exec(text)?.index ?? text.length;
}
