import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** What is loaded along with a module, before any of it runs: packages by name, and how many files. */
function loadedWith(start: string): { packages: string[]; files: Set<string> } {
  const packages = new Set<string>();
  const files = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(STATIC_IMPORT)) {
      if (name.startsWith('.')) visit(path.resolve(path.dirname(file), name));
      else if (!name.startsWith('node:')) packages.add(name);
    }
  };
  visit(path.join(root, start));
  return { packages: [...packages].sort(), files };
}

/** An import or re-export that is still there when the types are gone. */
const STATIC_IMPORT = /^(?:import|export) (?!type\b)(?:[^;]*? from )?'([^']+)';/gm;

it.each([
  ['src/index.ts', []],
  ['src/cli/main.ts', []],
  ['src/cli/commands/rules.ts', ['picocolors']],
  ['src/cli/commands/explain.ts', ['picocolors']],
  ['src/cli/commands/check.ts', ['picocolors']],
])('%s loads no parser, no compiler and no schema library', (start, packages) => {
  const loaded = loadedWith(start);
  expect(loaded.packages).toEqual(packages);
  expect([...loaded.files].filter((file) => file.endsWith('src/syntax/ts.ts'))).toEqual([]);
});

it('sees what a rule loads when it runs', () => {
  const { files } = loadedWith('rules/lock-order/run.ts');
  expect(files.has(path.join(root, 'src/syntax/ts.ts'))).toBe(true);
});
