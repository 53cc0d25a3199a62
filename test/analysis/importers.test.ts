import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Code } from '../../src/analysis/code.ts';
import { importersOf } from '../../src/analysis/importers.ts';
import { ProgramHost } from '../../src/engine/program-host.ts';
import { SourceTexts } from '../../src/engine/texts.ts';
import { startCompiler } from '../../src/oracle/open.ts';
import { tempDir } from '../support/temp-dir.ts';

const compiler = await startCompiler({ cwd: import.meta.dirname });

describe('importersOf', () => {
  it.each([
    ["import type { A } from './a.js';"],
    ["import { type A } from './a';"],
    ["import {\n  type A,\n} from './a.ts';"],
    ["export * from './a.ts';"],
    ["import './a.ts';"],
    ["const a = import('./a.ts');"],
    ["const a = require('./a');"],
    ["import a = require('./a');"],
    ["export type A = import('./a.ts').A;"],
    ["import type { A } from '@app/a';"],
  ])('follows %s', async (text) => {
    expect(await importers({ 'a.ts': 'export interface A {}', 'b.ts': text, 'c.ts': 'export {};' })).toEqual([
      'a.ts',
      'b.ts',
    ]);
  });

  it('goes any distance, through the index of a directory, and round in circles', async () => {
    const files = {
      'a.ts': "export interface A {}\nimport './lib/far.ts';",
      'lib/index.ts': "export * from '../a.ts';",
      'lib/far.ts': "import { A } from '.';",
      'far.ts': "import { A } from './lib';",
      'other.ts': "import './lib/other.ts'; import path from 'node:path'; import zod from 'zod';",
    };
    expect(await importers(files)).toEqual(['a.ts', 'far.ts', 'lib/far.ts', 'lib/index.ts']);
  });

  it.each([
    ['is a script', 'interface A {}'],
    ['adds to the globals', 'export interface A {}\ndeclare global { var a: A; }'],
    ['adds to a module', "export interface A {}\ndeclare module 'fastify' { interface I { a: A } }"],
  ])('is every file where one of them %s', async (_, text) => {
    expect(await importers({ 'a.ts': text, 'b.ts': 'export {};' })).toEqual(['a.ts', 'b.ts']);
  });
});

/** The files that can know what `a.ts` declares. */
async function importers(files: Readonly<Record<string, string>>): Promise<string[]> {
  const compilerOptions = { module: 'esnext', moduleResolution: 'bundler', paths: { '@app/*': ['./*'] } };
  const root = tempDir({ ...files, 'tsconfig.json': JSON.stringify({ compilerOptions }) });
  const program = new ProgramHost({
    cwd: root,
    files: Object.keys(files)
      .map((file) => path.join(root, file))
      .sort(),
    projects: [path.join(root, 'tsconfig.json')],
    texts: new SourceTexts(),
    compiler: () => Promise.resolve(compiler),
  });
  await program.open();
  return [...importersOf(new Code(program), [path.join(root, 'a.ts')])]
    .map((file) => program.relative(file))
    .sort();
}
