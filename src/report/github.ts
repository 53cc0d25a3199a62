import type { Finding, Severity } from '../engine/finding.ts';
import type { Reporter, ReportOptions } from './reporter.ts';
import { count, oneLine } from './text.ts';

/** Workflow commands, which GitHub Actions shows as annotations of the changed lines. */
export const github: Reporter = ({ report }, options) => {
  const lines = report.findings.map((finding) => annotate(finding, options));
  const note = describeHidden(report.findings);
  return [...lines, ...(note === undefined ? [] : [note])].map((line) => `${line}\n`).join('');
};

/** The findings as a Markdown table, for the summary page of a GitHub job. */
export const githubSummary: Reporter = ({ report }, { prefix }) => {
  const { findings, summary } = report;
  const { errors, warnings, files } = summary;
  if (findings.length === 0) return `### ws-gate: no findings in ${count(files, 'file')}\n`;
  const shown = findings.slice(0, SUMMARY_ROWS);
  const rows = shown.map(({ file, line, severity, ruleId, message }) => {
    const place = file === '' ? '' : `\`${prefix}${file}:${line}\``;
    return `| ${[severity, ruleId, place, oneLine(message)].map(escapeCell).join(' | ')} |`;
  });
  const hidden = findings.length - shown.length;
  return [
    `### ws-gate: ${count(errors, 'error')}, ${count(warnings, 'warning')} in ${count(files, 'file')}`,
    '',
    '| severity | rule | place | finding |',
    '| --- | --- | --- | --- |',
    ...rows,
    ...(hidden > 0 ? ['', `… and ${hidden} more in the log of the job.`] : []),
    '',
  ].join('\n');
};

/** https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md, "Limitations": per step and severity. */
const ANNOTATION_LIMIT = 10;
/** A job summary may take 1 MiB. */
const SUMMARY_ROWS = 500;

function annotate(finding: Finding, { prefix }: ReportOptions): string {
  const { file, line, column, endLine, endColumn, severity, ruleId, message, help } = finding;
  const command = severity === 'error' ? 'error' : 'warning';
  // The Checks API refuses columns for an annotation of several lines.
  const columns = line === endLine ? { col: column, endColumn } : {};
  const place = file === '' ? {} : { file: prefix + file, line, endLine, ...columns };
  const properties = Object.entries({ ...place, title: ruleId })
    .map(([key, value]) => `${key}=${escapeProperty(String(value))}`)
    .join(',');
  // Properties do not show in the log of the job, so the text repeats where it is.
  const where = file === '' ? '' : `${prefix}${file}:${line}:${column}: `;
  const advice = help === '' ? '' : `\n${help}`;
  return `::${command} ${properties}::${escapeData(`${where}${message}${advice}`)}`;
}

function describeHidden(findings: readonly Finding[]): string | undefined {
  const hidden = (['error', 'warn'] satisfies Severity[])
    .map((severity) => findings.filter((finding) => finding.severity === severity).length - ANNOTATION_LIMIT)
    .reduce((sum, surplus) => sum + Math.max(0, surplus), 0);
  if (hidden === 0) return undefined;
  return (
    `GitHub shows ${ANNOTATION_LIMIT} errors and ${ANNOTATION_LIMIT} warnings of a step as annotations: ` +
    `${hidden} of these ${findings.length} findings are in this log and in the job summary only.`
  );
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function escapeCell(text: string): string {
  return text.replace(/[\\|]/g, '\\$&').replaceAll('<', '&lt;');
}
