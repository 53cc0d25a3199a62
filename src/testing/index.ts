/** `ws-gate/testing`: tools that test rules. */

export type { FixtureKind } from './discover.ts';
export {
  type FixtureResult,
  type RuleTestOptions,
  type RuleTestProblem,
  type RuleTestReport,
  type RuleTestResult,
  testRules,
} from './fixtures.ts';
