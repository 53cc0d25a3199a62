import type { Change, CheckRun } from '../engine/check.ts';
import type { Span } from '../engine/finding.ts';
import type { Edit, Mutant } from '../engine/proof.ts';
import type { Found } from '../engine/render.ts';
import { applyEdits, expectedSpans, spanAfter } from './edits.ts';

/** A mutant to try, as plain data. */
export interface Job {
  readonly mutant: Mutant;
  /** The rule that must notice it; the rules that must not. */
  readonly rules: readonly string[];
  /** A mutant that breaks what the rule protects, or one that changes nothing that matters. */
  readonly kind: 'breaking' | 'preserving';
}

/**
 * What became of a mutant. `killed`: the rule reports it where it must. `elsewhere`: the rule reports something, at another
 * place. `survived`: it reports nothing. `invalid`: the mutant does not parse. Of a preserving one: `noisy`, or `quiet`.
 */
export type Status = 'killed' | 'survived' | 'elsewhere' | 'invalid' | 'quiet' | 'noisy';

export interface Verdict {
  readonly status: Status;
  /** What was reported that was not there before the change, in the text after it. */
  readonly found: readonly FoundAt[];
}

/** A finding as plain data. */
export interface FoundAt extends Span {
  readonly ruleId: string;
  readonly messageId: string;
}

/** The program before any change, and what is reported of it. */
export interface Ground {
  readonly base: CheckRun;
  readonly found: readonly FoundAt[];
}

/** Tries a mutant: first where it is, and then, where nothing is reported there, in all of the program. */
export async function tryMutant(ground: Ground, job: Job, isFull: boolean): Promise<Verdict> {
  const near = isFull ? undefined : await look(ground, job, 'near');
  if (near && isSettled(near, job)) return near;
  return look(ground, job, 'everywhere');
}

/** What is seen near the change settles it where it is as it should be; all else is looked at again, with all callers. */
function isSettled({ status }: Verdict, { kind }: Job): boolean {
  return status === 'invalid' || status === (kind === 'breaking' ? 'killed' : 'quiet');
}

async function look(
  { base, found: before }: Ground,
  job: Job,
  where: 'near' | 'everywhere',
): Promise<Verdict> {
  const { mutant, rules, kind } = job;
  const { program, rules: heeded } = await base.prepare();
  const expected = expectedSpans(mutant);
  const touched = mutant.edits.map(({ file, start, end }) => spanAfter({ file, start, end }, mutant.edits));
  const change: Change = {
    overlay: applyEdits(mutant.edits, (file) => program.text(file)),
    rules,
    ...(where === 'near' ? { focus: [...touched, ...expected] } : {}),
  };
  const run = base.after(change);
  const after = await run.prepare();
  await after.program.openSyntax();
  const isValid = [...change.overlay.keys()].every((file) => after.program.tree(file)?.problems.length === 0);
  if (!isValid) return { status: 'invalid', found: [] };
  // What a comment silences was found: it excuses what it was written for, and does not make a rule blind.
  const all = [...(await run.find()), ...run.silenced]
    .map(placeOf)
    .filter(({ ruleId, file }) => rules.includes(ruleId) && heeded.severityFor(file, ruleId) !== 'off');
  const fresh = newIn(all, before, mutant.edits);
  if (kind === 'preserving') return { status: fresh.length > 0 ? 'noisy' : 'quiet', found: fresh };
  if (fresh.some((one) => expected.some((span) => overlaps(one, span))))
    return { status: 'killed', found: fresh };
  return { status: fresh.length > 0 ? 'elsewhere' : 'survived', found: fresh };
}

/** What was not there before the change: each finding from before stands for one that lies where it lay. */
function newIn(
  all: readonly FoundAt[],
  before: readonly FoundAt[],
  edits: readonly Edit[],
): readonly FoundAt[] {
  const known = new Set(before);
  return all.filter((one) => {
    const same = [...known].find((earlier) => isSame(earlier, one, edits));
    if (same) known.delete(same);
    return !same;
  });
}

function isSame(before: FoundAt, after: FoundAt, edits: readonly Edit[]): boolean {
  if (before.ruleId !== after.ruleId || before.messageId !== after.messageId) return false;
  // What is put where a finding begins comes before it, or is the new head of it.
  const { file, start, end } = spanAfter({ ...before, end: before.start }, edits);
  return after.file === file && (after.start === start || after.start === end);
}

export function overlaps(a: Span, b: Span): boolean {
  return a.file === b.file && a.start <= b.end && b.start <= a.end;
}

export function placeOf({ ruleId, messageId, at }: Found): FoundAt {
  return { ruleId, messageId, file: at.file, start: at.start, end: at.end };
}
