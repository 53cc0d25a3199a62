import { reportName } from '../../src/analysis/config-name.ts';
import { declaredName } from '../../src/analysis/doc-tags.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import type { GuardedViolation } from '../../src/analysis/locks/guarded.ts';
import type { Pass, ReportStep } from '../../src/engine/rule.ts';
import type { MessageId } from './rule.ts';

const MESSAGES = {
  read: 'unguardedRead',
  write: 'unguardedWrite',
  requires: 'requiresLock',
  requiresShare: 'requiresLock',
  excludes: 'excludesLock',
  locks: 'locksInLockless',
} as const satisfies Record<GuardedViolation['kind'], MessageId>;

export async function run(pass: Pass<undefined, MessageId>): Promise<void> {
  const facts = await pass.use(lockFacts);
  const { annotations, watchers, nameOf, find } = facts;
  for (const [on, tags] of annotations.tags) {
    for (const tag of tags) {
      if (tag.on !== on) continue;
      pass.site(tag.at);
      if (tag.kind === 'lockless') continue;
      const problem = annotations.terms.problemOf(tag, annotations.heirsOf(tag), find, nameOf);
      if (problem)
        reportName({ ...pass, at: tag.at }, `@${tag.kind} of ${declaredName(on)}`, tag.name, problem);
    }
  }
  const results = watchers.guarded?.results();
  for (const { at, what } of results?.unresolved ?? []) pass.unresolved(at, what);
  for (const violation of results?.violations ?? []) {
    const { kind, at, annotation, subject, lock } = violation;
    const name = annotation.tag.name;
    pass.report({
      messageId: MESSAGES[kind],
      at,
      data: { subject: declaredName(subject), lock: lock ? nameOf(lock.cls) : name || 'a lock', name },
      trace: traceOf(violation),
    });
  }
}

/** From the annotation to the place that goes against it. */
function traceOf({ annotation, subject, steps }: GuardedViolation): readonly ReportStep[] {
  const { at, kind, name } = annotation.tag;
  return [{ at, message: `${declaredName(subject)}: @${kind}${name ? ` ${name}` : ''}` }, ...steps];
}
