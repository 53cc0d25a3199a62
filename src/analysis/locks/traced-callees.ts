import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Found, isOfLiteral, Values } from '../atomic/values.ts';
import { type Code, type Entity, memberName } from '../code.ts';
import { type Evaluator, isCfgOwner } from './evaluator.ts';
import { Flow, isFunction } from './flows.ts';
import { isField } from './reach.ts';
import type { Closure } from './values.ts';

/** So many functions behind one callee are told apart; more are not known. */
const MAX_TRACED = 5;

/** The functions behind a callee. */
export interface Traced {
  readonly closures: readonly Closure[];
  /** There can be no others. */
  readonly isWhole: boolean;
}

export const NOT_TRACED: Traced = { closures: [], isWhole: false };

/**
 * The functions behind a callee that neither its value nor its declaration tells: followed back through parameters,
 * fields and what functions of the program return, to all that is ever put there.
 */
export class TracedCallees {
  readonly #code: Code;
  readonly #evaluator: Evaluator;
  readonly #values: Values;
  readonly #known = new Map<Ts.Node, Traced>();
  readonly #found = new Map<Ts.Node, Found>();

  constructor(code: Code, evaluator: Evaluator) {
    this.#code = code;
    this.#evaluator = evaluator;
    this.#values = new Values(code, { isStrict: true });
  }

  /** Those that are known, whether or not there may be others. */
  of(callee: Ts.Node): Traced {
    let traced = this.#known.get(callee);
    if (!traced) {
      // While it is being looked for, nothing is known of it.
      this.#known.set(callee, NOT_TRACED);
      traced = this.#isPutThere(callee) ? this.#trace(callee as Ts.Expression) : NOT_TRACED;
      this.#known.set(callee, traced);
    }
    return traced;
  }

  /**
   * Whether what is called is a choice of which the program knows only some: `options.onDone ?? (() => {})`, where the
   * options may be anybody's. What an arrow function in a field does is taken for what a method does.
   */
  mayBeAnother(callee: Ts.Node): boolean {
    if (!this.#isVariable(callee) && !this.#isPutThere(callee)) return false;
    const name = memberName(callee);
    if (name && this.#code.entities(name).every(isMethodInField)) return false;
    const { targets, isOpen } = this.#functionsOf(callee as Ts.Expression);
    return isOpen && targets.length > 0;
  }

  #trace(callee: Ts.Expression): Traced {
    const { targets, isOpen } = this.#functionsOf(callee);
    if (targets.length > MAX_TRACED) return NOT_TRACED;
    const flow = new Flow(this.#code, this.#evaluator, callee, undefined);
    const closures = targets.flatMap(({ fn, bound }) => {
      const one = bound.length === 0 && isCfgOwner(fn) ? flow.handedOut(fn) : undefined;
      return one?.kind === 'closure' ? one : [];
    });
    return { closures, isWhole: !isOpen && closures.length === targets.length };
  }

  #functionsOf(callee: Ts.Expression): Found {
    let found = this.#found.get(callee);
    if (!found) {
      found = this.#values.functionsOf(callee, undefined);
      this.#found.set(callee, found);
    }
    return found;
  }

  #isVariable(callee: Ts.Node): boolean {
    const local = ts.isIdentifier(callee) ? resolveLocal(callee) : undefined;
    return (
      local !== undefined &&
      (ts.isVariableDeclaration(local) || ts.isParameter(local) || ts.isBindingElement(local))
    );
  }

  /** A member to which the program gives its function, an element of a container, or what a call hands out. */
  #isPutThere(callee: Ts.Node): boolean {
    const name = memberName(callee);
    if (!name) return ts.isCallExpression(callee) || ts.isElementAccessExpression(callee);
    const entities = this.#code.entities(name);
    return (
      entities.length > 0 &&
      entities.every((entity) => entity.kind === 'node' && (isField(entity.node) || isOfLiteral(entity.node)))
    );
  }
}

function isMethodInField(entity: Entity): boolean {
  return (
    entity.kind === 'node' && ts.isPropertyDeclaration(entity.node) && isFunction(entity.node.initializer)
  );
}
