import type { Ts } from '../../syntax/ts.ts';
import type { Code } from '../code.ts';
import { type CallSite, callSitesOf } from '../locks/call-sites.ts';

/** The places where functions are called by their names, each function looked for once. */
export class KnownCallSites {
  readonly #code: Code;
  readonly #known = new Map<Ts.SignatureDeclaration, readonly CallSite[]>();

  constructor(code: Code) {
    this.#code = code;
  }

  of(fn: Ts.SignatureDeclaration): readonly CallSite[] {
    let sites = this.#known.get(fn);
    if (!sites) {
      ({ sites } = callSitesOf(fn, this.#code));
      this.#known.set(fn, sites);
    }
    return sites;
  }
}
