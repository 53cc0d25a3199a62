import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, type NameNode, nameText, skipParentheses } from '../code.ts';
import { isSetOnce } from '../dispatch/fields.ts';
import type { Callees } from '../inserts/callees.ts';
import { Frames, idOf } from '../inserts/frames.ts';
import { type FunctionNode, ownerOf } from '../inserts/functions.ts';
import { isGenerator } from '../lifecycle/positions.ts';
import { isAsync } from '../lifecycle/promise-fate.ts';
import { isFunctionExpression, receiverOf, returnedBy } from '../shapes.ts';
import { thisOwner } from '../this-owner.ts';
import { writeTo } from './targets-of-writes.ts';

/** What the names of a function stand for, where its caller has said so: its parameters, and `this`. */
export interface Naming {
  readonly self: string;
  readonly parameters: ReadonlyMap<Ts.Node, string>;
  /** The getters and functions that lead here: one that leads back to itself has no place. */
  readonly within?: ReadonlySet<Ts.Node>;
}

/** The names of a function that anybody may have called. */
export const OWN_NAMES: Naming = { self: 'this', parameters: new Map() };

/** What is asked for places. */
export interface PlaceTools {
  readonly code: Code;
  readonly callees: Callees;
}

/**
 * Where an expression finds its value, as a text: a variable or `this`, and the members that lead on from there. Two
 * expressions of one place have one value, as long as nobody assigns in between. Undefined for what is computed.
 */
export function placeOf(expression: Ts.Node, naming: Naming, tools: PlaceTools): string | undefined {
  const node = skipParentheses(expression);
  if (node.kind === ts.SyntaxKind.ThisKeyword) return naming.self;
  if (ts.isIdentifier(node)) return placeOfVariable(node, naming, tools);
  if (ts.isCallExpression(node)) return placeOfResult(node, naming, tools);
  const isAccess = ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
  const name = isAccess ? memberName(node) : undefined;
  const member = name?.text ?? (isAccess ? indexIn(node) : undefined);
  const object = isAccess && member !== undefined ? placeOf(node.expression, naming, tools) : undefined;
  if (object === undefined || member === undefined) return undefined;
  return (name && placeOfGetter(name, object, naming, tools)) ?? `${object}.${member}`;
}

/** `0` in `entry[0]`. */
function indexIn(node: Ts.PropertyAccessExpression | Ts.ElementAccessExpression): string | undefined {
  const index = ts.isElementAccessExpression(node) ? node.argumentExpression : undefined;
  return index && ts.isNumericLiteral(index) ? index.text : undefined;
}

/** A getter that hands out a member of its object is that member. */
function placeOfGetter(
  name: NameNode,
  self: string,
  { within }: Naming,
  tools: PlaceTools,
): string | undefined {
  const [entity, ...others] = tools.code.entities(name);
  const getter = entity?.kind === 'node' && others.length === 0 ? entity.node : undefined;
  if (!getter || !ts.isGetAccessor(getter) || within?.has(getter)) return undefined;
  return placeOfReturned(getter, { self, parameters: new Map(), within: new Set(within).add(getter) }, tools);
}

/** What a function hands out that only returns a member or a parameter, and `list.sort()`, which is `list`. */
function placeOfResult(call: Ts.CallExpression, naming: Naming, tools: PlaceTools): string | undefined {
  const callee = skipParentheses(call.expression);
  if (ts.isPropertyAccessExpression(callee) && ITSELF.has(callee.name.text) && isOfLanguage(callee, tools)) {
    return placeOf(callee.expression, naming, tools);
  }
  const entered = enteredBy(call, naming, tools);
  return entered && placeOfReturned(entered.fn, entered.naming, tools);
}

const ITSELF: ReadonlySet<string> = new Set(['sort', 'reverse', 'fill', 'copyWithin']);

/** The one function of the program that a call runs, and what its names stand for there. */
export function enteredBy(
  call: Ts.CallExpression,
  naming: Naming,
  tools: PlaceTools,
): { readonly fn: FunctionNode; readonly naming: Naming } | undefined {
  const [fn, ...others] = tools.callees.bodies(call, Frames.none);
  if (!fn || others.length > 0 || naming.within?.has(fn)) return undefined;
  const within = new Set(naming.within).add(fn);
  return { fn, naming: { ...namingIn(fn, call, naming, tools), within } };
}

function placeOfReturned(fn: FunctionNode, naming: Naming, tools: PlaceTools): string | undefined {
  const [returned, ...others] = returnedBy(fn.body);
  if (!returned || others.length > 0 || isAsync(fn) || isGenerator(fn)) return undefined;
  const place = placeOf(returned, naming, tools);
  return place !== undefined && isKnownOutside(place, fn) ? place : undefined;
}

/** Whether a place in a function is one for its caller too, and no variable of the function's own. */
export function isKnownOutside(place: string, fn: FunctionNode): boolean {
  const [root] = place.split('.');
  const isRoot = (node: Ts.Node): boolean => {
    const isVariable = ts.isVariableDeclaration(node) || ts.isBindingElement(node) || ts.isParameter(node);
    if (isVariable && String(idOf(node)) === root) return true;
    return ts.forEachChild(node, (child) => isRoot(child) || undefined) ?? false;
  };
  return !isRoot(fn);
}

/** What the names of a function stand for, where a call runs it. */
export function namingIn(
  fn: FunctionNode,
  call: Ts.CallExpression,
  naming: Naming,
  tools: PlaceTools,
): Naming {
  const parameters = new Map<Ts.Node, string>(isFunctionExpression(fn) ? naming.parameters : []);
  for (const [index, parameter] of fn.parameters.entries()) {
    const given = call.arguments[index];
    const place = given && !parameter.dotDotDotToken ? placeOf(given, naming, tools) : undefined;
    if (place !== undefined) parameters.set(parameter, place);
  }
  const object = receiverOf(call);
  const isSuper = object?.kind === ts.SyntaxKind.SuperKeyword;
  // An arrow function keeps the `this` it was made with: that of its caller only if both were written in one function.
  // One that is called without an object has none, but variables around it that were found by that of its maker.
  const isMadeByCaller = isFunctionExpression(fn) && thisOwner(fn) === thisOwner(call);
  const isOfCaller = isMadeByCaller && (ts.isArrowFunction(fn) || !object);
  const isOfObject = !ts.isArrowFunction(fn) && object !== undefined;
  const own = isOfObject ? placeOf(object, naming, tools) : undefined;
  const self = isSuper || isOfCaller ? naming.self : own;
  return { self: self ?? `call ${idOf(call)}`, parameters };
}

function placeOfVariable(name: Ts.Identifier, naming: Naming, tools: PlaceTools): string | undefined {
  const local = resolveLocal(name);
  if (!local) return undefined;
  const given = naming.parameters.get(local);
  if (given !== undefined) return given;
  const own = String(idOf(tools.code.declarationNode(name) ?? local));
  const place = isSetOnce(local) ? placeTakenBy(local, naming, tools) : undefined;
  return place === undefined || isReplacedBetween({ place, from: local, to: name }, naming, tools)
    ? own
    : place;
}

/** Where the value of a declaration was found, if it is that of another place. */
function placeTakenBy(local: Ts.Node, naming: Naming, tools: PlaceTools): string | undefined {
  if (ts.isVariableDeclaration(local)) return local.initializer && placeOf(local.initializer, naming, tools);
  if (!ts.isBindingElement(local) || local.dotDotDotToken) return undefined;
  const pattern = local.parent;
  const member = ts.isObjectBindingPattern(pattern)
    ? nameText(local.propertyName ?? local.name)
    : String(pattern.elements.indexOf(local));
  const holder = pattern.parent;
  if (member === undefined || !(ts.isVariableDeclaration(holder) || ts.isParameter(holder))) return undefined;
  const object =
    naming.parameters.get(holder) ??
    (holder.initializer ? placeOf(holder.initializer, naming, tools) : undefined);
  return object === undefined ? undefined : `${object}.${member}`;
}

/**
 * Whether a variable still holds what its place no longer has: `const waiting = this.queue; this.queue = [];`. In the order of
 * the text, in the function of the variable.
 */
function isReplacedBetween(
  { place, from, to }: { readonly place: string; readonly from: Ts.Node; readonly to: Ts.Node },
  naming: Naming,
  tools: PlaceTools,
): boolean {
  const parts = new Set(place.split('.'));
  return replacementsIn(ownerOf(from)).some(({ target, part }) => {
    if (!parts.has(part) || target.pos < from.end || target.end > to.pos) return false;
    const replaced = placeOf(target, naming, tools);
    return replaced !== undefined && (replaced === place || place.startsWith(`${replaced}.`));
  });
}

interface Replacement {
  readonly target: Ts.Node;
  /** The last part of its place. */
  readonly part: string;
}

const replacements = new WeakMap<Ts.Node, readonly Replacement[]>();

/** The variables and fields that a function gives another value, those in functions of its own aside. */
function replacementsIn(owner: Ts.Node): readonly Replacement[] {
  const known = replacements.get(owner);
  if (known) return known;
  const found: Replacement[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    const isTarget = ts.isIdentifier(node) || ts.isPropertyAccessExpression(node);
    const part = isTarget && writeTo(node)?.how === '=' ? partOf(node) : undefined;
    if (part !== undefined) found.push({ target: node, part });
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(owner, visit);
  replacements.set(owner, found);
  return found;
}

function partOf(target: Ts.Identifier | Ts.PropertyAccessExpression): string | undefined {
  if (ts.isPropertyAccessExpression(target)) return target.name.text;
  const local = resolveLocal(target);
  return local && String(idOf(local));
}

/** Whether a method is one of the language's own maps, sets and arrays. Of an unknown type nobody knows what it does. */
export function isOfLanguage(callee: Ts.Node, tools: PlaceTools): boolean {
  return isMethodOf(COLLECTIONS, callee, tools);
}

/** Whether a method is one of the language's own map. */
export function isOfMap(callee: Ts.Node, tools: PlaceTools): boolean {
  return isMethodOf(MAP, callee, tools);
}

/** Whether a method is one of the language's own set. */
export function isOfSet(callee: Ts.Node, tools: PlaceTools): boolean {
  return isMethodOf(SET, callee, tools);
}

const MAP: ReadonlySet<string> = new Set(['Map']);
const SET: ReadonlySet<string> = new Set(['Set']);

function isMethodOf(types: ReadonlySet<string>, callee: Ts.Node, { code }: PlaceTools): boolean {
  const name = memberName(callee);
  const entities = name ? code.entities(name) : [];
  return (
    entities.length > 0 &&
    entities.every(
      (entity) => entity.kind === 'external' && entity.module === 'lib' && types.has(entity.container ?? ''),
    )
  );
}

/** The language's collections that can be changed. */
export const COLLECTIONS: ReadonlySet<string> = new Set(['Array', 'Map', 'Set']);
