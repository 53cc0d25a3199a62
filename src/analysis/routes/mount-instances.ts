import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import type { Constants } from '../dispatch/constants.ts';
import { propertyOf } from '../shapes.ts';
import type { KnownCallSites } from './known-call-sites.ts';
import { entriesOf, walkAt } from './table-walks.ts';

/** One of the ways in which a call comes to be made: by one call of the function around it, or for one row of a table. */
export interface Instance {
  readonly node: Ts.Node;
  /** What an expression stands for that is a parameter or the row, or a part of one; undefined for any other. */
  valueOf(expression: Ts.Node): Ts.Expression | undefined;
}

interface Tools {
  readonly constants: Constants;
  readonly sites: KnownCallSites;
}

/** The ways in which a call comes to be made whose arguments are parameters, or parts of the row of a table. */
export function instancesOf(call: Ts.CallExpression, tools: Tools): readonly Instance[] {
  const given = new Set(call.arguments.flatMap((one) => rootOf(one) ?? []));
  if (given.size === 0) return [];
  for (let node: Ts.Node = call; node.parent; node = node.parent) {
    const walk = walkAt(node.parent);
    if (walk && given.has(walk.row)) return rowsOf(walk, call, tools.constants);
    if (!ts.isFunctionLike(node) || !node.parameters.some((one) => given.has(one))) continue;
    const { parameters } = node;
    return tools.sites.of(node).map(({ node: site, args }) => {
      const values = parameters.flatMap((one, index) => pairOf(one, args[index]));
      return new Bindings(site, new Map(values), tools.constants);
    });
  }
  return [];
}

function rowsOf(
  { over, row }: { readonly over: Ts.Expression; readonly row: Ts.Node },
  call: Ts.Node,
  constants: Constants,
): readonly Instance[] {
  const table = constants.definitionOf(entriesOf(over) ?? over);
  const isEntries = entriesOf(over) !== undefined;
  if (!isEntries && ts.isArrayLiteralExpression(table))
    return table.elements.map((one) => new Bindings(call, new Map([[row, one]]), constants));
  if (!isEntries || !ts.isObjectLiteralExpression(table)) return [];
  return table.properties.map((one) => new Bindings(call, new Map([[row, one]]), constants));
}

function pairOf(
  parameter: Ts.ParameterDeclaration,
  argument: Ts.Expression | undefined,
): readonly (readonly [Ts.Node, Held])[] {
  return argument && !parameter.dotDotDotToken ? [[parameter, argument]] : [];
}

/** A value, or an entry of an object that stands for the pair of its key and its value. */
type Held = Ts.Expression | Ts.ObjectLiteralElementLike;

class Bindings implements Instance {
  readonly node: Ts.Node;
  readonly #values: ReadonlyMap<Ts.Node, Held>;
  readonly #constants: Constants;

  constructor(node: Ts.Node, values: ReadonlyMap<Ts.Node, Held>, constants: Constants) {
    this.node = node;
    this.#values = values;
    this.#constants = constants;
  }

  valueOf(expression: Ts.Node): Ts.Expression | undefined {
    const held = this.#heldBy(skipParentheses(expression));
    return held && ts.isExpression(held) ? held : undefined;
  }

  #heldBy(node: Ts.Node): Held | undefined {
    if (ts.isPropertyAccessExpression(node)) {
      const owner = this.#heldBy(skipParentheses(node.expression));
      return owner && this.#partOf(owner, node.name.text);
    }
    const local = ts.isIdentifier(node) ? resolveLocal(node) : undefined;
    return local && this.#ofDeclaration(local);
  }

  #ofDeclaration(declaration: Ts.Node): Held | undefined {
    if (!ts.isBindingElement(declaration)) return this.#values.get(declaration);
    const pattern = declaration.parent;
    const owner = this.#ofDeclaration(pattern.parent);
    if (!owner || declaration.dotDotDotToken) return undefined;
    const key = ts.isArrayBindingPattern(pattern)
      ? String(pattern.elements.indexOf(declaration))
      : nameText(declaration.propertyName ?? declaration.name);
    return key === undefined ? undefined : this.#partOf(owner, key);
  }

  #partOf(held: Held, key: string): Held | undefined {
    if (ts.isPropertyAssignment(held)) return key === '0' ? (held.name as Ts.Expression) : held.initializer;
    if (!ts.isExpression(held)) return undefined;
    const whole = this.#constants.definitionOf(held) as Ts.Expression;
    return ts.isArrayLiteralExpression(whole) ? whole.elements[Number(key)] : propertyOf(whole, key);
  }
}

/** The parameter or variable that an expression is, or is a part of. */
function rootOf(expression: Ts.Node): Ts.Node | undefined {
  const node = skipParentheses(expression);
  if (ts.isPropertyAccessExpression(node)) return rootOf(node.expression);
  const local = ts.isIdentifier(node) ? resolveLocal(node) : undefined;
  let declaration: Ts.Node | undefined = local;
  while (declaration && ts.isBindingElement(declaration)) declaration = declaration.parent.parent;
  return declaration;
}
