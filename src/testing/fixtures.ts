import path from 'node:path';
import { builtinRules } from '../../rules/index.ts';
import { INTEGRITY } from '../config/rules.ts';
import { type CheckOptions, check as runCheck } from '../engine/check.ts';
import { GateError } from '../engine/error.ts';
import type { CheckResult } from '../engine/finding.ts';
import type { AnyRule } from '../engine/rule.ts';
import { didYouMean } from '../engine/suggest.ts';
import { startCompiler } from '../oracle/open.ts';
import { discoverFixtures, type Fixture } from './discover.ts';
import {
  type FixtureResult,
  type FixtureRun,
  type RuleTestProblem,
  type Runner,
  runFixture,
} from './fixture-run.ts';
import { SharedCompiler } from './shared-compiler.ts';

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
