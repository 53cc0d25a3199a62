/** Mutants of a module that nothing can notice, and why. */
interface Excuse {
  /** As the test names them, or the name of a function for all that survive in it. */
  readonly mutants: readonly string[];
  readonly why: string;
}

export const excused: Readonly<Record<string, readonly Excuse[]>> = {};
