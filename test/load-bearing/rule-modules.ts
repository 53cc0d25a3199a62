import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AnyRule } from '../../src/engine/rule.ts';
import { ts } from '../../src/syntax/ts.ts';
import { type Branch, instrument } from './branches.ts';
import { ownModules, repository } from './own-modules.ts';
import type { Switchboard } from './switchboard.ts';

/** A rule whose branches ask a switchboard which way to go. */
export interface AskingRule {
  readonly rule: AnyRule;
  readonly branches: readonly Branch[];
}

type Exports = Readonly<Record<string, unknown>>;

/**
 * Loads the modules of a rule once more, with branches that ask. What these import is the same as for everybody, so
 * that analyses are shared; nothing is written to disk.
 */
export async function loadAsking(ruleId: string, board: Switchboard): Promise<AskingRule> {
  const branches: Branch[] = [];
  const codes = new Map<string, string>();
  const imported = new Set<string>();
  for (const name of ownModules(ruleId)) {
    const file = path.join(repository, name);
    const text = readFileSync(file, 'utf8');
    const asking = instrument(text, name, branches.length);
    branches.push(...asking.branches);
    codes.set(file, asking.code);
    for (const { fileName } of ts.preProcessFile(text).importedFiles) imported.add(resolve(file, fileName));
  }
  const loaded = new Map<string, Exports>();
  for (const file of imported) {
    if (!codes.has(file) && path.basename(file) !== 'prove.ts')
      loaded.set(file, (await import(file)) as Exports);
  }
  const load = (file: string): Exports => {
    const known = loaded.get(file);
    if (known) return known;
    const code = codes.get(file);
    if (code === undefined) throw new Error(`${file} is not among the modules of ${ruleId}`);
    const exports = {};
    loaded.set(file, exports);
    const evaluate = new Function(
      'require',
      'exports',
      '__decide',
      `let __left;${code}\n//# sourceURL=${file}`,
    );
    evaluate((name: string) => load(resolve(file, name)), exports, board.decide);
    return exports;
  };
  const rule = Object.values(load(path.join(repository, 'rules', ruleId, 'rule.ts'))).find(
    (one): one is AnyRule => typeof one === 'object' && one !== null && 'id' in one && one.id === ruleId,
  );
  if (!rule) throw new Error(`rules/${ruleId}/rule.ts exports no rule of that name`);
  return { rule, branches };
}

function resolve(file: string, name: string): string {
  return name.startsWith('.') ? path.resolve(path.dirname(file), name) : name;
}
