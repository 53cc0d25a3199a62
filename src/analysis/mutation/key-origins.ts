import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { isSetOnce } from '../dispatch/fields.ts';
import { idOf } from '../inserts/frames.ts';
import { isIterating } from '../locks/state-methods.ts';
import { isFunctionExpression, outermost } from '../shapes.ts';
import type { WalkedValue } from './iterations.ts';
import { type Naming, type PlaceTools, placeOf } from './places.ts';

/**
 * What an expression has to do with the value of the entry that a walk over a map is at. A `part` of the value, or what is
 * made of it, may be the key of the entry, and is as a rule: `sessions.delete(session.id)`. What is only found `within` the
 * value is one of several: a member of a list in it.
 */
export type Origin = 'part' | 'within';

/** The place of a parameter that is given what has such an origin, but no place that is known by name. */
export const PLACE_OF_ORIGIN: Readonly<Record<Origin, string>> = {
  part: 'part of the value',
  within: 'within the value',
};

/** Tells what comes of the value that a walk is at. */
export class KeyOrigins {
  readonly #values: readonly { readonly place: string; readonly isPart: boolean }[];
  readonly #isMap: () => boolean;
  readonly #tools: PlaceTools;
  /** The variables that lead to the one that is asked about. */
  readonly #asked = new Set<Ts.Node>();

  /** @param isMap whether it is a map that is walked, which the compiler is asked about when it matters */
  constructor(values: readonly WalkedValue[], isMap: () => boolean, tools: PlaceTools) {
    this.#isMap = isMap;
    this.#values = values.map(({ node, member, isPart }) => ({ place: `${idOf(node)}${member}`, isPart }));
    this.#tools = tools;
  }

  ofPlace(place: string | undefined): Origin | undefined {
    if (place === undefined || this.#values.length === 0) return undefined;
    if (isIn(place, PLACE_OF_ORIGIN.part)) return 'part';
    if (isIn(place, PLACE_OF_ORIGIN.within)) return 'within';
    const value = this.#values.find((one) => isIn(place, one.place));
    if (!value || !this.#isMap()) return undefined;
    return value.isPart || value.place !== place ? 'part' : 'within';
  }

  of(expression: Ts.Node, naming: Naming): Origin | undefined {
    if (this.#values.length === 0) return undefined;
    const node = skipParentheses(expression);
    const known = this.ofPlace(placeOf(node, naming, this.#tools));
    if (known) return known;
    if (ts.isIdentifier(node)) {
      const local = resolveLocal(node);
      return local && !naming.parameters.has(local) ? this.#ofVariable(local, naming) : undefined;
    }
    const isAccess = ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
    if (isAccess || ts.isAwaitExpression(node)) return this.of(node.expression, naming);
    const isMade = ts.isCallExpression(node) || ts.isTemplateExpression(node) || ts.isBinaryExpression(node);
    return isMade && this.#isMentioned(node, naming) ? 'part' : undefined;
  }

  /** A variable that has come of the value, in the function around. */
  #ofVariable(declaration: Ts.Node, naming: Naming): Origin | undefined {
    if (this.#asked.has(declaration) || !isSetOnce(declaration)) return undefined;
    this.#asked.add(declaration);
    const origin = this.#ofDeclaration(declaration, naming);
    this.#asked.delete(declaration);
    return origin;
  }

  #ofDeclaration(declaration: Ts.Node, naming: Naming): Origin | undefined {
    if (ts.isBindingElement(declaration)) return this.#ofVariable(declaration.parent.parent, naming);
    if (ts.isVariableDeclaration(declaration)) {
      if (declaration.initializer) return this.of(declaration.initializer, naming);
      const loop = declaration.parent.parent;
      return ts.isForOfStatement(loop) && this.of(loop.expression, naming) ? 'within' : undefined;
    }
    const walked = ts.isParameter(declaration) ? walkedByCallback(declaration.parent) : undefined;
    return walked && this.of(walked, naming) ? 'within' : undefined;
  }

  #isMentioned(made: Ts.Node, naming: Naming): boolean {
    const visit = (node: Ts.Node): boolean => {
      if (ts.isFunctionLike(node)) return false;
      if (ts.isTemplateSpan(node)) return visit(node.expression);
      return this.of(node, naming) !== undefined;
    };
    return ts.forEachChild(made, (child) => visit(child) || undefined) ?? false;
  }
}

function isIn(place: string, outer: string): boolean {
  return place === outer || place.startsWith(`${outer}.`);
}

/** The list in `list.forEach(callback)`. */
function walkedByCallback(fn: Ts.Node): Ts.Expression | undefined {
  const { parent } = outermost(fn);
  if (!isFunctionExpression(fn) || !ts.isCallExpression(parent)) return undefined;
  const callee = skipParentheses(parent.expression);
  return ts.isPropertyAccessExpression(callee) && isIterating(callee.name.text)
    ? callee.expression
    : undefined;
}
