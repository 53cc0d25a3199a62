import path from 'node:path';
import type { Edit } from '../engine/proof.ts';
import type { ProofResult, Trial } from './prove.ts';
import type { Status } from './trial.ts';

/**
 * The report of mutation testers: https://github.com/stryker-mutator/mutation-testing-elements, schema version 2. A mutant
 * that was noticed at another place counts as one that survived, and so does a rewrite that made a rule speak; both say
 * so in `statusReason`.
 */
export interface MutationReport {
  readonly schemaVersion: '2';
  readonly thresholds: { readonly high: number; readonly low: number };
  readonly projectRoot: string;
  readonly framework: { readonly name: 'ws-gate'; readonly version: string };
  readonly files: Readonly<Record<string, FileReport>>;
}

interface FileReport {
  readonly language: 'typescript';
  readonly source: string;
  readonly mutants: readonly MutantReport[];
}

interface MutantReport {
  readonly id: string;
  /** The rule and the operator: `lock-balance/drop-using`. */
  readonly mutatorName: string;
  readonly replacement: string;
  readonly location: { readonly start: Position; readonly end: Position };
  readonly status: 'Killed' | 'Survived' | 'CompileError';
  readonly statusReason?: string;
}

/** 1-based. */
interface Position {
  readonly line: number;
  readonly column: number;
}

export function mutationReport(result: ProofResult, version: string): MutationReport {
  const trials = [
    ...result.rules.flatMap(({ operators }) => operators.flatMap((operator) => operator.trials)),
    ...result.preserving,
  ];
  const files = new Map<string, MutantReport[]>();
  for (const [index, trial] of trials.entries()) {
    const [edit] = trial.mutant.edits;
    if (!edit) continue;
    const mutants = files.get(edit.file) ?? [];
    mutants.push(reportOf(trial, edit, { id: String(index + 1), source: result.text(edit.file) ?? '' }));
    files.set(edit.file, mutants);
  }
  const name = (file: string): string => path.relative(result.cwd, file).split(path.sep).join('/');
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    schemaVersion: '2',
    thresholds: { high: 100, low: 100 },
    projectRoot: result.cwd,
    framework: { name: 'ws-gate', version },
    files: Object.fromEntries(
      sorted.map(([file, mutants]) => [
        name(file),
        { language: 'typescript', source: result.text(file) ?? '', mutants },
      ]),
    ),
  };
}

function reportOf(
  trial: Trial,
  edit: Edit,
  { id, source }: { readonly id: string; readonly source: string },
): MutantReport {
  const reason = REASONS[trial.status];
  return {
    id,
    mutatorName: [trial.ruleId, trial.operator].filter((part) => part !== '').join('/'),
    replacement: edit.text,
    location: { start: positionAt(source, edit.start), end: positionAt(source, edit.end) },
    status:
      trial.status === 'invalid'
        ? 'CompileError'
        : trial.status === 'killed'
          ? 'Killed'
          : trial.status === 'quiet'
            ? 'Killed'
            : 'Survived',
    ...(reason === undefined ? {} : { statusReason: reason }),
  };
}

const REASONS: Readonly<Record<Status, string | undefined>> = {
  killed: undefined,
  survived: 'no rule reports it',
  elsewhere: 'the rule reports it at another place',
  invalid: 'the mutant does not parse',
  quiet: 'it changes nothing, and no rule reports it',
  noisy: 'it changes nothing, and a rule reports it',
};

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}
