import { builtinRules } from '../../rules/index.ts';

/** The rules in three parts, which run side by side. */
export const LOCK_RULES = ruleIds((id) => /^(?:lock-|guarded-by|atomic-section|check-then-act)/.test(id));
export const INSERT_RULES = ruleIds((id) => /^(?:insert-|call-before|exclusive|mutate|paired)/.test(id));
export const CALL_RULES = ruleIds((id) => !LOCK_RULES.includes(id) && !INSERT_RULES.includes(id));

function ruleIds(isMeant: (id: string) => boolean): readonly string[] {
  return builtinRules.map(({ id }) => id).filter(isMeant);
}
