import { expect, test } from 'vitest';
import { BUILTIN_PRIMITIVES } from '../../../src/analysis/locks/primitives.ts';
import { lockVocabulary } from '../../../src/analysis/locks/vocabulary.ts';
import type { Program } from '../../../src/engine/program.ts';
import { SourceTree } from '../../../src/syntax/tree.ts';

/** The names under which a file keeps methods of locks. */
function boundIn(text: string): readonly string[] {
  const tree = new SourceTree('/p/a.ts', text);
  const program = {
    filesWith: () => ['/p/a.ts'],
    filesNaming: () => ['/p/a.ts'],
    text: () => text,
    tree: () => tree,
  } as unknown as Program;
  return [...lockVocabulary(program, BUILTIN_PRIMITIVES).bound];
}

test('methods of locks are bound by their names', () => {
  expect(boundIn('const run = mu.runExclusive.bind(mu); const take = mu.acquire;')).toEqual(['run', 'take']);
});

test('`request` is a method of the locks of the browser, and everybody has one of that name', () => {
  expect(boundIn('const request = navigator.locks.request.bind(navigator.locks);')).toEqual(['request']);
  expect(boundIn('const request = client.request; const send = http.request.bind(http);')).toEqual([]);
});
