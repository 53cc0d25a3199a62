import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { skipParentheses } from '../code.ts';
import type { Contexts } from './contexts.ts';
import { isCfgOwner } from './evaluator.ts';
import { namesOf } from './function-name.ts';
import { keptIn, makerNameOf } from './makers.ts';

type Kept = ReturnType<typeof keptIn>;

/** The names by which the program calls functions that others have made for it: `const run = guard(mu)`. */
export class KeptResults {
  readonly #program: Program;
  readonly #known = new Set<Ts.Node>();

  constructor(program: Program) {
    this.#program = program;
  }

  /**
   * Those of what was not told before: what keeps the results of functions that make a carrier, whatever they are given
   * for it, and what keeps the result of a call that is given one, which may do no more than run it.
   */
  fresh({ always, asCalled }: Contexts['carriers']): readonly string[] {
    const makers = new Set(always.flatMap((fn) => makerNameOf(fn) ?? []));
    const found = [...this.#madeBy(makers), ...this.#madeWith(new Set([...always, ...asCalled]))];
    const fresh = found.filter(({ declaration }) => !this.#known.has(declaration));
    for (const { declaration } of fresh) this.#known.add(declaration);
    return [...new Set(fresh.map(({ name }) => name))].sort();
  }

  #madeBy(makers: ReadonlySet<string>): Kept {
    return this.#keptIn(this.#program.filesNaming(makers)).filter(({ maker }) => makers.has(maker));
  }

  #madeWith(given: ReadonlySet<CfgOwner>): Kept {
    const names = new Set(namesOf([...given]));
    const files = [
      ...[...given].map((fn) => fn.getSourceFile().fileName),
      ...this.#program.filesNaming(names),
    ];
    const isGiven = (value: Ts.Expression): boolean => {
      const bare = skipParentheses(value);
      return ts.isIdentifier(bare) ? names.has(bare.text) : isCfgOwner(bare) && given.has(bare);
    };
    return this.#keptIn(new Set(files)).filter(({ making }) => making.arguments.some(isGiven));
  }

  #keptIn(files: Iterable<string>): Kept {
    return [...files].flatMap((file) => {
      const tree = this.#program.tree(file);
      return tree ? keptIn(tree.source) : [];
    });
  }
}
