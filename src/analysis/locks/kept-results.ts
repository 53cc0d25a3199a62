import type { Program } from '../../engine/program.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
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
    const found = new Map<Ts.Node, KeptResult>();
    let files = this.#program.filesNaming(makers);
    for (let isMade = (maker: NameNode): boolean => makers.has(nameText(maker) ?? ''); ; ) {
      const made = this.#keptIn(files).filter(({ holder, making }) => {
        const maker = makerIn(making);
        return maker !== undefined && !found.has(holder) && isMade(maker);
      });
      if (made.length === 0) return [...found.values()];
      for (const one of made) found.set(one.holder, one);
      const names = new Set(made.flatMap(({ name }) => name ?? []));
      files = this.#program.filesNaming(names);
      const holders = new Set(made.map(({ holder }) => holder));
      isMade = (maker) => leadsTo(maker, holders, names);
    }
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

/** Whether a name is that of a variable by its scope, or is imported by a name that some variable has. */
function leadsTo(name: NameNode, holders: ReadonlySet<Ts.Node>, names: ReadonlySet<string>): boolean {
  const local = ts.isIdentifier(name) ? resolveLocal(name) : undefined;
  if (!local) return false;
  if (!ts.isImportSpecifier(local)) return holders.has(local);
  return names.has((local.propertyName ?? local.name).text);
}

function textOf(name: NameNode | undefined): string {
  return (name && nameText(name)) ?? '';
}
