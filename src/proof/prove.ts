import { availableParallelism } from 'node:os';
import path from 'node:path';
import { type CheckOptions, CheckRun } from '../engine/check.ts';
import { GateError } from '../engine/error.ts';
import type { Span } from '../engine/finding.ts';
import type { Mutant, Operator, ProofView } from '../engine/proof.ts';
import type { Found } from '../engine/render.ts';
import { Crew } from './crew.ts';
import { preservingMutants, type Rewrite } from './preserving.ts';
import { type Job, overlaps, placeOf, type Verdict } from './trial.ts';

/** What `ws-gate prove` is asked. */
export interface ProofOptions
  extends Pick<CheckOptions, 'cwd' | 'config' | 'inlineConfig' | 'tsconfig' | 'extraRules'> {
  /** Prove these rules only; absent for all that run. */
  readonly rules?: readonly string[];
  /** Threads beside this one; default: one for each further processor, and at most three. */
  readonly threads?: number;
  /** Look at the whole program for each mutant, and not only near it: slow. */
  readonly isFull?: boolean;
  readonly onProgress?: (progress: ProofProgress) => void;
}

export type ProofProgress =
  | { readonly phase: 'check' | 'mutants' }
  | { readonly phase: 'try'; readonly done: number; readonly total: number };

/** A mutant and what became of it. */
export interface Trial extends Verdict {
  readonly ruleId: string;
  readonly operator: string;
  readonly kind: Job['kind'];
  readonly mutant: Mutant;
}

/** What was shown of a rule. */
export interface RuleProof {
  readonly ruleId: string;
  /** How many places the rule examined. */
  readonly sites: number;
  readonly operators: readonly {
    readonly id: string;
    readonly summary: string;
    readonly trials: readonly Trial[];
  }[];
  /**
   * `unproven`: it looked at something, and no operator found anything to break. `unseen`: it found nothing to look at,
   * though the config names it, or `rules`. `idle`: nor did a rule that runs by default.
   */
  readonly state: 'proven' | 'failed' | 'unproven' | 'unseen' | 'idle';
}

export interface ProofResult {
  /** Absolute. */
  readonly cwd: string;
  readonly rules: readonly RuleProof[];
  readonly preserving: readonly Trial[];
  readonly holds: boolean;
  readonly durationMs: number;
  /** Text of a file before any change. */
  text(file: string): string | undefined;
}

/**
 * Breaks the real code in memory, one mutant at a time, and looks whether the rule that protects it reports it there; then
 * rewrites it so that nothing changes, and looks whether all rules stay silent. Nothing is written to disk.
 *
 * @throws {GateError} when the gate is red before any change, or there is nothing to prove
 */
export async function prove(options: ProofOptions = {}): Promise<ProofResult> {
  const started = performance.now();
  const cwd = path.resolve(options.cwd ?? process.cwd());
  const checkOptions = checkOptionsOf(options, cwd);
  const crew = new Crew(checkOptions, crewSize(options));
  const base = new CheckRun(
    { ...checkOptions, ...(options.extraRules ? { extraRules: options.extraRules } : {}) },
    'base',
  );
  const say = options.onProgress ?? (() => {});
  try {
    say({ phase: 'check' });
    const kept = await base.find();
    await assertGreen(base, kept);
    const found = [...kept, ...base.silenced].map(placeOf);
    say({ phase: 'mutants' });
    const proofs = await proofsOf(base, options.rules);
    const planned = [
      ...proofs.flatMap(breaking),
      ...(await preservingMutants(base, proofs, options.isFull ? 'all' : 'by turns')).map(preserving),
    ];
    const verdicts = await crew.work({ base, found }, planned, {
      isFull: options.isFull ?? false,
      onVerdict: (done) => say({ phase: 'try', done, total: planned.length }),
    });
    const trials = planned.map(
      ({ rules: _, ...plan }, index): Trial => ({ ...plan, ...verdictAt(verdicts, index) }),
    );
    const rules = proofs.map((proof) => judge(proof, trials));
    const quiet = trials.filter(({ kind }) => kind === 'preserving');
    const { program } = await base.prepare();
    return {
      cwd,
      rules,
      preserving: quiet,
      holds:
        rules.every(({ state }) => state === 'proven' || state === 'idle') &&
        rules.some(({ state }) => state === 'proven') &&
        quiet.every(({ status }) => status === 'quiet'),
      durationMs: Math.round(performance.now() - started),
      text: (file) => program.text(file),
    };
  } finally {
    await crew.close();
    base.close();
  }
}

interface Planned extends Job {
  readonly ruleId: string;
  readonly operator: string;
}

function breaking({ ruleId, operators }: Proof): readonly Planned[] {
  return operators.flatMap(({ id, mutants }) =>
    mutants.map((mutant): Planned => ({ ruleId, operator: id, kind: 'breaking', mutant, rules: [ruleId] })),
  );
}

function preserving({ operator, mutant, rules }: Rewrite): Planned {
  return { ruleId: '', operator, kind: 'preserving', mutant, rules };
}

/** What there is to show of a rule. */
interface Proof {
  readonly ruleId: string;
  /** What it examines, where somebody heeds it. */
  readonly sites: readonly Span[];
  /** Somebody has asked for this rule, in the config or now: it should have something to look at. */
  readonly isWanted: boolean;
  readonly operators: readonly (Pick<Operator, 'id' | 'summary'> & { readonly mutants: readonly Mutant[] })[];
}

function checkOptionsOf({ config, inlineConfig, tsconfig, rules }: ProofOptions, cwd: string): CheckOptions {
  return {
    cwd,
    ...(rules === undefined ? {} : { rules }),
    ...(config === undefined ? {} : { config }),
    ...(inlineConfig === undefined ? {} : { inlineConfig }),
    ...(tsconfig === undefined ? {} : { tsconfig }),
  };
}

/** Rules that are handed in as values stay in this thread. */
function crewSize({ threads, extraRules, inlineConfig }: ProofOptions): number {
  if (extraRules || inlineConfig?.customRules) return 0;
  return threads ?? Math.min(availableParallelism() - 1, MAX_THREADS);
}

/** Each thread has a compiler and the whole program in memory. */
const MAX_THREADS = 3;

async function assertGreen(base: CheckRun, kept: readonly Found[]): Promise<void> {
  const { rules, program } = await base.prepare();
  const first = kept.find(({ ruleId, at }) => rules.severityFor(at.file, ruleId) === 'error');
  if (!first) return;
  throw new GateError(
    `the gate is red before any change: ${first.ruleId}/${first.messageId} in ${program.relative(first.at.file)}`,
    'run `ws-gate check`, and mend what it reports',
    { why: 'where findings are, a further one proves nothing' },
  );
}

async function proofsOf(base: CheckRun, asked: readonly string[] | undefined): Promise<readonly Proof[]> {
  const { rules, context } = await base.prepare();
  const proofs: Proof[] = [];
  for (const { rule, options, configured, expectNoSites } of rules.rules) {
    // Nobody is told of what is off, or excused by a comment: there is nothing to show there.
    const excused = base.silenced.filter(({ ruleId }) => ruleId === rule.id);
    const isHeeded = (place: Span): boolean =>
      rules.severityFor(place.file, rule.id) !== 'off' && !excused.some(({ at }) => overlaps(at, place));
    const sites = (base.sites.get(rule.id) ?? []).filter(isHeeded);
    const view: ProofView = { ...context, options, sites };
    const operators: Proof['operators'][number][] = [];
    for (const operator of sites.length > 0 ? ((await rule.prove?.()) ?? []) : []) {
      const mutants = [...(await operator.mutants(view))]
        .filter(({ edits, expect = edits }) => expect.some(isHeeded))
        .sort(byPlace);
      operators.push({ id: operator.id, summary: operator.summary, mutants });
    }
    const isNamed = configured || (asked?.includes(rule.id) ?? false);
    const isWanted = isNamed && expectNoSites === undefined;
    proofs.push({ ruleId: rule.id, sites, isWanted, operators });
  }
  return proofs;
}

function byPlace({ edits: [a] }: Mutant, { edits: [b] }: Mutant): number {
  if (!a || !b || a.file === b.file) return (a?.start ?? 0) - (b?.start ?? 0);
  return a.file < b.file ? -1 : 1;
}

function judge({ ruleId, sites, isWanted, operators }: Proof, trials: readonly Trial[]): RuleProof {
  const own = operators.map(({ id, summary }) => ({
    id,
    summary,
    trials: trials.filter((trial) => trial.ruleId === ruleId && trial.operator === id),
  }));
  const all = own.flatMap((operator) => operator.trials);
  const state =
    sites.length === 0
      ? isWanted
        ? 'unseen'
        : 'idle'
      : all.every(({ status }) => status === 'invalid')
        ? 'unproven'
        : all.every(({ status }) => status === 'killed' || status === 'invalid')
          ? 'proven'
          : 'failed';
  return { ruleId, sites: sites.length, operators: own, state };
}

function verdictAt(verdicts: readonly Verdict[], index: number): Verdict {
  const verdict = verdicts[index];
  if (!verdict) throw new Error(`no verdict for mutant ${index}`);
  return verdict;
}
