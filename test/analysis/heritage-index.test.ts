import { expect, test } from 'vitest';
import { HeritageIndex } from '../../src/analysis/heritage-index.ts';
import type { Program } from '../../src/engine/program.ts';

function programOf(files: Record<string, string>): Program {
  return {
    files: Object.keys(files),
    text: (file: string) => files[file],
    filesWith: (words: readonly string[]) =>
      Object.keys(files).filter((file) => words.some((word) => files[file]?.includes(word))),
  } as unknown as Program;
}

const program = programOf({
  'direct.ts': 'class Lamp extends Device<{ watts: number }> implements Switchable, base.Named {}',
  'renamed.ts': "import { Device as Gadget } from './device';\nclass Radio extends Gadget {}",
  'default.ts': "import Anything from './device';\nclass Clock extends Anything {}",
  'mention.ts': 'interface Plain {}\nconst device: Device = new Device(); // extends nothing\n',
  'generic.ts': 'function pick<T extends Device>(one: T): T { return one; }',
});

test('the files whose heritage clauses may speak of a type are found by their text', () => {
  const found = (name: string): readonly string[] => new HeritageIndex(program).filesWithHeirs(name);
  expect(found('Device')).toEqual(['direct.ts', 'renamed.ts', 'generic.ts', 'default.ts']);
  expect(found('Switchable')).toEqual(['direct.ts', 'default.ts']);
  expect(found('Named')).toEqual(['direct.ts', 'default.ts']);
  expect(found('Lamp')).toEqual(['default.ts']);
});
