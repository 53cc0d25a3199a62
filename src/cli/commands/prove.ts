import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { GateError } from '../../engine/error.ts';
import { packageVersion } from '../../engine/package.ts';
import { mutationReport } from '../../proof/mutation-report.ts';
import { type ProofProgress, prove } from '../../proof/prove.ts';
import { describeProof } from '../../proof/report.ts';
import type { CommandLine, FlagValues } from '../args.ts';
import { assertNoArguments, colorFlag, configChoice, workingDirectory } from '../context.ts';
import type { Outcome } from '../main.ts';
import { colorsFor, plain, type Terminal } from '../terminal.ts';

/** `ws-gate prove`: breaks the code in memory, and shows that the gate notices. */
export async function proveCommand(
  { flags, positionals }: CommandLine,
  terminal: Terminal,
): Promise<Outcome> {
  assertNoArguments('prove', positionals);
  const format = formatOf(flags);
  const output = flags.value('output-file');
  const tsconfig = flags.value('tsconfig');
  const result = await prove({
    cwd: workingDirectory(flags),
    ...configChoice(flags),
    ...(tsconfig === undefined ? {} : { tsconfig }),
    ...(flags.has('rule') ? { rules: [...new Set(flags.values('rule'))] } : {}),
    ...(flags.has('full') ? { isFull: true } : {}),
    ...(terminal.stderr.isTTY ? { onProgress: progressOn(terminal) } : {}),
  });
  const colors = output === undefined ? colorsFor(terminal.stdout, terminal, colorFlag(flags)) : plain;
  const report =
    format === 'json'
      ? `${JSON.stringify(mutationReport(result, packageVersion()), null, 2)}\n`
      : describeProof(result, colors);
  if (output === undefined) terminal.stdout.write(report);
  else writeReport(path.resolve(result.cwd, output), report);
  return result.holds ? 'clean' : 'findings';
}

function formatOf(flags: FlagValues): 'pretty' | 'json' {
  const [format = 'pretty', ...more] = flags.values('format');
  if (more.length === 0 && (format === 'pretty' || format === 'json')) return format;
  throw new GateError(
    more.length > 0 ? 'prove writes one report' : `prove has no format "${format}"`,
    'the formats are pretty and json',
  );
}

function writeReport(file: string, report: string): void {
  try {
    writeFileSync(file, report);
  } catch (error) {
    throw new GateError(`the report cannot be written to ${file}`, 'name a file in a directory that exists', {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

/** One line that is written over again and again. */
function progressOn({ stderr }: Terminal): (progress: ProofProgress) => void {
  return (progress) => {
    const text =
      progress.phase === 'try'
        ? `${progress.done} of ${progress.total} mutants`
        : progress.phase === 'check'
          ? 'checking the code as it is'
          : 'looking for what can be broken';
    const isLast = progress.phase === 'try' && progress.done === progress.total;
    stderr.write(`\r\u001b[2K${isLast ? '' : text}`);
  };
}
