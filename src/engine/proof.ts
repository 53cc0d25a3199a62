import type { Span } from './finding.ts';
import type { AnalysisContext } from './rule.ts';

/** A stretch of a file, and what takes its place. `start` equals `end` for an insertion. */
export interface Edit extends Span {
  readonly text: string;
}

/** A change to the program that a rule must notice. */
export interface Mutant {
  /** By any number of places of any files; they do not overlap. */
  readonly edits: readonly Edit[];
  /**
   * Where the rule must report, in the text before the change: a stretch that an edit touches stands for what takes its
   * place. Absent for the edits themselves.
   */
  readonly expect?: readonly Span[];
}

/** What an operator knows of the program: all that its rule does, and what the rule has looked at. */
export interface ProofView<Options = unknown> extends AnalysisContext {
  readonly options: Options;
  /** What the rule examined, in order. */
  readonly sites: readonly Span[];
}

/**
 * A way to break what a rule protects, or to rewrite code so that nothing breaks. It makes mutants only where it is
 * certain of the outcome: a mutant that lives is a hole in the gate, not in the operator.
 */
export interface Operator<Options = unknown> {
  /** Lower case words joined by hyphens. */
  readonly id: string;
  /** What it does to the code, in the third person: `takes the lock again while it is held`. */
  readonly summary: string;
  mutants(view: ProofView<Options>): Iterable<Mutant> | Promise<Iterable<Mutant>>;
}
