/** `ws-gate/testing`: tools that test rules. */

export type { FixtureKind } from './discover.ts';
export type { FixtureResult, RuleTestProblem } from './fixture-run.ts';
export {
  type RuleTestOptions,
  type RuleTestReport,
  type RuleTestResult,
  testRules,
} from './fixtures.ts';
