import { lastSegment, parseConfigName, resolvePath } from '../../src/analysis/config-name.ts';
import { acquiredAt, type CallbackUnderLock } from '../../src/analysis/locks/callbacks.ts';
import { callbackFacts } from '../../src/analysis/locks/facts.ts';
import { callSteps } from '../../src/analysis/locks/trace.ts';
import type { Pass } from '../../src/engine/rule.ts';
import type { LockCallbackOptions, MessageId } from './rule.ts';

export async function run(pass: Pass<LockCallbackOptions, MessageId>): Promise<void> {
  const facts = await pass.use(callbackFacts);
  for (const site of facts.sites) pass.site(site);
  for (const { at, what } of facts.unresolved) pass.unresolved(at, what);
  const { allow, callbacks } = pass.options;
  const used = new Set<string>();
  for (const found of facts.watchers.callbacks?.found() ?? []) {
    const named = callbacks.filter((name) => isNamed(found, name, pass.root));
    for (const name of named) used.add(name);
    if (found.isPlain && named.length === 0) continue;
    const allowed = allow.filter((name) => isNamed(found, name, pass.root));
    for (const name of allowed) used.add(name);
    if (allowed.length > 0) continue;
    const { held, via, at } = found;
    const callback = found.names[0]?.name ?? '';
    const lock = facts.nameOf(held.lock.cls);
    pass.report({
      messageId: 'callbackUnderLock',
      at: acquiredAt(held).at,
      data: { callback, lock },
      trace: [
        ...callSteps(held.via),
        { at: held.at, message: `${lock} acquired here` },
        ...callSteps(via),
        { at, message: `calls ${callback}` },
      ],
    });
  }
  for (const name of callbacks.filter((one) => !used.has(one))) {
    // One that is called under no lock is as it should be; one that nobody has written is a mistake.
    const word = lastSegment(parseConfigName(name).name);
    if (pass.program.filesWith([word]).length === 0) pass.unknownName('lock-callback.callbacks', name, []);
  }
  for (const name of allow.filter((one) => !used.has(one))) {
    pass.stale(
      `lock-callback.allow names ${name}, which is called under no lock`,
      `remove ${name}, or correct the name`,
    );
  }
}

/** Whether a name in the config stands for a callback: by its full name, in the file that it gives. */
function isNamed({ names }: CallbackUnderLock, text: string, root: string): boolean {
  const { file, name } = parseConfigName(text);
  const path = file === undefined ? undefined : resolvePath(root, file);
  return names.some((one) => one.name === name && (path === undefined || one.file === path));
}
