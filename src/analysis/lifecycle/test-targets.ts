import type { Span } from '../../engine/finding.ts';
import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { NameProblem } from '../config-name.ts';
import type { Target, Targets } from '../dispatch/targets.ts';
import { readTagged } from './tagged.ts';
import { TEST_ONLY_TAG } from './words.ts';

/** What only tests may refer to: by the config, or by a tag of its own. */
export interface TestTargets {
  readonly targets: readonly Target[];
  /** Names of the config that stand for no one thing. */
  readonly problems: readonly (NameProblem & { readonly name: string })[];
  /** Tags that are on nothing. */
  readonly idle: readonly Span[];
}

export function findTestTargets(
  program: Program,
  targets: Targets,
  functions: readonly string[],
): TestTargets {
  const { declarations, idle } = readTagged(program, TEST_ONLY_TAG, isValue);
  const named: Target[] = [];
  const problems: (NameProblem & { readonly name: string })[] = [];
  for (const name of functions) {
    const resolution = targets.resolve(name);
    if ('target' in resolution) named.push(resolution.target);
    else problems.push({ ...resolution, name });
  }
  const isNamed = (node: Ts.Node): boolean => named.some((target) => target.declarations.has(node));
  const tagged = [...declarations.keys()].filter((node) => !isNamed(node)).map((node) => targets.of(node));
  return { targets: [...named, ...tagged], problems, idle };
}

/** Whether something is there when the program runs. */
function isValue(node: Ts.Node): boolean {
  return !ts.isIndexSignatureDeclaration(node) && !ts.isSemicolonClassElement(node);
}
