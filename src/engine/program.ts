import type { Oracle } from '../oracle/oracle.ts';
import type { SourceTree } from '../syntax/tree.ts';

/**
 * The code under analysis, as rules and analyses see it. Every read goes through here, so that an overlay
 * (a staged file, a mutant) is seen by all, and a cache can know what a result was made from.
 */
export interface Program {
  /** Absolute; the directory that reported paths are relative to. */
  readonly cwd: string;
  /** The files in scope: absolute, sorted. */
  readonly files: readonly string[];
  /** Text of a file, in scope or not (a dependency's declarations). Undefined when it cannot be read. */
  text(file: string): string | undefined;
  /** The files in scope whose text holds any of these words (plain substrings), sorted. */
  filesWith(words: readonly string[], ignoreCase?: boolean): readonly string[];
  /** The files in scope whose text holds any of these names, as a whole: `add` is not in `address`. Sorted. */
  filesNaming(names: Iterable<string>): readonly string[];
  /** The syntax tree of a file, parsed on first use. Undefined when the file cannot be read. */
  tree(file: string): SourceTree | undefined;
  /**
   * As {@link tree}, for who goes through the syntax of many files in search of a few: a tree that nobody has asked for
   * and that is of no interest is let go, and neither takes memory nor makes the compiler open its file.
   */
  treeIf(file: string, isOfInterest: (tree: SourceTree) => boolean): SourceTree | undefined;
  readonly oracle: Oracle;
  /** The path a report carries: relative to `cwd`, forward slashes. */
  relative(file: string): string;
}
