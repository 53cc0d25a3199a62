import type { CheckRun } from '../engine/check.ts';
import type { Span } from '../engine/finding.ts';
import type { Mutant } from '../engine/proof.ts';
import { parse } from './nodes.ts';
import { rewrites } from './rewrites.ts';

/** A rewrite of a file, and the rules that must not mind it: those that look at something there. */
export interface Rewrite {
  readonly operator: string;
  readonly mutant: Mutant;
  readonly rules: readonly string[];
}

/**
 * Each file that rules look at, rewritten so that nothing changes: in one of the ways, by turns, or in all of them.
 *
 * @param proved the rules that are proved, and what they examined
 */
export async function preservingMutants(
  base: CheckRun,
  proved: readonly { readonly ruleId: string; readonly sites: readonly Span[] }[],
  ways: 'by turns' | 'all',
): Promise<readonly Rewrite[]> {
  const { program, rules: configured } = await base.prepare();
  // What a config names is where the config says.
  const options = JSON.stringify(
    configured.rules
      .filter(({ rule }) => proved.some(({ ruleId }) => ruleId === rule.id))
      .map((one) => one.options),
  );
  const isNamed = (name: string): boolean => options.includes(`${name}"`);
  const rulesOf = new Map<string, Set<string>>();
  // A comment that silences a rule stays, where what it is about may move.
  const excused = new Set(base.silenced.map(({ ruleId, at }) => `${ruleId} ${at.file}`));
  for (const { ruleId, sites } of proved) {
    for (const { file } of sites) {
      if (excused.has(`${ruleId} ${file}`)) continue;
      rulesOf.set(file, (rulesOf.get(file) ?? new Set()).add(ruleId));
    }
  }
  const files = [...rulesOf].sort(([a], [b]) => (a < b ? -1 : 1));
  return files.flatMap(([file, rules], index) => {
    const text = program.text(file);
    if (text === undefined) return [];
    // A tree of its own, with the comments of documentation: what moves takes them along.
    const source = parse(text, file);
    const possible = Object.entries(rewrites).flatMap(([operator, editsOf]): Rewrite[] => {
      const edits = editsOf(source, isNamed).map((edit) => ({ ...edit, file }));
      return edits.length === 0 ? [] : [{ operator, mutant: { edits }, rules: [...rules] }];
    });
    return ways === 'all' ? possible : possible.slice(index % possible.length).slice(0, 1);
  });
}
