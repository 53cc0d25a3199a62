import type { Program } from '../../engine/program.ts';
import type { Ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { type NameNode, nameText, rightmostName } from '../code.ts';
import { isCfgOwner } from './evaluator.ts';
import { namesOf } from './function-name.ts';
import { givenTo, type KeptResult, keptIn, makerIn, makerNameOf } from './makers.ts';
import { defaultImportsOf } from './other-names.ts';

/** The names by which the program calls functions that others have made for it: `const run = guard(mu)`. */
export class KeptResults {
  readonly #program: Program;
  readonly #known = new Set<Ts.Node>();
  readonly #held = new Set<Ts.Node>();

  constructor(program: Program) {
    this.#program = program;
  }

  /**
   * Those of what was not told before: what keeps the results of functions that make a carrier, whatever they are given
   * for it, and what keeps the result of a call that is given a new one, which may do no more than run it.
   */
  fresh(always: readonly CfgOwner[], given: readonly CfgOwner[]): readonly string[] {
    const makers = new Set(always.flatMap((fn) => makerNameOf(fn) ?? []));
    const found = [...this.#madeBy(makers), ...this.#madeWith(new Set(given))];
    const fresh = found.filter(({ holder }) => !this.#known.has(holder));
    for (const { holder } of fresh) this.#known.add(holder);
    const names = fresh.flatMap(
      ({ holder, name }) => name ?? defaultImportsOf(holder.getSourceFile().fileName, this.#program),
    );
    return [...new Set(names)].sort();
  }

  /** New ones of what keeps the results of carriers, and of functions that make one. */
  holders(always: readonly CfgOwner[], given: readonly CfgOwner[]): readonly Ts.Node[] {
    const makers = new Set([...namesOf(always), ...always.flatMap((fn) => makerNameOf(fn) ?? [])]);
    const found = [...this.#madeBy(makers), ...this.#madeWith(new Set(given))];
    const fresh = new Set(found.map(({ holder }) => holder).filter((holder) => !this.#held.has(holder)));
    for (const holder of fresh) this.#held.add(holder);
    return [...fresh];
  }

  /** What a maker has made may be a maker itself: `const onDisk = guard(disk)`, `const load = onDisk(read)`. */
  #madeBy(makers: ReadonlySet<string>): readonly KeptResult[] {
    const all = new Set(makers);
    const found = new Map<Ts.Node, KeptResult>();
    for (let fresh = all; fresh.size > 0; ) {
      const kept = this.#keptIn(this.#program.filesNaming(fresh));
      const made = kept.filter(
        ({ holder, making }) => !found.has(holder) && fresh.has(textOf(makerIn(making))),
      );
      for (const one of made) found.set(one.holder, one);
      fresh = new Set(made.flatMap(({ name }) => (name !== undefined && !all.has(name) ? name : [])));
      for (const name of fresh) all.add(name);
    }
    return [...found.values()];
  }

  #madeWith(carriers: ReadonlySet<CfgOwner>): readonly KeptResult[] {
    const names = new Set(namesOf([...carriers]));
    const files = new Set([
      ...[...carriers].map((fn) => fn.getSourceFile().fileName),
      ...this.#program.filesNaming(names),
    ]);
    const isCarrier = (given: Ts.Node): boolean =>
      isCfgOwner(given) ? carriers.has(given) : names.has(textOf(rightmostName(given)));
    return this.#keptIn(files).filter(({ making }) => givenTo(making).some(isCarrier));
  }

  #keptIn(files: Iterable<string>): readonly KeptResult[] {
    return [...files].flatMap((file) => {
      const tree = this.#program.tree(file);
      return tree ? keptIn(tree.source) : [];
    });
  }
}

function textOf(name: NameNode | undefined): string {
  return (name && nameText(name)) ?? '';
}
