import { type Ts, ts } from '../../syntax/ts.ts';
import type { Code } from '../code.ts';
import { type CallSites, callSitesOf } from '../locks/call-sites.ts';
import { type Stores, storesTo } from '../locks/stores.ts';
import { hasModifier, isPrivateMember } from '../shapes.ts';
import type { Frame } from './frames.ts';
import type { Target } from './values.ts';

/** So many expressions are looked at to find out what one of them stands for. */
const MAX_STEPS = 1_000;
/** They lead from one to the next so far. */
const MAX_DEPTH = 12;

/** The functions that a callee may stand for. */
export type Makers = (callee: Ts.Expression, frame: Frame | undefined) => readonly Target[];

/** One search for what an expression stands for, however many others it leads to. */
export class Lookup {
  readonly code: Code;
  readonly isStrict: boolean;
  readonly #facts: ProgramFacts;
  #steps = 0;

  constructor(facts: ProgramFacts) {
    this.code = facts.code;
    this.isStrict = facts.isStrict;
    this.#facts = facts;
  }

  /** Takes one more step. False when it is one too many: then what comes is not known. */
  step(depth: number): boolean {
    this.#steps += 1;
    return this.#steps <= MAX_STEPS && depth <= MAX_DEPTH;
  }

  callSites(fn: Ts.SignatureDeclaration): CallSites {
    return this.#facts.callSites(fn);
  }

  stores(slot: Ts.Node, depth: number): Stores {
    return this.#facts.stores(slot, depth);
  }
}

/** What is the same for whoever asks: looked for in the whole program, once. */
export class ProgramFacts {
  readonly code: Code;
  /** Who uses the program may put something of its own wherever it can. */
  readonly isStrict: boolean;
  readonly #sites = new Map<Ts.Node, CallSites>();
  readonly #stores = new Map<Ts.Node, Map<number, Stores>>();

  constructor(code: Code, isStrict: boolean) {
    this.code = code;
    this.isStrict = isStrict;
  }

  callSites(fn: Ts.SignatureDeclaration): CallSites {
    let sites = this.#sites.get(fn);
    if (!sites) {
      sites = callSitesOf(fn, this.code);
      this.#sites.set(fn, sites);
    }
    return sites;
  }

  stores(slot: Ts.Node, depth: number): Stores {
    const known = this.#stores.get(slot) ?? new Map<number, Stores>();
    this.#stores.set(slot, known);
    let stores = known.get(depth);
    if (!stores) {
      const found = storesTo(slot, depth, this.code);
      const isSettable = this.isStrict && !isClosed(slot, depth);
      stores = { stores: found.stores, isWhole: found.isWhole && !isSettable };
      known.set(depth, stores);
    }
    return stores;
  }
}

/** Whether the program alone can put something into a field or variable, or into the container that it holds. */
function isClosed(slot: Ts.Node, depth: number): boolean {
  if (ts.isVariableDeclaration(slot) || isPrivateMember(slot)) return true;
  return depth === 0 && hasModifier(slot, ts.SyntaxKind.ReadonlyKeyword);
}
