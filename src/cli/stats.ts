import type { CheckResult } from '../engine/finding.ts';

/** Times and counts per phase and per rule, as aligned columns. */
export function describeStats({ phases, rules, counts, report }: CheckResult): string {
  const head = [
    ['phase', 'ms'],
    ...phases.map(({ name, ms }) => [name, ms.toFixed(1)]),
    ['total', report.summary.durationMs.toFixed(1)],
  ];
  const perRule = [
    ['rule', 'sites', 'findings', 'ms'],
    ...[...rules]
      .sort((a, b) => b.ms - a.ms)
      .map(({ ruleId, sites, findings, ms }) => [ruleId, String(sites), String(findings), ms.toFixed(1)]),
  ];
  const totals = [
    ['files', String(report.summary.files)],
    ['parsed', String(counts.parsed)],
    ['compiler queries', String(counts.queries)],
    ['compiler', counts.oracle],
  ];
  return [head, perRule, totals].map(table).join('\n');
}

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      );
      return `${cells.join('  ')}\n`;
    })
    .join('');
}
