import { type CheckOptions, check } from '../../engine/check.ts';
import { GateError, TooDeepError } from '../../engine/error.ts';
import type { CheckResult } from '../../engine/finding.ts';
import { type CommandLine, type FlagValues, wholeNumber } from '../args.ts';
import { colorFlag, configChoice, workingDirectory } from '../context.ts';
import { changedFiles, stagedState } from '../git.ts';
import type { Outcome } from '../main.ts';
import { planOutputs } from '../outputs.ts';
import { reportFailure, writeReports } from '../reports.ts';
import { describeStats } from '../stats.ts';
import type { Terminal } from '../terminal.ts';

/** `ws-gate check`: analyse, report, decide. */
export async function checkCommand(
  { flags, positionals }: CommandLine,
  terminal: Terminal,
): Promise<Outcome> {
  const cwd = workingDirectory(flags);
  const color = colorFlag(flags);
  const outputs = planOutputs(flags, terminal.env);
  const limit = flags.value('max-warnings');
  const maxWarnings = limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber('max-warnings', limit);

  let result: CheckResult;
  try {
    result = await check({
      cwd,
      paths: positionals,
      ...configChoice(flags),
      ...selection(flags),
      ...narrowing(flags, cwd),
      ...(flags.has('strict') ? { strict: true } : {}),
    });
  } catch (error) {
    const isLast = !(error instanceof TooDeepError && terminal.deepen);
    if (isLast) await reportFailure(error, { cwd, outputs, terminal });
    throw error;
  }
  const shown = flags.has('quiet') ? errorsOnly(result) : result;
  await writeReports(shown, { cwd, color, flags, outputs, terminal });
  if (flags.has('stats')) terminal.stderr.write(describeStats(result));

  const { errors, warnings } = result.report.summary;
  if (errors > 0) return 'findings';
  if (warnings <= maxWarnings) return 'clean';
  terminal.stderr.write(`ws-gate: ${warnings} warnings are more than --max-warnings ${maxWarnings} allows\n`);
  return 'findings';
}

function selection(flags: FlagValues): Pick<CheckOptions, 'rules' | 'tsconfig'> {
  const tsconfig = flags.value('tsconfig');
  return {
    ...(flags.has('rule') ? { rules: [...new Set(flags.values('rule'))] } : {}),
    ...(tsconfig === undefined ? {} : { tsconfig }),
  };
}

function narrowing(flags: FlagValues, cwd: string): Pick<CheckOptions, 'changedFiles' | 'overlay'> {
  const since = flags.value('since');
  const changed = flags.has('changed') || since !== undefined;
  if (flags.has('staged')) {
    if (changed) throw new GateError('--staged and --changed contradict each other', 'give one of them');
    const { files, overlay } = stagedState(cwd);
    return { changedFiles: files, overlay };
  }
  return changed ? { changedFiles: changedFiles(cwd, since) } : {};
}

/** The summary keeps counting the warnings: what is hidden is not gone. */
function errorsOnly(result: CheckResult): CheckResult {
  const findings = result.report.findings.filter(({ severity }) => severity === 'error');
  return { ...result, report: { ...result.report, findings } };
}
