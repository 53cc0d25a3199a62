import path from 'node:path';
import { builtinRules } from '../../rules/index.ts';
import { INTEGRITY } from '../config/rules.ts';
import type { UserConfig } from '../config/types.ts';
import { type CheckOptions, check as runCheck } from '../engine/check.ts';
import { GateError } from '../engine/error.ts';
import type { CheckResult, Finding } from '../engine/finding.ts';
import type { AnyRule } from '../engine/rule.ts';
import { didYouMean } from '../engine/suggest.ts';
import { startCompiler } from '../oracle/open.ts';
import type { Compiler } from '../oracle/oracle.ts';
import { discoverFixtures, type Fixture } from './discover.ts';
import { type FixtureConfig, readFixtureConfig } from './fixture-config.ts';
import { SharedCompiler } from './shared-compiler.ts';
import { matchWants, parseWants, type Want } from './wants.ts';

/** What to test. */
export interface RuleTestOptions {
  /** The fixture directory. Relative to the working directory, or absolute. */
  readonly dir: string;
  /** Rules that must have fixtures: rules of the project's own, or built-in ones. */
  readonly rules?: readonly AnyRule[];
  /** Run the fixtures of these rules only. */
  readonly only?: readonly string[];
  /** Analyses one fixture; default: the engine. */
  readonly check?: (options: CheckOptions) => Promise<CheckResult>;
}

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

export interface RuleTestResult {
  readonly ruleId: string;
  readonly fixtures: readonly FixtureResult[];
  /** What is wrong with the fixtures of the rule as a set. */
  readonly problems: readonly RuleTestProblem[];
}

export interface RuleTestReport {
  /** Absolute. */
  readonly dir: string;
  readonly rules: readonly RuleTestResult[];
  /** All problems, in order. The test passes when there are none. */
  readonly problems: readonly RuleTestProblem[];
}

/**
 * Runs the fixtures of rules, each as a program of its own with its rule alone, and holds the findings against
 * the `// want` comments, in both directions.
 *
 * @throws {GateError} when there is nothing to test
 */
export async function testRules(options: RuleTestOptions): Promise<RuleTestReport> {
  const { rules = [], only, check = runCheck } = options;
  const dir = path.resolve(options.dir);
  const registry = new Map([...builtinRules, ...rules].map((rule) => [rule.id, rule]));
  const required = [...new Set([...rules.map(({ id }) => id), ...(only ?? [])])];
  assertKnown(only ?? [], registry);

  const found = discoverFixtures(dir);
  const isWanted = (ruleId: string): boolean => only?.includes(ruleId) ?? true;
  const ruleIds = [...new Set([...found.ruleIds, ...required])].filter(isWanted).sort();
  const extraRules = rules.filter((rule) => !builtinRules.includes(rule));
  const compiler = new SharedCompiler(await startCompiler({ cwd: dir }));
  const results: RuleTestResult[] = [];
  try {
    for (const ruleId of ruleIds) {
      const fixtures = found.fixtures.filter((fixture) => fixture.ruleId === ruleId);
      results.push(
        ruleId === INTEGRITY || registry.has(ruleId)
          ? await runRule(ruleId, registry.get(ruleId), { fixtures, runner: { check, extraRules, compiler } })
          : { ruleId, fixtures: [], problems: [unknownRule(ruleId, registry)] },
      );
    }
  } finally {
    compiler.close();
  }
  const misnamed = found.problems.filter(({ path: place }) => isWanted(place.split('/')[0] ?? ''));
  const problems = results.flatMap((rule) => [
    ...rule.fixtures.flatMap((fixture) => fixture.problems),
    ...rule.problems,
  ]);
  return { dir, rules: results, problems: [...misnamed, ...problems] };
}

async function runRule(
  ruleId: string,
  rule: AnyRule | undefined,
  { fixtures, runner }: { readonly fixtures: readonly Fixture[]; readonly runner: Runner },
): Promise<RuleTestResult> {
  const runs: FixtureRun[] = [];
  for (const fixture of fixtures) runs.push(await runFixture(fixture, runner));
  return { ruleId, fixtures: runs.map(({ result }) => result), problems: judgeRule(ruleId, rule, runs) };
}

interface FixtureRun {
  readonly result: FixtureResult;
  readonly findings: readonly Finding[];
}

interface Runner {
  readonly check: (options: CheckOptions) => Promise<CheckResult>;
  readonly extraRules: readonly AnyRule[];
  readonly compiler: Compiler;
}

async function runFixture(fixture: Fixture, runner: Runner): Promise<FixtureRun> {
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
  { config }: FixtureConfig,
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

/** Holes in the fixtures of a rule as a set: what they would let pass although the rule is broken. */
function judgeRule(
  ruleId: string,
  rule: AnyRule | undefined,
  runs: readonly FixtureRun[],
): RuleTestProblem[] {
  const say = (message: string): RuleTestProblem => ({ path: ruleId, message });
  if (runs.length === 0) return [say('the rule has no fixtures')];
  const problems: RuleTestProblem[] = [];
  if (!runs.some(({ result }) => result.kind === 'bad')) problems.push(say('the rule has no .bad fixture'));
  const produced = new Set(
    runs
      .flatMap(({ findings }) => findings.filter((finding) => finding.ruleId === ruleId))
      .map((f) => f.messageId),
  );
  if (produced.size === 0) problems.push(say('the rule never fires'));
  // The messages of the gate itself also tell of things that no fixture can show, such as an empty scope.
  const declared = rule && ruleId !== INTEGRITY ? Object.keys(rule.messages) : [];
  const silent = declared.filter((id) => !produced.has(id));
  if (silent.length > 0) problems.push(say(`no fixture produces the message ${silent.join(', ')}`));
  return problems;
}

function unknownRule(ruleId: string, registry: ReadonlyMap<string, AnyRule>): RuleTestProblem {
  return { path: ruleId, message: `there is no rule "${ruleId}"${didYouMean(ruleId, registry.keys())}` };
}

function assertKnown(ids: readonly string[], registry: ReadonlyMap<string, AnyRule>): void {
  const unknown = ids.find((id) => id !== INTEGRITY && !registry.has(id));
  if (unknown === undefined) return;
  throw new GateError(
    `unknown rule "${unknown}"${didYouMean(unknown, registry.keys())}`,
    'run `ws-gate rules` for the list of rules',
  );
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
