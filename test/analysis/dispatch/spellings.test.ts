import { describe, expect, it } from 'vitest';
import { spellings } from '../../../src/analysis/dispatch/spellings.ts';
import type { Program } from '../../../src/engine/program.ts';
import { SourceTree } from '../../../src/syntax/tree.ts';

/** A program without a compiler: texts and trees. */
function programOf(texts: Readonly<Record<string, string>>): Program {
  const files = Object.keys(texts);
  const filesWith = (words: Iterable<string>): string[] =>
    files.filter((file) => [...words].some((word) => texts[file]?.includes(word)));
  const tree = (file: string): SourceTree => new SourceTree(file, texts[file] ?? '');
  return {
    cwd: '/',
    files,
    text: (file) => texts[file],
    filesWith,
    filesNaming: filesWith,
    tree,
    treeIf: tree,
    get oracle(): never {
      throw new Error('spelling needs no compiler');
    },
    relative: (file) => file,
  };
}

function spelt(texts: Readonly<Record<string, string>>): Record<string, string[]> {
  const words = spellings(programOf({ '/docker.ts': 'export function halt() {}', ...texts }), 'halt');
  return Object.fromEntries([...words].map(([file, known]) => [file, [...known].sort()]));
}

describe('spellings', () => {
  it('knows the name where it is declared and imported', () => {
    const texts = { '/app.ts': "import { halt } from './docker.ts';" };
    expect(spelt(texts)).toEqual({ '/docker.ts': ['halt'], '/app.ts': ['halt'] });
  });

  it('follows an import that renames', () => {
    const texts = { '/app.ts': "import { halt as cease } from './docker.ts';" };
    expect(spelt(texts)['/app.ts']).toEqual(['cease', 'halt']);
  });

  it('follows a re-export that renames, to files that never hold the name', () => {
    const texts = {
      '/index.ts': "export { halt as cease } from './docker.ts';",
      '/app.ts': "import { cease as quit } from './index.ts';",
    };
    expect(spelt(texts)['/app.ts']).toEqual(['cease', 'quit']);
  });

  it('follows a name through an import and an export of one file', () => {
    const texts = {
      '/index.ts': "import { halt as a } from './docker.ts';\nexport { a as b };",
      '/app.ts': "import { b } from './index.ts';",
    };
    expect(spelt(texts)['/app.ts']).toEqual(['b']);
  });

  it.each([
    ['a declaration', 'export default function halt() {}'],
    ['an assignment', 'function halt() {}\nexport default halt;'],
    ['an export list', 'function halt() {}\nexport { halt as default };'],
  ])('follows a default export by %s', (_, docker) => {
    const texts = {
      '/docker.ts': docker,
      '/index.ts': "export { default as cease } from './docker.ts';",
      '/app.ts': "import quit from './docker.ts';\nimport { cease } from './index.ts';",
    };
    expect(spelt(texts)['/app.ts']).toEqual(['cease', 'default', 'quit']);
  });

  it('follows the default export of an index by the name of its directory', () => {
    const texts = {
      '/docker.ts': '',
      '/docker/index.ts': 'export default function halt() {}',
      '/app.ts': "import quit from './docker/index.ts';",
    };
    expect(spelt(texts)['/app.ts']).toEqual(['default', 'quit']);
  });

  it('ends on re-exports in a circle', () => {
    const texts = {
      '/a.ts': "export { halt as cease } from './b.ts';",
      '/b.ts': "export { cease as halt } from './a.ts';",
    };
    expect(Object.keys(spelt(texts)).sort()).toEqual(['/a.ts', '/b.ts', '/docker.ts']);
  });
});
