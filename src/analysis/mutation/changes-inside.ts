import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, skipParentheses } from '../code.ts';
import { Frames, idOf } from '../inserts/frames.ts';
import { type FunctionNode, isFunctionNode } from '../inserts/functions.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { isAsync } from '../lifecycle/promise-fate.ts';
import { isIterating } from '../locks/state-methods.ts';
import { isFunctionExpression } from '../shapes.ts';
import { thisOwner } from '../this-owner.ts';
import type { Iteration } from './iterations.ts';
import { type Naming, OWN_NAMES, placeOf } from './places.ts';
import { writeTo } from './targets-of-writes.ts';

/** A change of a collection while it is walked. */
export interface ChangeInside {
  /** In the body of the iteration: the change, or the call that leads to it. */
  readonly at: Ts.Node;
  /** The change itself. */
  readonly node: Ts.Node;
  readonly how: string;
  /** It takes away what the iteration is at, which a map or set allows. */
  readonly isCurrent: boolean;
  /** A pause comes before it, in the body or in what the body calls. */
  readonly isAfterPause: boolean;
}

/** Calls are followed as far as this. */
const DEEPEST = 8;

/** Finds the changes of a collection in the body of an iteration over it, and in all that the body calls. */
export function changesInside(
  iteration: Iteration,
  { code, graph }: { readonly code: Code; readonly graph: CallGraph },
): readonly ChangeInside[] {
  const place = placeOf(iteration.collection, OWN_NAMES, code);
  if (place === undefined) return [];
  const key = iteration.key && String(idOf(iteration.key));
  const { isByIndex, node } = iteration;
  const walk = new Walk({ place, key, isByIndex, isByName: ts.isForInStatement(node) }, code, graph);
  const isDetached = ts.isCallExpression(node) && isAsync(iteration.body.parent);
  walk.visit(iteration.body, { naming: OWN_NAMES, at: undefined, isAfterPause: false, isDetached, depth: 0 });
  return walk.found;
}

interface Sought {
  readonly place: string;
  readonly key: string | undefined;
  readonly isByIndex: boolean;
  /** The names of the properties of an object are walked. */
  readonly isByName: boolean;
}

interface Around {
  readonly naming: Naming;
  /** The call in the body of the iteration. */
  readonly at: Ts.Node | undefined;
  readonly isAfterPause: boolean;
  /** Nobody waits for it: what comes after its first pause happens when the walk is over. */
  readonly isDetached: boolean;
  readonly depth: number;
}

class Walk {
  readonly found: ChangeInside[] = [];
  readonly #sought: Sought;
  readonly #code: Code;
  readonly #graph: CallGraph;
  readonly #seen = new Set<string>();
  #isReplaced = false;

  constructor(sought: Sought, code: Code, graph: CallGraph) {
    this.#sought = sought;
    this.#code = code;
    this.#graph = graph;
  }

  /** Goes through a body in the order in which it is written. Functions in it run where they are called. */
  visit(body: Ts.Node, around: Around): void {
    let { isAfterPause } = around;
    let isLater = false;
    const step = (node: Ts.Node): void => {
      if (isLater || this.#isReplaced) return;
      const here = { ...around, isAfterPause };
      if (ts.isFunctionLike(node) && !isRunInPlace(node)) return;
      if (isFunctionNode(node) && node.body && isAsync(node) && !isWaitedFor(node)) {
        this.visit(node.body, { ...here, isDetached: true });
        return;
      }
      ts.forEachChild(node, step);
      if (isLater) return;
      if (ts.isAwaitExpression(node) || ts.isYieldExpression(node)) {
        isAfterPause = true;
        isLater = around.isDetached;
      } else if (ts.isCallExpression(node)) this.#call(node, { ...around, isAfterPause });
      else if (ts.isElementAccessExpression(node) || ts.isPropertyAccessExpression(node))
        this.#write(node, { ...around, isAfterPause });
      this.#lookForReplacement(node, around.naming);
    };
    step(body);
  }

  /** From where the walked variable or field has another value, its name says nothing about what is walked. */
  #lookForReplacement(node: Ts.Node, naming: Naming): void {
    const isTarget = ts.isIdentifier(node) || ts.isPropertyAccessExpression(node);
    if (!isTarget || writeTo(node)?.how !== '=') return;
    const place = placeOf(node, naming, this.#code);
    const { place: sought } = this.#sought;
    if (place !== undefined && (sought === place || sought.startsWith(`${place}.`))) this.#isReplaced = true;
  }

  #call(call: Ts.CallExpression, around: Around): void {
    const callee = skipParentheses(call.expression);
    const object =
      ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee)
        ? callee.expression
        : undefined;
    const name = memberName(callee);
    const { naming } = around;
    if (object && name && this.#isSought(object, naming) && this.#isOfLanguage(callee)) {
      this.#method(call, name.text, around);
      return;
    }
    if (around.depth === DEEPEST) return;
    for (const fn of this.#graph.callees.bodies(call, Frames.none)) {
      if (!fn.body || isRunInPlace(fn)) continue;
      const inner = this.#namingIn(fn, call, object, naming);
      const isDetached = around.isDetached || (isAsync(fn) && !isWaitedFor(call));
      const seen = `${isDetached}|${idOf(fn)}|${inner.self}|${[...inner.parameters.values()].join()}|${around.isAfterPause}|${idOf(around.at ?? call)}`;
      if (this.#seen.has(seen)) continue;
      this.#seen.add(seen);
      this.visit(fn.body, {
        ...around,
        naming: inner,
        at: around.at ?? call,
        isDetached,
        depth: around.depth + 1,
      });
    }
  }

  #method(call: Ts.CallExpression, method: string, around: Around): void {
    if (!(this.#sought.isByIndex ? MOVING : CHANGING).has(method)) return;
    const [first] = call.arguments;
    const isOfKey = first !== undefined && placeOf(first, around.naming, this.#code) === this.#sought.key;
    const isCurrent = isOfKey && this.#sought.key !== undefined;
    // What is there already is given another value, and stays where it is.
    if (isCurrent && (method === 'set' || method === 'add')) return;
    this.#add(call, method, isCurrent && method === 'delete', around);
  }

  /** `delete all[key]`, `all[key] = …` in a loop over the keys, and a length that is set. */
  #write(access: Ts.PropertyAccessExpression | Ts.ElementAccessExpression, around: Around): void {
    const write = writeTo(access);
    if (!write || !this.#isSought(access.expression, around.naming)) return;
    const name = memberName(access)?.text;
    if (name === 'length') {
      this.#add(write.node, write.how, false, around);
      return;
    }
    const key = ts.isElementAccessExpression(access) ? access.argumentExpression : undefined;
    const place = key && placeOf(key, around.naming, this.#code);
    const isCurrent = place !== undefined && place === this.#sought.key;
    // What is assigned to an element of an array, or to a key that is there, moves nothing.
    if (write.how === 'delete') this.#add(write.node, write.how, isCurrent, around);
    else if (this.#sought.isByName && !isCurrent) this.#add(write.node, write.how, false, around);
  }

  #add(node: Ts.Node, how: string, isCurrent: boolean, { at, isAfterPause }: Around): void {
    this.found.push({ at: at ?? node, node, how, isCurrent, isAfterPause });
  }

  /** One of two values, `on ? a : b`, may be the one that is walked. */
  #isSought(expression: Ts.Node, naming: Naming): boolean {
    const node = skipParentheses(expression);
    if (ts.isConditionalExpression(node)) {
      return this.#isSought(node.whenTrue, naming) || this.#isSought(node.whenFalse, naming);
    }
    return placeOf(node, naming, this.#code) === this.#sought.place;
  }

  /** A method of another type's own does what it likes, and of an unknown type nobody knows. */
  #isOfLanguage(callee: Ts.Node): boolean {
    const name = memberName(callee);
    const entities = name ? this.#code.entities(name) : [];
    return (
      entities.length > 0 &&
      entities.every(
        (entity) =>
          entity.kind === 'external' && entity.module === 'lib' && COLLECTIONS.has(entity.container ?? ''),
      )
    );
  }

  #namingIn(
    fn: FunctionNode,
    call: Ts.CallExpression,
    object: Ts.Expression | undefined,
    naming: Naming,
  ): Naming {
    const parameters = new Map<Ts.Node, string>(ts.isArrowFunction(fn) ? naming.parameters : []);
    for (const [index, parameter] of fn.parameters.entries()) {
      const given = call.arguments[index];
      const place = given && !parameter.dotDotDotToken ? placeOf(given, naming, this.#code) : undefined;
      if (place !== undefined) parameters.set(parameter, place);
    }
    const isSuper = object?.kind === ts.SyntaxKind.SuperKeyword;
    // An arrow function keeps the `this` it was made with: that of its caller only if both were written in one function.
    const isOfCaller = ts.isArrowFunction(fn) && thisOwner(fn) === thisOwner(call);
    const isOfObject = !ts.isArrowFunction(fn) && object !== undefined;
    const own = isOfObject ? placeOf(object, naming, this.#code) : undefined;
    const self = isSuper || isOfCaller ? naming.self : own;
    return { self: self ?? `call ${idOf(call)}`, parameters };
  }
}

/** A callback that an iterating method runs before it returns, and a function that is called where it is written. */
function isRunInPlace(fn: Ts.Node): boolean {
  if (!isFunctionNode(fn) || !isFunctionExpression(fn)) return false;
  let value: Ts.Node = fn;
  while (ts.isParenthesizedExpression(value.parent)) value = value.parent;
  const { parent } = value;
  if (!ts.isCallExpression(parent)) return false;
  if (parent.expression === value) return true;
  return isIterating(memberName(skipParentheses(parent.expression))?.text ?? '');
}

const COLLECTIONS: ReadonlySet<string> = new Set(['Array', 'Map', 'Set']);

/** Whether its own function waits for what a call or a callback comes to, or hands that on. */
function isWaitedFor(node: Ts.Node): boolean {
  for (let at = node.parent; at && !ts.isStatement(at) && !ts.isFunctionLike(at); at = at.parent) {
    if (ts.isAwaitExpression(at)) return true;
    if (ts.isReturnStatement(at.parent) || ts.isArrowFunction(at.parent)) return true;
  }
  return ts.isReturnStatement(node.parent) || ts.isArrowFunction(node.parent);
}

/** Methods that change which elements there are, or their order. */
const CHANGING: ReadonlySet<string> = new Set([
  'add',
  'clear',
  'delete',
  'pop',
  'push',
  'reverse',
  'set',
  'shift',
  'sort',
  'splice',
  'unshift',
]);

/** Those that move the elements of an array to other indexes. */
const MOVING: ReadonlySet<string> = new Set(['shift', 'splice', 'unshift']);
