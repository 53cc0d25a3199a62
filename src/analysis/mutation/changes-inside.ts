import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { isChaining } from '../atomic/outside.ts';
import { type Code, memberName, skipParentheses } from '../code.ts';
import { isSetOnce } from '../dispatch/fields.ts';
import { Frames, idOf } from '../inserts/frames.ts';
import { cfgOf, type FunctionNode, isFunctionNode, ownerOf } from '../inserts/functions.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { isAsync } from '../lifecycle/promise-fate.ts';
import { isIterating } from '../locks/state-methods.ts';
import { followsWithout } from '../loops.ts';
import { callWith, isFunctionExpression, isInside, outermost, receiverOf } from '../shapes.ts';
import { type MethodCall, methodCallOf } from './collection-calls.ts';
import { collectionTypes, type Iteration } from './iterations.ts';
import { KeyOrigins, type Origin, PLACE_OF_ORIGIN } from './key-origins.ts';
import { type Flags, flagsBefore, outcomeOf } from './outcomes.ts';
import {
  isOfLanguage,
  isOfMap,
  isOfSet,
  type Naming,
  namingIn,
  OWN_NAMES,
  type PlaceTools,
  placeOf,
} from './places.ts';
import { isOfModule, leadsTo, type Root, rootsOf, THIS } from './roots.ts';
import { type Write, writeTo } from './targets-of-writes.ts';
import { walkedPlace } from './walked-places.ts';

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

/** The place of an object that is no matter of the walk. */
const ELSEWHERE = 'elsewhere';

/** Calls are followed as far as this. */
const DEEPEST = 8;

/** Finds the changes of a collection in the body of an iteration over it, and in all that the body calls. */
export function changesInside(
  iteration: Iteration,
  { code, graph }: { readonly code: Code; readonly graph: CallGraph },
): readonly ChangeInside[] {
  if (!mayChange(iteration)) return [];
  const place = walkedPlace(iteration.collection, { code, callees: graph.callees });
  if (place === undefined) return [];
  const { key, keyMembers, itself, isByIndex, node } = iteration;
  const keys = new Set(key ? keyMembers.map((member) => `${idOf(key)}${member}`) : []);
  const walk = new Walk(
    {
      iteration,
      place,
      root: rootOf(place, iteration),
      keys,
      isByIndex,
      isByName: ts.isForInStatement(node),
    },
    code,
    graph,
  );
  const isDetached = ts.isCallExpression(node) && isAsync(iteration.body.parent);
  const naming = itself ? { ...OWN_NAMES, parameters: new Map([[itself, place]]) } : OWN_NAMES;
  walk.visit(iteration.body, { naming, at: undefined, isAfterPause: false, isDetached, depth: 0 });
  return walk.found;
}

/**
 * Whether the body of a walk does anything, and has to do with what the collection is found by. Most walks end here, before
 * anybody is asked what a name means.
 */
export function mayChange({ collection, body, itself }: Iteration): boolean {
  if (!doesAnything(body)) return false;
  const roots = rootsOf(collection);
  return [...roots].some(isOfModule) || leadsTo(body, (root) => root === itself || roots.has(root));
}

function doesAnything(node: Ts.Node): boolean {
  if (ts.isCallExpression(node)) return true;
  if ((ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) && writeTo(node))
    return true;
  return ts.forEachChild(node, (child) => doesAnything(child) || undefined) ?? false;
}

/** What a place begins with; undefined for a variable of another file. */
function rootOf(place: string, { collection }: Iteration): Root | undefined {
  const [first] = place.split('.');
  return [...rootsOf(collection)].find((root) => (root === THIS ? root : String(idOf(root))) === first);
}

interface Sought {
  readonly iteration: Iteration;
  readonly place: string;
  /** What the place begins with; undefined where that is not in the file of the walk. */
  readonly root: Root | undefined;
  /** The places of what the walk is at. */
  readonly keys: ReadonlySet<string>;
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
  readonly #graph: CallGraph;
  readonly #tools: PlaceTools;
  readonly #seen = new Set<string>();
  /** What begins with this is at hand for every function. */
  readonly #isEverywhere: boolean;
  readonly #origins: KeyOrigins;
  readonly #flags: Flags;
  /** The calls that have taken away what the walk is at. */
  readonly #removals: RemovalInside[] = [];
  #isReplaced = false;

  constructor(sought: Sought, code: Code, graph: CallGraph) {
    this.#sought = sought;
    this.#graph = graph;
    this.#tools = { code, callees: graph.callees };
    const { collection, values } = sought.iteration;
    let isMap: boolean | undefined;
    const walksMap = (): boolean => (isMap ??= collectionTypes(collection, code).includes('Map'));
    this.#origins = new KeyOrigins(values, walksMap, this.#tools);
    this.#flags = flagsBefore(sought.iteration.node, this.#tools);
    this.#isEverywhere = sought.root === undefined || isOfModule(sought.root);
  }

  /** Goes through a body in the order in which it is written. Functions in it run where they are called. */
  visit(body: Ts.Node, around: Around): void {
    const pauses: Ts.Node[] = [];
    // From here on, nothing runs while the walk does.
    let isLater = false;
    const at = (node: Ts.Node): Around => ({
      ...around,
      isAfterPause: around.isAfterPause || pauses.some((pause) => this.#isAfter(node, pause)),
    });
    const step = (node: Ts.Node): void => {
      if (isLater || this.#isReplaced) return;
      if (ts.isFunctionLike(node) && !isHandedToWalk(node) && !isAwaitedLink(node)) return;
      if (isFunctionNode(node) && node.body && isAsync(node) && !isWaitedFor(node)) {
        this.visit(node.body, { ...at(node), isDetached: true });
        return;
      }
      if (isFunctionNode(node) && node.body && isAwaitedLink(node)) {
        if (around.isDetached) return;
        pauses.push(node);
        this.visit(node.body, { ...around, isAfterPause: true });
        return;
      }
      if (ts.isIfStatement(node)) {
        const outcome = outcomeOf(node.expression, (part) => this.#known(part, around));
        step(node.expression);
        if (outcome !== false) step(node.thenStatement);
        if (outcome !== true && node.elseStatement) step(node.elseStatement);
        if (outcome === true && node.parent === body && isLeaving(node.thenStatement)) isLater = true;
        return;
      }
      ts.forEachChild(node, step);
      if (isLater) return;
      if (ts.isAwaitExpression(node) || ts.isYieldExpression(node)) {
        pauses.push(node);
        isLater = around.isDetached;
      } else if (ts.isCallExpression(node)) this.#call(node, at(node));
      else if (ts.isElementAccessExpression(node) || ts.isPropertyAccessExpression(node)) {
        const write = writeTo(node);
        if (write) this.#write(node, write, at(node));
      }
      this.#lookForReplacement(node, around.naming);
    };
    step(body);
  }

  /** What is known of a part of a condition: by the flags, and by what the body has taken away before. */
  #known(part: Ts.Node, around: Around): boolean | 'missing' | undefined {
    const look = lookIn(part);
    if (look && this.#isGone(look.call, around)) return look.method === 'has' ? false : 'missing';
    const place = this.#flags.size > 0 ? placeOf(part, around.naming, this.#tools) : undefined;
    return place === undefined ? undefined : this.#flags.get(place);
  }

  /** Whether a look into the collection asks for what each turn has taken away before it. */
  #isGone(look: Ts.CallExpression, { naming, at = look }: Around): boolean {
    const { body } = this.#sought.iteration;
    const isBefore = this.#removals.some(
      ({ node }) => isStatementOf(node, body) && at.pos >= node.end && isInside(at, body),
    );
    const asked = isBefore ? methodCallOf(look) : undefined;
    if (!asked?.first || !this.#isSought(asked.object, naming)) return false;
    const key = placeOf(asked.first, naming, this.#tools);
    return key !== undefined && this.#sought.keys.has(key) && isOfLanguage(asked.callee, this.#tools);
  }

  /** Whether control gets from a pause to what comes later in the text, before the walk goes on: not into another branch. */
  #isAfter(node: Ts.Node, pause: Ts.Node): boolean {
    const owner = ownerOf(pause);
    if (!ts.findAncestor(node, (one) => one === owner)) return true;
    let second = node;
    while (ownerOf(second) !== owner) second = ownerOf(second);
    return followsWithout(cfgOf(owner), { first: pause, second, loop: this.#sought.iteration.node });
  }

  /** From where the walked variable or field has another value, its name says nothing about what is walked. */
  #lookForReplacement(node: Ts.Node, naming: Naming): void {
    const isTarget = ts.isIdentifier(node) || ts.isPropertyAccessExpression(node);
    if (!isTarget || writeTo(node)?.how !== '=' || !this.#mayLead(node, naming)) return;
    const place = placeOf(node, naming, this.#tools);
    const { place: sought } = this.#sought;
    if (place !== undefined && (sought === place || sought.startsWith(`${place}.`))) this.#isReplaced = true;
  }

  #call(call: Ts.CallExpression, around: Around): void {
    const { naming } = around;
    if (!this.#mayLead(call, naming)) return;
    const change = methodCallOf(call);
    if (change && this.#isSought(change.object, naming) && isOfLanguage(change.callee, this.#tools)) {
      this.#method(call, change, around);
      return;
    }
    if (around.depth === DEEPEST) return;
    for (const fn of this.#graph.callees.bodies(call, Frames.none)) {
      if (!fn.body || isHandedToWalk(fn)) continue;
      // What is called where it is written stands in the body itself.
      const at = callWith(fn) ? around.at : (around.at ?? call);
      const inner = this.#entering(fn, call, naming);
      const isDetached = around.isDetached || !isWaitedFor(call);
      const seen = `${isDetached}|${idOf(fn)}|${inner.self}|${[...inner.parameters.values()].join()}|${around.isAfterPause}|${idOf(at ?? call)}`;
      if (this.#seen.has(seen)) continue;
      this.#seen.add(seen);
      this.visit(fn.body, {
        ...around,
        naming: inner,
        at,
        isDetached,
        depth: around.depth + 1,
      });
    }
  }

  /** Whether an expression mentions what the walked collection is found by, where it stands. */
  #mayLead(expression: Ts.Node, { self, parameters }: Naming): boolean {
    const { root, iteration } = this.#sought;
    const leads = (place: string | undefined): boolean =>
      place !== undefined && place !== ELSEWHERE && this.#origins.ofPlace(place) === undefined;
    const isSought = (one: Root): boolean =>
      one === THIS
        ? leads(self) && (self !== OWN_NAMES.self || root === THIS)
        : one === root || one === iteration.itself || leads(parameters.get(one));
    return this.#isEverywhere || leadsTo(expression, isSought);
  }

  /**
   * The names of a function that lead to what is walked, or to what the walk is at, where a call runs it: calls that differ in
   * others are one.
   */
  #entering(fn: FunctionNode, call: Ts.CallExpression, naming: Naming): Naming {
    const { place, root, keys } = this.#sought;
    const leads = (to: string | undefined): to is string =>
      this.#origins.ofPlace(to) !== undefined ||
      [place, ...keys].some((target) => target === to || target.startsWith(`${to}.`));
    const given = namingIn(fn, call, naming, this.#tools);
    // A function that calls itself has another variable of that name the next time.
    const isAgain = root !== undefined && root !== THIS && ownerOf(root) === fn;
    const parameters = new Map<Ts.Node, string>(isAgain ? [[root, ELSEWHERE]] : []);
    for (const [parameter, to] of given.parameters) if (leads(to)) parameters.set(parameter, to);
    for (const [index, parameter] of fn.parameters.entries()) {
      const to = given.parameters.get(parameter);
      const origin = leads(to) ? undefined : this.#originOf(call.arguments[index], naming);
      if (origin) parameters.set(parameter, PLACE_OF_ORIGIN[origin]);
    }
    if (leads(given.self)) return { ...given, parameters };
    const origin = this.#originOf(receiverOf(call), naming);
    return { ...given, self: origin ? PLACE_OF_ORIGIN[origin] : ELSEWHERE, parameters };
  }

  #originOf(expression: Ts.Expression | undefined, naming: Naming): Origin | undefined {
    return expression && this.#origins.of(expression, naming);
  }

  #method(call: Ts.CallExpression, { method, callee, first }: MethodCall, around: Around): void {
    if (!(this.#sought.isByIndex ? MOVING : CHANGING).has(method)) return;
    const given = first && placeOf(first, around.naming, this.#tools);
    const isByValue = first !== undefined && this.#origins.of(first, around.naming) === 'part';
    const isCurrent =
      (given !== undefined && this.#sought.keys.has(given)) || (isByValue && isOfMap(callee, this.#tools));
    const isPutThere = method === 'set' || method === 'add';
    // What is there already is given another value, and stays where it is; what was taken away goes to the end.
    if (isCurrent && isPutThere && !this.#isRemovedBefore(call, around)) return;
    const isRemoval = isCurrent && method === 'delete';
    if (isRemoval) this.#removals.push({ node: call, at: around.at ?? call });
    // Who has put an object into a set again while the walk paused has put the same one there.
    const isSame = isRemoval && isOfSet(callee, this.#tools) && this.#isObject(first);
    this.#add(call, method, isRemoval, isSame ? { ...around, isAfterPause: false } : around);
  }

  /** Whether an expression is an object, as far as its type tells. */
  #isObject(expression: Ts.Node | undefined): boolean {
    const type = expression && this.#tools.code.expressionType(expression);
    return type !== undefined && (type.any || type.symbols.length > 0);
  }

  /** Whether a way leads from where the element was taken away to a call, before the walk goes on to the next one. */
  #isRemovedBefore(call: Ts.Node, { at = call }: Around): boolean {
    const { node } = this.#sought.iteration;
    return this.#removals.some((removal) => {
      const [first, second] =
        ownerOf(removal.node) === ownerOf(call) ? [removal.node, call] : [removal.at, at];
      const owner = ownerOf(first);
      return owner === ownerOf(second) && followsWithout(cfgOf(owner), { first, second, loop: node });
    });
  }

  /** `delete all[key]`, `all[key] = …` in a loop over the keys, and a length that is set. */
  #write(
    access: Ts.PropertyAccessExpression | Ts.ElementAccessExpression,
    write: Write,
    around: Around,
  ): void {
    if (this.#flags.size > 0) this.#flags.delete(placeOf(access, around.naming, this.#tools) ?? '');
    if (!this.#isSought(access.expression, around.naming)) return;
    const name = memberName(access)?.text;
    if (name === 'length') {
      this.#add(write.node, write.how, false, around);
      return;
    }
    const key = ts.isElementAccessExpression(access) ? access.argumentExpression : undefined;
    const place = key && placeOf(key, around.naming, this.#tools);
    const isCurrent = place !== undefined && this.#sought.keys.has(place);
    // `list[list.length] = …`
    if (place === `${this.#sought.place}.length` && !this.#sought.isByIndex) {
      this.#add(write.node, write.how, false, around);
      return;
    }
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
    return this.#mayLead(node, naming) && placeOf(node, naming, this.#tools) === this.#sought.place;
  }
}

interface RemovalInside {
  readonly node: Ts.Node;
  /** In the body of the iteration. */
  readonly at: Ts.Node;
}

interface Look {
  readonly call: Ts.CallExpression;
  readonly method: 'get' | 'has';
}

/** `all.has(key)`, `all.get(key)`, and a variable that holds what one of them gave. */
function lookIn(part: Ts.Node): Look | undefined {
  const node = skipParentheses(part);
  const local = ts.isIdentifier(node) ? resolveLocal(node) : undefined;
  const value = local && ts.isVariableDeclaration(local) && isSetOnce(local) ? local.initializer : node;
  const call = value && skipParentheses(value);
  if (!call || !ts.isCallExpression(call)) return undefined;
  const method = memberName(skipParentheses(call.expression))?.text;
  return method === 'get' || method === 'has' ? { call, method } : undefined;
}

/** Whether a call is a statement of its own in a block. */
function isStatementOf(call: Ts.Node, block: Ts.Node): boolean {
  return ts.isExpressionStatement(call.parent) && call.parent.parent === block;
}

/** Whether a branch ends its function. */
function isLeaving(branch: Ts.Statement): boolean {
  const last = ts.isBlock(branch) ? branch.statements.at(-1) : branch;
  return last !== undefined && (ts.isReturnStatement(last) || ts.isThrowStatement(last));
}

/** A callback that an iterating method runs before it returns. */
function isHandedToWalk(fn: Ts.Node): boolean {
  const { parent } = outermost(fn);
  return (
    ts.isCallExpression(parent) && isIterating(memberName(skipParentheses(parent.expression))?.text ?? '')
  );
}

/** A callback of `then` and its kin that runs before the code around goes on: somebody waits for the chain. */
function isAwaitedLink(fn: Ts.Node): boolean {
  const { parent } = outermost(fn);
  return isFunctionExpression(fn) && ts.isCallExpression(parent) && isChaining(parent) && isWaitedFor(parent);
}

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
