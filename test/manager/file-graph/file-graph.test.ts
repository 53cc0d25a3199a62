import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { buildFileGraph, fileGraphBytes, importersOf } from '../../../src/manager/file-graph/file-graph.ts';
import { makeDirectory } from '../fakes.ts';

async function write(files: Record<string, string>): Promise<string> {
  const root = await makeDirectory();
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return root;
}

test('has every source file, with its size and the files that it imports', async () => {
  const root = await write({
    'src/a.ts': "import { b } from './b.js';\nimport c from './c';\nexport const é = 1;\n",
    'src/b.ts': "export * from '../lib';\nimport fs from 'node:fs';\n",
    'src/c/index.ts': "const x = require('../a');\n",
    'lib/index.js': "import './gone.js';\n",
    'node_modules/x/index.js': '',
    'notes.md': 'from "./a"',
  });
  const graph = await buildFileGraph(root);
  expect([...graph.files.values()]).toEqual([
    { path: 'lib/index.js', bytes: 20, lines: 2, imports: [] },
    { path: 'src/a.ts', bytes: 70, lines: 4, imports: ['src/b.ts', 'src/c/index.ts'] },
    { path: 'src/b.ts', bytes: 50, lines: 3, imports: ['lib/index.js'] },
    { path: 'src/c/index.ts', bytes: 27, lines: 2, imports: ['src/a.ts'] },
  ]);
  expect(importersOf(graph, 'src/a.ts')).toEqual(['src/c/index.ts']);
});

test('grows with what it holds', async () => {
  const [small, large] = await Promise.all([
    buildFileGraph(await write({ 'a.ts': '' })),
    buildFileGraph(await write({ 'a.ts': "import './b';", 'b.ts': '' })),
  ]);
  expect(fileGraphBytes(large)).toBeGreaterThan(fileGraphBytes(small));
});

test('stops between two files when it is told to', async () => {
  const root = await write({ 'a.ts': '' });
  const reason = new Error('enough');
  const checkpoint = () => {
    throw reason;
  };
  await expect(buildFileGraph(root, checkpoint)).rejects.toBe(reason);
});

test('of a directory that is not there is an error', async () => {
  await expect(buildFileGraph('/nowhere/at/all')).rejects.toThrow('ENOENT');
});
