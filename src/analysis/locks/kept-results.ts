import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { skipParentheses } from '../code.ts';
import type { Contexts } from './contexts.ts';
import { isCfgOwner } from './evaluator.ts';
import { lastName } from './function-name.ts';
import { keptUnder, makerNameOf } from './makers.ts';

/** The names by which the program calls functions that others have made for it: `const run = guard(mu)`. */
export class KeptResults {
  readonly #program: Program;
  readonly #known = new Set<string>();

  constructor(program: Program) {
    this.#program = program;
  }

  /**
   * Those that were not told before. What makes a function that locks by itself makes one for whoever keeps it; what
   * makes one that only runs what its maker is given does so for those who give it a carrier.
   */
  fresh({ always, asCalled }: Contexts['carriers']): readonly string[] {
    const found = [
      ...this.#keptUnder(makersOf(always), () => true),
      ...this.#keptUnder(makersOf(asCalled), givenOneOf([...always, ...asCalled])),
    ];
    const fresh = [...new Set(found)].filter((name) => !this.#known.has(name)).sort();
    for (const name of fresh) this.#known.add(name);
    return fresh;
  }

  #keptUnder(
    makers: ReadonlySet<string>,
    isWanted: (making: Ts.CallExpression) => boolean,
  ): readonly string[] {
    if (makers.size === 0) return [];
    return this.#program.filesNaming(makers).flatMap((file) => {
      const tree = this.#program.tree(file);
      return tree ? [...keptUnder(tree.source, makers, isWanted)] : [];
    });
  }
}

function makersOf(fns: readonly CfgOwner[]): ReadonlySet<string> {
  return new Set(fns.flatMap((fn) => makerNameOf(fn) ?? []));
}

/** Whether a call is handed one of some functions, written there or by its name. */
function givenOneOf(fns: readonly CfgOwner[]): (call: Ts.CallExpression) => boolean {
  const given = new Set(fns);
  const names = new Set(fns.map(lastName));
  return (call) =>
    call.arguments.some((argument) => {
      const bare = skipParentheses(argument);
      return ts.isIdentifier(bare) ? names.has(bare.text) : isCfgOwner(bare) && given.has(bare);
    });
}
