import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GateError } from '../engine/error.ts';
import type { CheckResult } from '../engine/finding.ts';
import { packageVersion } from '../engine/package.ts';
import { loadReporter } from '../report/index.ts';
import type { ReportOptions } from '../report/reporter.ts';
import type { FlagValues } from './args.ts';
import { packageNameIn } from './context.ts';
import { repositoryPrefix } from './git.ts';
import type { Output } from './outputs.ts';
import { allRuleInfos } from './registry.ts';
import { type ColorFlag, colorsFor, plain, type Terminal } from './terminal.ts';

/** Where the reports of a run go. */
export interface Destination {
  /** What the paths of files are relative to. Absolute. */
  readonly cwd: string;
  readonly outputs: readonly Output[];
  readonly terminal: Terminal;
}

/**
 * Writes every report that was asked for, and in a GitHub job the summary.
 *
 * @throws {GateError} when a file cannot be written
 */
export async function writeReports(
  result: CheckResult,
  to: Destination & { readonly color: ColorFlag; readonly flags: FlagValues },
): Promise<void> {
  const { cwd, color, flags, outputs, terminal } = to;
  const summaryFile = terminal.env.GITHUB_STEP_SUMMARY;
  const named = new Set(outputs.map(({ format }) => format));
  const options: ReportOptions = {
    colors: plain,
    prefix: summaryFile || named.has('sarif') || named.has('github') ? repositoryPrefix(cwd) : '',
    packageName: packageNameIn(cwd),
    rules: named.has('sarif') ? await allRuleInfos(flags) : [],
  };
  for (const output of outputs) {
    const report = await loadReporter(output.format);
    const colors = output.to === 'stdout' ? colorsFor(terminal.stdout, terminal, color) : plain;
    write(report(result, { ...options, colors }), output, { cwd, terminal });
  }
  if (summaryFile) await appendSummary(summaryFile, result, { options, terminal });
}

/**
 * Writes a SARIF log of a run that failed, if SARIF was asked for, so that a dashboard does not go on showing the
 * last good one.
 */
export async function reportFailure(error: unknown, { cwd, outputs, terminal }: Destination): Promise<void> {
  const output = outputs.find(({ format }) => format === 'sarif');
  if (!output) return;
  const { sarifFailure } = await import('../report/sarif.ts');
  const message = error instanceof Error ? error.message : String(error);
  const text = sarifFailure(message, { packageName: packageNameIn(cwd), version: packageVersion() });
  try {
    write(text, output, { cwd, terminal });
  } catch (failure) {
    // The error that stopped the run is the one to end with.
    terminal.stderr.write(`ws-gate: ${failure instanceof Error ? failure.message : String(failure)}\n`);
  }
}

/** The summary page repeats what the log holds: that it cannot be written takes nothing from the verdict. */
async function appendSummary(
  file: string,
  result: CheckResult,
  { options, terminal }: { readonly options: ReportOptions; readonly terminal: Terminal },
): Promise<void> {
  const { githubSummary } = await import('../report/github.ts');
  try {
    appendFileSync(file, githubSummary(result, options));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.stderr.write(`ws-gate: the job summary was not written: ${reason}\n`);
  }
}

function write(text: string, { to }: Output, { cwd, terminal }: Pick<Destination, 'cwd' | 'terminal'>): void {
  if (typeof to === 'string') {
    terminal[to].write(text);
    return;
  }
  const file = path.resolve(cwd, to.file);
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    throw new GateError(`the report cannot be written to ${to.file}`, 'name a file that can be written', {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}
