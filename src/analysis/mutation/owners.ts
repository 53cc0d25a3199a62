import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type NameProblem, parseConfigName } from '../config-name.ts';
import { AllowedPlaces } from '../dispatch/allowed.ts';
import type { Targets } from '../dispatch/targets.ts';

/** An entry that stands for no one place. */
export interface EntryProblem extends NameProblem {
  readonly entry: string;
}

/** The functions that a config lists, by file and name (`src/m.ts#Manager.reap`, `src/m.ts`) or by name (`Manager.reap`). */
export class Owners {
  readonly problems: readonly EntryProblem[];
  readonly places: AllowedPlaces;
  readonly #named = new Map<string, ReadonlySet<Ts.Node>>();

  constructor(
    { program, root, targets }: { program: Program; root: string; targets: Targets },
    entries: readonly string[],
  ) {
    const isName = (entry: string): boolean =>
      parseConfigName(entry).file === undefined && !/[/\\]|\.[cm]?[jt]sx?$/.test(entry);
    this.places = new AllowedPlaces(
      program,
      root,
      entries.filter((entry) => !isName(entry)),
    );
    const problems: EntryProblem[] = this.places.unknown.map(({ entry, candidates }) => {
      return { entry, kind: 'unknown', candidates };
    });
    for (const entry of entries.filter(isName)) {
      const resolution = targets.resolve(entry);
      if ('target' in resolution) this.#named.set(entry, resolution.target.declarations);
      else problems.push({ entry, ...resolution });
    }
    this.problems = problems;
  }

  /** The entries that can be told right from wrong by what they allow. */
  get known(): readonly string[] {
    return [...this.places.known, ...this.#named.keys()];
  }

  /** The entries in which a node lies. */
  around(node: Ts.Node): readonly string[] {
    const named = [...this.#named].flatMap(([entry, declarations]) =>
      ts.findAncestor(node, (at) => declarations.has(at)) ? [entry] : [],
    );
    return [...this.places.around(node), ...named];
  }

  /** The entries that stand for one of some declarations. */
  owning(declarations: readonly Ts.Node[]): readonly string[] {
    return [...this.#named].flatMap(([entry, own]) =>
      declarations.some((one) => own.has(one)) ? [entry] : [],
    );
  }
}
