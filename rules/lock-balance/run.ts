import { lockFacts } from '../../src/analysis/locks/facts.ts';
import type { Pass } from '../../src/engine/rule.ts';
import type { MessageId } from './rule.ts';

export async function run(pass: Pass<undefined, MessageId>): Promise<void> {
  const facts = await pass.use(lockFacts);
  for (const site of facts.sites) pass.site(site);
  for (const { at, what } of facts.unresolved) pass.unresolved(at, what);
  for (const { at, lock } of facts.watchers.balance?.unresolved() ?? [])
    pass.unresolved(
      at,
      `whether ${facts.nameOf(lock.cls)} is given back, in too many states of the function`,
    );
  for (const { kind, lock, at, how, trace } of facts.watchers.balance?.problems() ?? []) {
    const name = facts.nameOf(lock.cls);
    pass.report({ messageId: kind, at, data: { lock: name, how }, trace });
  }
}
