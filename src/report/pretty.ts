import type { CheckResult, Finding, TraceStep } from '../engine/finding.ts';
import { codeFrame } from './frame.ts';
import type { Colors, Reporter } from './reporter.ts';
import { count, displayWidth, oneLine, padEnd } from './text.ts';

/** For people: the code, what is wrong, the way there, why it matters and what to do. */
export const pretty: Reporter = (result, { colors }) => {
  const { findings, unresolved } = result.report;
  const blocks = findings.map((finding) => describeFinding(finding, result, colors));
  if (unresolved.length > 0) blocks.push(describeUnresolved(result, colors));
  const pages = [...new Set(findings.map(({ ruleId }) => ruleId))].map((id) => `ws-gate explain ${id}`);
  if (pages.length > 0) blocks.push(colors.dim(`more: ${pages.join(' · ')}`));
  blocks.push(summarise(result, colors));
  return `${blocks.join('\n\n')}\n`;
};

function describeFinding(finding: Finding, result: CheckResult, colors: Colors): string {
  const { ruleId, messageId, severity } = finding;
  const paint = severity === 'error' ? colors.red : colors.yellow;
  const place = finding.file === '' ? '' : `${colors.cyan(placeOf(finding))}  `;
  const lines = [
    `${place}${paint(severity)}  ${colors.bold(ruleId)}${colors.dim(`/${messageId}`)}`,
    `  ${paint(severity === 'error' ? '×' : '▲')} ${colors.bold(oneLine(finding.message))}`,
  ];
  const text = finding.file === '' ? undefined : result.sourceText(finding.file);
  const frame = text === undefined ? [] : codeFrame(text, finding, colors);
  if (frame.length > 0) lines.push('', ...frame.map((line) => `  ${line}`));
  if (finding.trace.length > 0) lines.push('', ...describeTrace(finding.trace, colors));
  const why = result.why(ruleId, messageId);
  lines.push('');
  if (why) lines.push(`  ${colors.dim('why')}  ${oneLine(why)}`);
  if (finding.help !== '') lines.push(`  ${colors.dim('do')}   ${oneLine(finding.help)}`);
  if (lines.at(-1) === '') lines.pop();
  return lines.join('\n');
}

function describeTrace(trace: readonly TraceStep[], colors: Colors): string[] {
  const width = Math.max(...trace.map((step) => displayWidth(placeOf(step))));
  const digits = String(trace.length).length;
  return trace.map((step, index) => {
    const number = colors.bold(String(index + 1).padStart(digits));
    return `  ${number}  ${colors.cyan(padEnd(placeOf(step), width))}  ${oneLine(step.message)}`;
  });
}

const SHOWN_UNRESOLVED = 10;

function describeUnresolved({ report: { unresolved } }: CheckResult, colors: Colors): string {
  const shown = unresolved.slice(0, SHOWN_UNRESOLVED);
  const lines = shown.map((entry) => `  ${colors.cyan(placeOf(entry))}  ${oneLine(entry.message)}`);
  const hidden = unresolved.length - shown.length;
  if (hidden > 0) lines.push(colors.dim(`  and ${hidden} more, listed by --format json`));
  return [colors.yellow('not resolved, so not judged:'), ...lines].join('\n');
}

function summarise({ report, rules }: CheckResult, colors: Colors): string {
  const { summary, findings } = report;
  const sites = rules.reduce((sum, rule) => sum + rule.sites, 0);
  const facts = [
    count(summary.files, 'file'),
    count(rules.length, 'rule'),
    count(sites, 'site'),
    ...(summary.suppressed > 0 ? [`${summary.suppressed} suppressed`] : []),
    ...(summary.baselined > 0 ? [`${summary.baselined} in the baseline`] : []),
    ...(summary.unresolved > 0 ? [`${summary.unresolved} unresolved`] : []),
    `${(summary.durationMs / 1000).toFixed(1)} s`,
  ];
  return [verdict(summary, findings, colors), ...facts].join(colors.dim(' · '));
}

function verdict(
  { errors, warnings }: CheckResult['report']['summary'],
  findings: readonly Finding[],
  colors: Colors,
): string {
  if (errors + warnings === 0) return colors.green('✔ no findings');
  const perRule = new Map<string, number>();
  for (const { ruleId } of findings) perRule.set(ruleId, (perRule.get(ruleId) ?? 0) + 1);
  const byRule = [...perRule].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const amount =
    errors === 0
      ? count(warnings, 'warning')
      : warnings === 0
        ? count(errors, 'error')
        : `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
  const rules = byRule.length === 0 ? '' : ` (${byRule.map(([id, times]) => `${id} ${times}`).join(', ')})`;
  return (errors > 0 ? colors.red : colors.yellow)(`${errors > 0 ? '✖' : '▲'} ${amount}${rules}`);
}

function placeOf({ file, line, column }: { file: string; line: number; column: number }): string {
  return line > 0 ? `${oneLine(file)}:${line}:${column}` : oneLine(file);
}
