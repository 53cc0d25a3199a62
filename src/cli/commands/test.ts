import path from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { GateError } from '../../engine/error.ts';
import type { Colors } from '../../report/reporter.ts';
import { count } from '../../report/text.ts';
import { type RuleTestReport, testRules } from '../../testing/fixtures.ts';
import type { CommandLine } from '../args.ts';
import { colorFlag, configChoice, workingDirectory } from '../context.ts';
import type { Outcome } from '../main.ts';
import { colorsFor, type Terminal } from '../terminal.ts';

/** `ws-gate test [dir]`: the fixtures of the built-in rules and of those that the config declares. */
export async function testCommand({ flags, positionals }: CommandLine, terminal: Terminal): Promise<Outcome> {
  const [given = 'fixtures', ...rest] = positionals;
  if (rest.length > 0) {
    throw new GateError(
      'test takes one fixture directory',
      'run it once per directory: ws-gate test fixtures',
    );
  }
  const cwd = workingDirectory(flags);
  const colors = colorsFor(terminal.stdout, terminal, colorFlag(flags));
  const { customRules } = await loadConfig({ cwd, ...configChoice(flags) });
  const started = performance.now();
  const report = await testRules({
    dir: path.resolve(cwd, given),
    rules: customRules,
    ...(flags.has('rule') ? { only: flags.values('rule') } : {}),
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  terminal.stdout.write(describeReport(report, { cwd, colors, seconds }));
  return report.problems.length === 0 ? 'clean' : 'findings';
}

interface Style {
  readonly cwd: string;
  readonly colors: Colors;
  readonly seconds: string;
}

function describeReport({ dir, rules, problems }: RuleTestReport, { cwd, colors, seconds }: Style): string {
  const base = path.relative(cwd, dir).split(path.sep).join('/') || '.';
  const lines = problems.map(({ path: place, line, message }) => {
    const where = `${base}/${place}${line === undefined ? '' : `:${line}`}`;
    return `${colors.cyan(where)}  ${message}\n`;
  });
  const fixtures = rules.flatMap((rule) => rule.fixtures);
  const wants = fixtures.reduce((sum, fixture) => sum + fixture.wants, 0);
  const verdict =
    problems.length === 0
      ? colors.green('✔ all fixtures hold')
      : colors.red(`✖ ${count(problems.length, 'problem')}`);
  const facts = [
    count(rules.length, 'rule'),
    count(fixtures.length, 'fixture'),
    count(wants, 'want'),
    `${seconds} s`,
  ];
  return `${lines.join('')}${lines.length > 0 ? '\n' : ''}${[verdict, ...facts].join(colors.dim(' · '))}\n`;
}
