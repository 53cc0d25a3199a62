import { expect, test } from 'vitest';
import { BUILTIN_PRIMITIVES } from '../../../src/analysis/locks/primitives.ts';
import { LockReach } from '../../../src/analysis/locks/reach.ts';
import { lockVocabulary } from '../../../src/analysis/locks/vocabulary.ts';
import { ts } from '../../../src/syntax/ts.ts';
import { oneFile } from '../inserts/program.ts';
import { nodesIn } from './parts.ts';

/** Whether a function with this body leads to a lock, in a program that keeps one under the name `mu`. */
function leads(body: string): boolean {
  const { source, code } = oneFile(`class Keeper { mu = new Mutex(); }\nfunction judged() { ${body} }`);
  const reach = new LockReach(
    code,
    lockVocabulary(code.program, BUILTIN_PRIMITIVES),
    () => false,
    () => false,
  );
  const [judged] = nodesIn(source, ts.isFunctionDeclaration);
  if (!judged) throw new Error('there is no function to judge');
  return reach.leads(judged);
}

test('what is read under the name of a lock may be that lock', () => {
  expect(leads('return keeper.mu;')).toBe(true);
  expect(leads('const { mu: lock } = keeper; return lock;')).toBe(true);
  expect(leads('let lock; ({ mu: lock } = keeper); return lock;')).toBe(true);
  expect(leads('let lock; [{ mu: lock }] = keepers; return lock;')).toBe(true);
  expect(leads('let lock; for ({ mu: lock } of keepers) use(lock);')).toBe(true);
});

test('a part of a literal or a type that has the name of a lock is none for that', () => {
  expect(leads('return { mu: 1 };')).toBe(false);
  expect(leads('return [{ mu: 1 }];')).toBe(false);
  expect(leads('for (const one of [{ mu: 1 }]) use(one);')).toBe(false);
  expect(leads('return row as { mu: number };')).toBe(false);
});
