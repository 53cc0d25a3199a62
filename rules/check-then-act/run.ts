import { lockFacts } from '../../src/analysis/locks/facts.ts';
import type { Pass } from '../../src/engine/rule.ts';
import type { MessageId } from './rule.ts';

export async function run(pass: Pass<undefined, MessageId>): Promise<void> {
  const { sites, unresolved, watchers, nameOf } = await pass.use(lockFacts);
  for (const site of sites) pass.site(site);
  for (const { at, what } of unresolved) pass.unresolved(at, what);
  const found = watchers.stale?.found() ?? [];
  for (const { at, what } of watchers.stale?.unresolved() ?? []) pass.unresolved(at, what);
  for (const { kind, lock, what, other, at, steps } of found) {
    pass.report({
      messageId: kind === 'decision' ? 'staleDecision' : 'tornSnapshot',
      at,
      data: { lock: nameOf(lock), what, other },
      trace: steps.map((step) =>
        'message' in step ? step : { at: step.at, message: `${nameOf(step.acquires)} acquired here` },
      ),
    });
  }
}
