import path from 'node:path';
import type { Colors } from '../report/reporter.ts';
import { count } from '../report/text.ts';
import { unifiedDiff } from './diff.ts';
import type { ProofResult, RuleProof, Trial } from './prove.ts';

/** The report for people: a table of rules and operators, and the diff of each mutant that went wrong. */
export function describeProof(result: ProofResult, colors: Colors): string {
  const rows = result.rules.flatMap((rule) => rowsOf(rule));
  for (const operator of new Set(result.preserving.map((trial) => trial.operator))) {
    rows.push(
      rowOf(
        '(all rules)',
        operator,
        result.preserving.filter((trial) => trial.operator === operator),
      ),
    );
  }
  const wrong = [
    ...result.rules.flatMap(({ operators }) => operators.flatMap(({ trials }) => trials)),
    ...result.preserving,
  ].filter(({ status }) => status === 'survived' || status === 'elsewhere' || status === 'noisy');
  const parts = [
    table(rows, colors),
    ...wrong.map((trial) => describeTrial(trial, result, colors)),
    verdict(result, colors),
  ];
  return `${parts.join('\n')}\n`;
}

interface Row {
  readonly rule: string;
  readonly operator: string;
  readonly mutants: number;
  readonly good: number;
  readonly wrong: readonly string[];
  readonly state: 'good' | 'bad' | 'idle';
}

function rowsOf({ ruleId, operators, state }: RuleProof): readonly Row[] {
  if (state === 'idle')
    return [{ rule: ruleId, operator: 'nothing to protect', mutants: 0, good: 0, wrong: [], state: 'idle' }];
  if (state === 'unseen') {
    return [{ rule: ruleId, operator: 'no sites', mutants: 0, good: 0, wrong: ['unseen'], state: 'bad' }];
  }
  if (state === 'unproven') {
    return [{ rule: ruleId, operator: 'no mutant', mutants: 0, good: 0, wrong: ['unproven'], state: 'bad' }];
  }
  return operators.map(({ id, trials }) => rowOf(ruleId, id, trials));
}

function rowOf(rule: string, operator: string, trials: readonly Trial[]): Row {
  const good = trials.filter(({ status }) => status === 'killed' || status === 'quiet').length;
  const wrong = (['survived', 'elsewhere', 'noisy', 'invalid'] as const).flatMap((status) => {
    const some = trials.filter((trial) => trial.status === status).length;
    return some > 0 ? [`${some} ${status}`] : [];
  });
  const isBad = trials.some(
    ({ status }) => status === 'survived' || status === 'elsewhere' || status === 'noisy',
  );
  return {
    rule,
    operator,
    mutants: trials.length,
    good,
    wrong,
    state: trials.length === 0 ? 'idle' : isBad ? 'bad' : 'good',
  };
}

function table(rows: readonly Row[], colors: Colors): string {
  const width = (of: (row: Row) => string): number => Math.max(0, ...rows.map((row) => of(row).length));
  const [rules, operators, counts] = [
    width(({ rule }) => rule),
    width(({ operator }) => operator),
    width(countsOf),
  ];
  return rows
    .map((row, index) => {
      const isSame = rows[index - 1]?.rule === row.rule;
      const mark =
        row.state === 'good' ? colors.green('✔') : row.state === 'bad' ? colors.red('✖') : colors.dim('·');
      const cells = [
        (isSame ? '' : row.rule).padEnd(rules),
        row.operator.padEnd(operators),
        countsOf(row).padStart(counts),
      ];
      return `${cells[0]}  ${mark} ${cells[1]}  ${cells[2]}  ${row.wrong.join(', ')}`.trimEnd();
    })
    .join('\n')
    .concat('\n');
}

function countsOf({ good, mutants }: Row): string {
  return mutants === 0 ? '' : `${good}/${mutants}`;
}

function describeTrial(trial: Trial, result: ProofResult, colors: Colors): string {
  const { cwd } = result;
  const relative = (file: string): string => path.relative(cwd, file).split(path.sep).join('/');
  const what = trial.ruleId === '' ? trial.operator : `${trial.ruleId} · ${trial.operator}`;
  const found = trial.found.map(
    ({ ruleId, messageId, file }) => `  reported: ${ruleId}/${messageId} in ${relative(file)}`,
  );
  const diff = unifiedDiff(trial.mutant.edits, { text: (file) => result.text(file), name: relative });
  return [`${colors.red(trial.status)}  ${what}`, ...found, diff].join('\n');
}

function verdict({ rules, preserving, holds, durationMs }: ProofResult, colors: Colors): string {
  const trials = rules.flatMap(({ operators }) => operators.flatMap((operator) => operator.trials));
  const killed = trials.filter(({ status }) => status === 'killed').length;
  const noisy = preserving.filter(({ status }) => status === 'noisy').length;
  const [unproven, unseen] = (['unproven', 'unseen'] as const).map(
    (wanted) => rules.filter(({ state }) => state === wanted).length,
  );
  const facts = [
    `${killed} of ${count(trials.length, 'mutant')} killed`,
    `${noisy} of ${count(preserving.length, 'rewrite')} noisy`,
    ...(unproven ? [`${count(unproven, 'rule')} unproven`] : []),
    ...(unseen ? [`${count(unseen, 'rule')} without sites`] : []),
    `${(durationMs / 1000).toFixed(1)} s`,
  ];
  const isEmpty = trials.length === 0 && !unproven && !unseen;
  const head = holds
    ? colors.green('✔ every rule bites')
    : colors.red(isEmpty ? '✖ there was nothing to prove' : '✖ the gate has holes');
  return [head, ...facts].join(colors.dim(' · '));
}
