import { type Ts, ts } from '../../syntax/ts.ts';
import { Values } from '../atomic/values.ts';
import { type Code, memberName } from '../code.ts';
import { type Evaluator, isCfgOwner } from './evaluator.ts';
import { Flow } from './flows.ts';
import { isField } from './reach.ts';
import type { Closure } from './values.ts';

/** So many functions behind one callee are told apart; more are not known. */
const MAX_TRACED = 5;

/**
 * The functions behind a callee that neither its value nor its declaration tells: followed back through parameters,
 * fields and what functions of the program return, to all that is ever put there.
 */
export class TracedCallees {
  readonly #code: Code;
  readonly #evaluator: Evaluator;
  readonly #values: Values;
  readonly #known = new Map<Ts.Node, readonly Closure[]>();

  constructor(code: Code, evaluator: Evaluator) {
    this.#code = code;
    this.#evaluator = evaluator;
    this.#values = new Values(code, { isStrict: true });
  }

  /** None, if there may be another that is not known. */
  of(callee: Ts.Node): readonly Closure[] {
    let found = this.#known.get(callee);
    if (!found) {
      // While it is being looked for, nothing is known of it.
      this.#known.set(callee, []);
      found = this.#isPutThere(callee) ? this.#trace(callee as Ts.Expression) : [];
      this.#known.set(callee, found);
    }
    return found;
  }

  #trace(callee: Ts.Expression): readonly Closure[] {
    const { targets, isOpen, external } = this.#values.functionsOf(callee, undefined);
    if (isOpen || external.length > 0 || targets.length > MAX_TRACED) return [];
    const flow = new Flow(this.#code, this.#evaluator, callee, undefined);
    const closures = targets.map(({ fn, bound }) =>
      bound.length === 0 && isCfgOwner(fn) ? flow.handedOut(fn) : undefined,
    );
    const known = closures.filter((one) => one?.kind === 'closure');
    return known.length === closures.length ? known : [];
  }

  /** A member to which the program gives its function, an element of a container, or what a call hands out. */
  #isPutThere(callee: Ts.Node): boolean {
    const name = memberName(callee);
    if (!name) return ts.isCallExpression(callee) || ts.isElementAccessExpression(callee);
    const entities = this.#code.entities(name);
    return entities.length > 0 && entities.every((entity) => entity.kind === 'node' && isField(entity.node));
  }
}
