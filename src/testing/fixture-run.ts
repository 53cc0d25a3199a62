import path from 'node:path';
import { INTEGRITY } from '../config/rules.ts';
import type { UserConfig } from '../config/types.ts';
import type { CheckOptions } from '../engine/check.ts';
import { GateError } from '../engine/error.ts';
import type { CheckResult, Finding } from '../engine/finding.ts';
import type { AnyRule } from '../engine/rule.ts';
import type { Compiler } from '../oracle/oracle.ts';
import type { Fixture } from './discover.ts';
import { type FixtureConfig, readFixtureConfig } from './fixture-config.ts';
import { matchWants, parseWants, type Want } from './wants.ts';

/** Something wrong, and where in the fixture directory. */
export interface RuleTestProblem {
  /** Relative to the fixture directory: a fixture, a file of it, or the folder of a rule. */
  readonly path: string;
  /** 1-based; absent when it is about the whole. */
  readonly line?: number;
  readonly message: string;
}

export interface FixtureResult {
  readonly ruleId: string;
  readonly path: string;
  readonly kind: Fixture['kind'];
  /** How many expectations the fixture states. */
  readonly wants: number;
  readonly problems: readonly RuleTestProblem[];
}

/** A fixture that was run. */
export interface FixtureRun {
  readonly result: FixtureResult;
  readonly findings: readonly Finding[];
}

/** What fixtures are run with. */
export interface Runner {
  readonly check: (options: CheckOptions) => Promise<CheckResult>;
  readonly extraRules: readonly AnyRule[];
  readonly compiler: Compiler;
}

/** Runs a fixture as a program of its own, with its rule alone, and holds the findings against what it wants. */
export async function runFixture(fixture: Fixture, runner: Runner): Promise<FixtureRun> {
  const problems: RuleTestProblem[] = [];
  const wantsByFile = new Map<string, readonly Want[]>();
  for (const { path: file, text } of fixture.files) {
    const parsed = parseWants(text);
    wantsByFile.set(file, parsed.wants);
    for (const { line, message } of parsed.problems)
      problems.push({ path: placeOf(fixture, file), line, message });
  }
  const wants = [...wantsByFile.values()].reduce((sum, { length }) => sum + length, 0);
  const misfit = judgeKind(fixture, wants, problems.length);
  if (misfit !== undefined) problems.push({ path: fixture.path, message: misfit });

  let findings: readonly Finding[] = [];
  const config = readFixtureConfig(fixture);
  if (typeof config === 'string') {
    problems.push({ path: fixture.path, message: config });
  } else {
    try {
      findings = await findingsOf(fixture, config, runner);
      problems.push(...compare(fixture, wantsByFile, { findings, config }));
    } catch (error) {
      problems.push({ path: fixture.path, message: describeFailure(error) });
    }
  }
  const { ruleId, path: place, kind } = fixture;
  return { result: { ruleId, path: place, kind, wants, problems }, findings };
}

async function findingsOf(
  fixture: Fixture,
  { config, strict }: FixtureConfig,
  runner: Runner,
): Promise<readonly Finding[]> {
  const own: UserConfig['rules'] = fixture.ruleId === INTEGRITY ? {} : { [fixture.ruleId]: 'error' };
  const rules = { ...own, ...config.rules };
  const { report } = await runner.check({
    cwd: fixture.root,
    ...(config.include ? {} : { files: fixture.files.map((file) => file.path) }),
    inlineConfig: { ...config, rules },
    rules:
      fixture.ruleId === INTEGRITY ? Object.keys(rules).filter((id) => id !== INTEGRITY) : [fixture.ruleId],
    strict,
    compiler: runner.compiler,
    ...(runner.extraRules.length > 0 ? { extraRules: runner.extraRules } : {}),
  });
  return report.findings;
}

function compare(
  fixture: Fixture,
  wantsByFile: ReadonlyMap<string, readonly Want[]>,
  { findings, config }: { readonly findings: readonly Finding[]; readonly config: FixtureConfig },
): RuleTestProblem[] {
  // A finding about the config has no line in the fixture; it is wanted where the config stands.
  const located = findings.map((finding) =>
    wantsByFile.has(finding.file) ? finding : { ...finding, ...config.place },
  );
  const problems: RuleTestProblem[] = [];
  for (const [file, wants] of wantsByFile) {
    const { missing, unexpected } = matchWants(
      wants,
      located.filter((finding) => finding.file === file),
    );
    for (const { line, source } of missing) {
      problems.push({ path: placeOf(fixture, file), line, message: `no finding matches want ${source}` });
    }
    for (const { line, ruleId, messageId, message } of unexpected) {
      if (isIdle({ ruleId, messageId }, fixture)) continue;
      problems.push({
        path: placeOf(fixture, file),
        line,
        message: `unexpected ${ruleId}/${messageId}: ${message}`,
      });
    }
  }
  return problems.sort((a, b) =>
    a.path === b.path ? (a.line ?? 0) - (b.line ?? 0) : a.path < b.path ? -1 : 1,
  );
}

/** Code that only looks like the rule's business holds no site for it, and that is what its fixture shows. */
function isIdle({ ruleId, messageId }: Pick<Finding, 'ruleId' | 'messageId'>, fixture: Fixture): boolean {
  return ruleId === INTEGRITY && messageId === 'noSites' && fixture.ruleId !== INTEGRITY;
}

/** Whether the expectations fit what the name of the fixture says it shows. */
function judgeKind({ kind }: Fixture, wants: number, malformed: number): string | undefined {
  if ((kind === 'bad' || kind === 'fp') && wants === 0 && malformed === 0) {
    return `a .${kind} fixture needs a // want comment: it shows what is reported`;
  }
  if ((kind === 'good' || kind === 'fn') && wants > 0) {
    return `a .${kind} fixture cannot want a finding: it shows what is not reported`;
  }
  return undefined;
}

function describeFailure(error: unknown): string {
  if (error instanceof GateError)
    return [error.message, ...(error.why === undefined ? [] : [error.why])].join(': ');
  return `the analysis threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

function placeOf(fixture: Fixture, file: string): string {
  return path.basename(fixture.root) === path.basename(fixture.path)
    ? `${fixture.path}/${file}`
    : fixture.path;
}
