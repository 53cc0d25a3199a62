import { type Branch, WAYS } from './branches.ts';

/** A rule in which one branch goes one way, whatever its condition says. */
export interface Mutant {
  readonly branch: Branch;
  /** The outcome that the branch is held to. */
  readonly outcome: boolean;
  /** As the lists of mutants write it: `judge: innerRank === outerRank, always true`. */
  readonly name: string;
}

/** Both mutants of each branch. */
export function mutantsOf(branches: readonly Branch[]): readonly Mutant[] {
  return branches.flatMap((branch) =>
    [true, false].map((outcome) => {
      const [yes, no] = WAYS[branch.kind];
      return { branch, outcome, name: `${branch.name}, ${outcome ? yes : no}` };
    }),
  );
}

/** A mutant keeps asking and never comes to an end. */
class EndlessError extends Error {}

/** More questions than any fixture needs. */
const ENDLESS = 2_000_000;

/** Answers the branches: which way to go. Keeps account of what they would do by themselves. */
export class Switchboard {
  #held: Mutant | undefined;
  #questions = 0;
  readonly #outcomes = { true: new Set<number>(), false: new Set<number>() };

  readonly decide = (id: number, value: unknown): unknown => {
    const outcome = Boolean(value);
    if (this.#held?.branch.id !== id) {
      this.#outcomes[`${outcome}`].add(id);
      return value;
    }
    this.#questions += 1;
    if (this.#questions > ENDLESS) throw new EndlessError(`${this.#held.name} never ends`);
    return outcome === this.#held.outcome ? value : this.#held.outcome;
  };

  /** Runs some work with a mutant in place of the rule. */
  async hold<T>(mutant: Mutant, work: () => Promise<T>): Promise<T> {
    this.#held = mutant;
    this.#questions = 0;
    try {
      return await work();
    } finally {
      this.#held = undefined;
    }
  }

  /**
   * Which mutants would have gone another way than the rule itself did since this was last asked: the others change
   * nothing.
   */
  takeDifferences(): (mutant: Mutant) => boolean {
    const seen = { true: new Set(this.#outcomes.true), false: new Set(this.#outcomes.false) };
    this.#outcomes.true.clear();
    this.#outcomes.false.clear();
    return ({ branch, outcome }) => seen[`${!outcome}`].has(branch.id);
  }
}
