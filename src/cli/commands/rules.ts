import type { CommandLine } from '../args.ts';
import { assertNoArguments, colorFlag } from '../context.ts';
import type { Outcome } from '../main.ts';
import { allRuleInfos } from '../registry.ts';
import { colorsFor, type Terminal } from '../terminal.ts';

/** `ws-gate rules`: id, default severity and summary, one rule per line. */
export async function rulesCommand(
  { flags, positionals }: CommandLine,
  terminal: Terminal,
): Promise<Outcome> {
  assertNoArguments('rules', positionals);
  const colors = colorsFor(terminal.stdout, terminal, colorFlag(flags));
  const rules = await allRuleInfos(flags);
  const width = Math.max(...rules.map(({ id }) => id.length));
  for (const { id, defaultSeverity, summary } of rules) {
    const severity = colors.dim(defaultSeverity.padEnd('error'.length));
    terminal.stdout.write(`${colors.bold(id.padEnd(width))}  ${severity}  ${summary}\n`);
  }
  return 'clean';
}
