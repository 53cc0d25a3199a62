import path from 'node:path';
import { expect, test } from 'vitest';
import { startCompiler } from '../../src/oracle/open.ts';
import { tempDir } from '../support/temp-dir.ts';

const HEAD = 'export class Door {\n  shut(): void {}\n}\n';
const BEFORE = `${HEAD}export function go(door: Door): void { door.shut(); }\n`;
const AFTER = `${HEAD}export function go(door: Door): void { for (;;) door.shut(); }\n`;
const TSCONFIG = '{ "compilerOptions": { "module": "nodenext", "types": [] }, "include": ["*.ts"] }';

test.each([
  ['of no project', {}],
  ['of a project', { 'tsconfig.json': TSCONFIG }],
])('a file %s is opened again with its text of then, and with its first one after that', async (_, extra) => {
  const dir = tempDir({ 'door.ts': BEFORE, ...extra });
  const file = path.join(dir, 'door.ts');
  let text: string | undefined;
  const overlay = (name: string): string | undefined => (name === file ? text : undefined);
  const compiler = await startCompiler({ cwd: dir, overlay });
  try {
    const projects = Object.keys(extra).map((name) => path.join(dir, name));
    for (const project of projects) compiler.readProject(project);
    const nameIn = (source: string) => [source.indexOf('shut(', HEAD.length)];
    const names = (symbols: readonly ({ readonly name: string } | undefined)[]) =>
      symbols.map((symbol) => symbol?.name);
    expect(names(compiler.open({ projects, files: [file] }).symbols(file, nameIn(BEFORE)))).toEqual(['shut']);
    text = AFTER;
    expect(names(compiler.reopen([file]).symbols(file, nameIn(AFTER)))).toEqual(['shut']);
    text = undefined;
    expect(names(compiler.reopen([]).symbols(file, nameIn(BEFORE)))).toEqual(['shut']);
  } finally {
    compiler.close();
  }
});
