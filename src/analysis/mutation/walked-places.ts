import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, rightmostName, skipParentheses } from '../code.ts';
import type { FunctionNode } from '../inserts/functions.ts';
import { isGenerator } from '../lifecycle/positions.ts';
import { returnedBy } from '../shapes.ts';
import { enteredBy, isKnownOutside, type Naming, OWN_NAMES, type PlaceTools, placeOf } from './places.ts';
import { walkedBy } from './walked.ts';

/**
 * The place of the collection that a walk over an expression goes through: also where a function hands out an iterator of
 * it, or is a generator that walks it, and where an object has such an iterator of its own.
 */
export function walkedPlace(
  expression: Ts.Node,
  tools: PlaceTools,
  naming: Naming = OWN_NAMES,
): string | undefined {
  const place = placeOf(expression, naming, tools);
  const node = skipParentheses(expression);
  if (place !== undefined) return placeByOwnIterator(node, place, naming, tools) ?? place;
  const entered = ts.isCallExpression(node) ? enteredBy(node, naming, tools) : undefined;
  return entered && placeHandedOn(entered.fn, entered.naming, tools);
}

/** The one collection whose elements a function hands on, as an iterator or one by one. */
function placeHandedOn(fn: FunctionNode, naming: Naming, tools: PlaceTools): string | undefined {
  const [source, ...others] = isGenerator(fn) ? walkedIn(fn) : returnedBy(fn.body);
  const walked = source && others.length === 0 ? walkedBy(source) : undefined;
  const place = walked && walkedPlace(walked.collection, tools, naming);
  return place !== undefined && isKnownOutside(place, fn) ? place : undefined;
}

/** `[Symbol.iterator]() { return this.rows.values(); }`; where it hands out the object itself, that is what is walked. */
function placeByOwnIterator(
  node: Ts.Node,
  self: string,
  { within }: Naming,
  tools: PlaceTools,
): string | undefined {
  const iterators = iteratorsOf(tools.code);
  if (iterators.size === 0) return undefined;
  const name = rightmostName(node);
  const types = name ? tools.code.typeEntities(name) : [];
  const [type, ...others] = types;
  const isOwn = node.kind === ts.SyntaxKind.ThisKeyword;
  const named = type?.kind === 'node' && others.length === 0 ? type.node : undefined;
  const cls = isOwn ? ts.findAncestor(node, ts.isClassLike) : named;
  const method = cls && iterators.get(cls);
  if (!method || within?.has(method)) return undefined;
  return placeHandedOn(method, { self, parameters: new Map(), within: new Set(within).add(method) }, tools);
}

const known = new WeakMap<Code, ReadonlyMap<Ts.Node, FunctionNode>>();

/** The iterators that classes of the program have of their own. */
function iteratorsOf(code: Code): ReadonlyMap<Ts.Node, FunctionNode> {
  const before = known.get(code);
  if (before) return before;
  const found = new Map<Ts.Node, FunctionNode>();
  const visit = (node: Ts.Node): void => {
    const isIterator = ts.isMethodDeclaration(node) && node.name.getText() === '[Symbol.iterator]';
    if (isIterator && node.body && ts.isClassLike(node.parent)) found.set(node.parent, node);
    ts.forEachChild(node, visit);
  };
  for (const file of code.program.filesWith(['[Symbol.iterator](', '[Symbol.iterator] ('])) {
    const source = code.program.tree(file)?.source;
    if (source) visit(source);
  }
  known.set(code, found);
  return found;
}

/** What a generator hands on one by one: by a loop with a `yield` in it, or by `yield*`. */
function walkedIn(generator: Ts.Node): readonly Ts.Expression[] {
  const found: Ts.Expression[] = [];
  const visit = (node: Ts.Node): void => {
    if (node !== generator && ts.isFunctionLike(node)) return;
    if (ts.isYieldExpression(node) && node.asteriskToken && node.expression) found.push(node.expression);
    if (ts.isForOfStatement(node) && yields(node.statement)) found.push(node.expression);
    else ts.forEachChild(node, visit);
  };
  visit(generator);
  return found;
}

function yields(body: Ts.Node): boolean {
  if (ts.isFunctionLike(body)) return false;
  return (
    ts.isYieldExpression(body) || (ts.forEachChild(body, (child) => yields(child) || undefined) ?? false)
  );
}
