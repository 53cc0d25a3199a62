import path from 'node:path';
import type { Span } from '../engine/finding.ts';
import type { Pass } from '../engine/rule.ts';

/** A declaration as a config names it: `stopContainer`, `Provisioner.stop`, `src/backend.ts#Provisioner.stop`. */
export interface ConfigName {
  /** Relative to the directory of the config, forward slashes; absent where any file will do. */
  readonly file: string | undefined;
  /** The names of what is around the declaration, outermost first, and its own, joined by dots. */
  readonly name: string;
}

/** Splits the file off a name. The `#` of a private member follows a dot, that of a file does not. */
export function parseConfigName(text: string): ConfigName {
  const [, file, name = text] = /^(?:([^#]*[^#.])#)?(.*)$/s.exec(text) ?? [];
  return { file, name };
}

/** The absolute path of a file that a config names, as the program spells it. */
export function resolvePath(root: string, file: string): string {
  return path.resolve(root, file).split(path.sep).join('/');
}

/** The last part of a dotted name: the word that every mention of the declaration holds. */
export function lastSegment(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Why a name in the config stands for no one thing: nothing goes by it, or several things do. */
export interface NameProblem {
  readonly kind: 'unknown' | 'ambiguous';
  /** What it may have meant, or all that go by it. */
  readonly candidates: readonly string[];
}

/** Reports a name that stands for no one thing; `at` for one that is not written in the config. */
export function reportName(
  pass: Pick<Pass, 'unknownName' | 'ambiguousName'> & { readonly at?: Span },
  where: string,
  name: string,
  { kind, candidates }: NameProblem,
): void {
  if (kind === 'ambiguous') pass.ambiguousName(where, name, candidates, pass.at);
  else pass.unknownName(where, name, candidates, pass.at);
}
