import type { Span } from '../../engine/finding.ts';
import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { NameProblem } from '../config-name.ts';
import { isCallable, type Target, type Targets } from '../dispatch/targets.ts';
import { functionOf } from '../doc-tags.ts';
import { readTagged } from './tagged.ts';
import { MUST_USE_TAG, TEST_ONLY_TAG } from './words.ts';

/** What a rule is about: by the config, or by a tag of its own. */
export interface Subjects {
  readonly targets: readonly Target[];
  /** Names of the config that stand for no one thing. */
  readonly problems: readonly (NameProblem & { readonly name: string })[];
  /** Tags that are on nothing that they could be about. */
  readonly idle: readonly Span[];
}

/** The declarations that such a tag can be about. */
const SUBJECTS = {
  [TEST_ONLY_TAG]: (node: Ts.Node) =>
    !ts.isIndexSignatureDeclaration(node) && !ts.isSemicolonClassElement(node),
  // A variable may hold a function that its initializer does not show.
  [MUST_USE_TAG]: (node: Ts.Node) =>
    functionOf(node) !== undefined || ts.isVariableDeclaration(node) || ts.isClassDeclaration(node),
};

export function findSubjects(
  program: Program,
  targets: Targets,
  { tag, functions }: { readonly tag: keyof typeof SUBJECTS; readonly functions: readonly string[] },
): Subjects {
  const { declarations, idle } = readTagged(program, tag, SUBJECTS[tag]);
  const named: Target[] = [];
  const problems: (NameProblem & { readonly name: string })[] = [];
  for (const name of functions) {
    const resolution = targets.resolve(name, (node) => isCallable(node) || ts.isClassDeclaration(node));
    if ('target' in resolution) named.push(resolution.target);
    else problems.push({ ...resolution, name });
  }
  const isNamed = (node: Ts.Node): boolean => named.some((target) => target.declarations.has(node));
  const tagged = [...declarations.keys()].filter((node) => !isNamed(node)).map((node) => targets.of(node));
  return { targets: [...named, ...tagged], problems, idle };
}
