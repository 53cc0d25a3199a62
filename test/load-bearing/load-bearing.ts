import { expect, it } from 'vitest';
import { excused } from './excused.ts';
import open from './open.json' with { type: 'json' };
import { tryMutants } from './trial.ts';

/**
 * Disables each branch of some rules in turn, and wants a fixture of the rule to notice.
 *
 * Mutants that nothing notices stand on one of two lists: those that cannot be noticed, each with the reason, and those
 * that nobody has judged yet. A mutant leaves the list as soon as a fixture notices it.
 */
export function wantsEachBranchNoticed(ruleIds: readonly string[]): void {
  it.each(ruleIds)('%s: a fixture notices each branch that is disabled', async (ruleId) => {
    const { mutants, survivors } = await tryMutants(ruleId);
    const files = new Set(mutants.map(({ branch }) => branch.file));
    const listed = [...files].flatMap((file) => listedIn(file).map((entry) => ({ file, entry })));
    const isMeant = (file: string, entry: string) => (mutant: (typeof mutants)[number]) =>
      mutant.branch.file === file && (mutant.name === entry || mutant.name.startsWith(`${entry}: `));
    expect({
      unnoticed: survivors
        .filter((mutant) => !listed.some(({ file, entry }) => isMeant(file, entry)(mutant)))
        .map(({ branch, name }) => `${branch.file} ${name}`),
      noticedOrGone: listed
        .filter(({ file, entry }) => !survivors.some(isMeant(file, entry)))
        .map(({ file, entry }) => `${file} ${entry}`),
    }).toEqual({ unnoticed: [], noticedOrGone: [] });
  });
}

function listedIn(file: string): readonly string[] {
  const unjudged: Readonly<Record<string, readonly string[]>> = open;
  return [...(unjudged[file] ?? []), ...(excused[file] ?? []).flatMap(({ mutants }) => mutants)];
}
