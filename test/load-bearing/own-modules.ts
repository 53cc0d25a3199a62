import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const repository = path.resolve(import.meta.dirname, '../..');

/**
 * The modules that decide what a rule finds, and nothing else: those in its folder, and those of the analysis that
 * only these import. Relative to the repository.
 */
export function ownModules(ruleId: string): readonly string[] {
  const importers = importersOfModules();
  const inFolder = [...importers.keys()].filter((file) => file.startsWith(`rules/${ruleId}/`));
  const own = new Set(inFolder);
  for (let before = 0; before < own.size; ) {
    before = own.size;
    for (const [file, by] of importers) {
      if (file.startsWith('src/analysis/') && by.length > 0 && by.every((one) => own.has(one))) own.add(file);
    }
  }
  return [...own].sort();
}

/** The modules that have a say in findings, with those of them that import each for more than its types. */
function importersOfModules(): ReadonlyMap<string, readonly string[]> {
  const files = ['rules', 'src']
    .flatMap((dir) =>
      readdirSync(path.join(repository, dir), { recursive: true, encoding: 'utf8' }).map(
        (file) => `${dir}/${file}`,
      ),
    )
    .filter((file) => file.endsWith('.ts') && hasSay(file));
  const importers = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const file of files) {
    for (const imported of importsOf(file)) importers.get(imported)?.push(file);
  }
  return importers;
}

/**
 * Operators of a proof say how code is broken, what is published for others has no say in what is found here, and what
 * only spares a file the parser errs on the safe side: a test of its own compares it with the trees.
 */
function hasSay(file: string): boolean {
  const name = path.basename(file);
  return name !== 'prove.ts' && !name.startsWith('glance') && file !== 'src/analysis/index.ts';
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(path.join(repository, file), 'utf8');
  const statements = text.matchAll(
    /^(?:import|export) (?!type\b)[^;]*?from '(\.[^']+)';|import\('(\.[^']+)'\)/gm,
  );
  return [...statements].map(([, fixed, dynamic]) => path.join(path.dirname(file), fixed ?? dynamic ?? ''));
}
