import { builtinRules } from '../../rules/index.ts';
import { loadConfig } from '../config/load.ts';
import { INTEGRITY } from '../config/rules.ts';
import { integrityMessages } from '../engine/integrity.ts';
import type { AnyRule } from '../engine/rule.ts';
import type { RuleInfo } from '../report/reporter.ts';
import type { FlagValues } from './args.ts';
import { configChoice, ruleInfo, rulePage, workingDirectory } from './context.ts';

/** The built-in rules and those of the config, by id, in alphabetical order, with `gate-integrity` among them. */
export async function allRuleInfos(flags: FlagValues): Promise<RuleInfo[]> {
  const { customRules } = await loadConfig({ cwd: workingDirectory(flags), ...configChoice(flags) });
  return describeRules([...builtinRules, ...customRules]);
}

/** What reporters and pages are told about rules; the one that the engine reports as is always among them. */
export function describeRules(rules: readonly AnyRule[]): RuleInfo[] {
  const infos = new Map(rules.map((rule) => [rule.id, ruleInfo(rule)]));
  if (!infos.has(INTEGRITY)) {
    infos.set(INTEGRITY, {
      id: INTEGRITY,
      summary: 'the gate sees what it was told to look at',
      defaultSeverity: 'error',
      messages: integrityMessages,
      page: rulePage(INTEGRITY),
    });
  }
  return [...infos.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
