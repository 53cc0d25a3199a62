import { type Ts, ts } from '../../syntax/ts.ts';
import type { Frame } from '../atomic/frames.ts';
import type { Target } from '../atomic/values.ts';
import type { CallLike } from '../cfg.ts';
import { memberName, nameText, rightmostName, skipParentheses } from '../code.ts';
import { parametersOf } from '../inserts/callees.ts';
import type { Disposals } from '../inserts/disposals.ts';
import { localDeclaration } from '../inserts/identifiers.ts';
import { isReassigned } from '../inserts/reaching.ts';
import { namesIn } from '../name-index.ts';
import { isFunctionExpression } from '../shapes.ts';
import type { Callees, Calls } from './calls.ts';
import { collectionCondition, walkedBy } from './conditions.ts';
import { bodiesOf, type Event } from './events.ts';
import { type Events, eventOf, NO_EVENTS, type World } from './worlds.ts';

/** What is certain to happen in a call: until it comes back, and until what it hands back is fulfilled. */
export interface Effect {
  readonly atOnce: Events;
  readonly settled: Events;
}

/** What is certain of a function that has been run to its normal end. */
export interface Summary extends Effect {
  /** When a generator has been walked to its end. */
  readonly walked: Events;
  /** When a generator hands out an element. */
  readonly handing: Events;
}

/** What a call does once per element of a collection. */
export interface CallEffect extends Effect {
  readonly each: Effect;
  /** The fact whether there is an element. */
  readonly collection: string | undefined;
}

export const NO_EFFECT: Effect = { atOnce: NO_EVENTS, settled: NO_EVENTS };
export const NO_SUMMARY: Summary = { ...NO_EFFECT, walked: NO_EVENTS, handing: NO_EVENTS };
const NO_CALL: CallEffect = { ...NO_EFFECT, each: NO_EFFECT, collection: undefined };

/**
 * Whether an event counts as soon as it is begun, and all that was started runs to its end; or only when it is done, so
 * that what nobody waits for does not count.
 */
export type Counting = 'begun' | 'done';

/** What effects are told from. */
export interface EffectParts {
  readonly calls: Calls;
  readonly events: readonly Event[];
  readonly counting: Counting;
  /** Whether a call may lead to an event. */
  isRelevant(call: Ts.Node): boolean;
  readonly disposals: Disposals;
  /** What is put into a field, but for nothing. */
  storesOf(access: Ts.PropertyAccessExpression): readonly Ts.Expression[];
  summary(target: Target, args: readonly Ts.Expression[] | undefined, caller: Frame | undefined): Summary;
}

/** What the expressions of a function do, in a call that is being made. */
export class Effects {
  readonly #parts: EffectParts;
  readonly #frame: Frame | undefined;
  readonly #known = new Map<Ts.Node, CallEffect>();

  /** The accesses of fields that are being looked at. */
  readonly #fields: Set<Ts.Node>;

  constructor(parts: EffectParts, frame: Frame | undefined, fields = new Set<Ts.Node>()) {
    this.#parts = parts;
    this.#frame = frame;
    this.#fields = fields;
  }

  call(node: CallLike): CallEffect {
    if (!this.#parts.isRelevant(node)) return NO_CALL;
    let effect = this.#known.get(node);
    if (!effect) {
      effect = this.#callEffect(node);
      this.#known.set(node, effect);
    }
    return effect;
  }

  /** What the end of a block does that disposes of what a `using` declaration holds. */
  disposal(declaration: Ts.VariableDeclaration, awaits: boolean): Events {
    if (!this.#parts.isRelevant(declaration.name)) return NO_EVENTS;
    const methods = this.#parts.disposals.methodsOf(declaration);
    const effects = methods.map((fn) => {
      return this.#parts.summary({ fn, frame: undefined, bound: [] }, [], this.#frame);
    });
    return certain(effects.map((one) => (awaits || this.isEager ? one.settled : one.atOnce)));
  }

  /** Whether what was started counts as done. */
  get isEager(): boolean {
    return this.#parts.counting === 'begun';
  }

  /** What has happened when a generator that an expression makes has been walked to its end, or hands out an element. */
  walked(expression: Ts.Expression, until: 'end' | 'element'): Events {
    const bare = skipParentheses(expression);
    if (!ts.isCallExpression(bare) || !this.#parts.isRelevant(bare)) return NO_EVENTS;
    const { found, args } = this.#parts.calls.of(bare, this.#frame);
    if (found.isOpen || found.external.length > 0) return NO_EVENTS;
    const summaries = found.targets.map((target) => this.#parts.summary(target, args, this.#frame));
    return certain(summaries.map(({ walked, handing }) => (until === 'end' ? walked : handing)));
  }

  /**
   * What has happened when the promise is fulfilled that an expression stands for: in a world in which it was evaluated,
   * or else by what stands there alone.
   */
  fulfilled(expression: Ts.Expression, world: World | undefined): Events {
    const bare = skipParentheses(expression) as Ts.Expression;
    if (ts.isArrayLiteralExpression(bare)) return this.#all(bare, world);
    if (ts.isPropertyAccessExpression(bare) && !ts.isOptionalChain(bare)) return this.#field(bare);
    if (ts.isBinaryExpression(bare) && bare.operatorToken.kind === ts.SyntaxKind.CommaToken) {
      return this.fulfilled(bare.right, world);
    }
    if (world) {
      const local = ts.isIdentifier(bare) ? localDeclaration(bare) : bare;
      return (local && world.promises.get(local)) ?? NO_EVENTS;
    }
    if (ts.isConditionalExpression(bare)) {
      return this.fulfilled(bare.whenTrue, world) & this.fulfilled(bare.whenFalse, world);
    }
    if (ts.isIdentifier(bare)) return this.#constant(bare);
    return isMade(bare) ? this.promised(bare, undefined) : NO_EVENTS;
  }

  #constant(name: Ts.Identifier): Events {
    const local = localDeclaration(name);
    if (!local || !ts.isVariableDeclaration(local) || !local.initializer) return NO_EVENTS;
    const isConst = (ts.getCombinedNodeFlags(local) & ts.NodeFlags.Const) !== 0;
    return isConst ? this.fulfilled(local.initializer, undefined) : NO_EVENTS;
  }

  /** A promise that is kept in a field: `this.#ready ??= load()`. */
  #field(access: Ts.PropertyAccessExpression): Events {
    if (this.#fields.has(access)) return NO_EVENTS;
    this.#fields.add(access);
    const outer = new Effects(this.#parts, undefined, this.#fields);
    const events = certain(this.#parts.storesOf(access).map((value) => outer.fulfilled(value, undefined)));
    this.#fields.delete(access);
    return events;
  }

  /** `new Promise((resolve) => …)`: what has happened wherever it is resolved. */
  #resolved(executor: Ts.Expression): Events {
    const bare = skipParentheses(executor);
    const [resolve] = isFunctionExpression(bare) ? bare.parameters : [];
    if (!resolve || !ts.isIdentifier(resolve.name)) return NO_EVENTS;
    const { text } = resolve.name;
    const uses = (namesIn(bare.getSourceFile()).get(text) ?? []).filter(
      (one) => one !== resolve.name && ts.isIdentifier(one) && localDeclaration(one) === resolve,
    );
    return certain(uses.map((use) => this.#resolvedBy(use)));
  }

  /** `work().then(resolve)`, and a call of it in what goes on from a promise. */
  #resolvedBy(use: Ts.Node): Events {
    const link = ts.isCallExpression(use.parent) && use.parent.expression !== use ? use.parent : undefined;
    const callback = link ? undefined : ts.findAncestor(use, isFunctionExpression);
    const call = link ?? (callback && ts.isCallExpression(callback.parent) ? callback.parent : undefined);
    const callee = call && skipParentheses(call.expression);
    const isFirst = call?.arguments[0] === (link ? use : callback);
    if (!call || !callee || !isFirst || !ts.isPropertyAccessExpression(callee)) return NO_EVENTS;
    return callee.name.text === 'then' ? this.fulfilled(callee.expression, undefined) : NO_EVENTS;
  }

  #all(array: Ts.ArrayLiteralExpression, world: World | undefined): Events {
    return union(
      array.elements.map((one) => this.fulfilled(ts.isSpreadElement(one) ? one.expression : one, world)),
    );
  }

  /** What has happened when what a call hands back is fulfilled, as it is made. */
  promised(call: CallLike, world: World | undefined): Events {
    if (ts.isNewExpression(call)) {
      const [executor] = call.arguments ?? [];
      const isPromise = skipParentheses(call.expression).getText() === 'Promise';
      return this.call(call).settled | (isPromise && executor ? this.#resolved(executor) : NO_EVENTS);
    }
    if (!ts.isCallExpression(call)) return this.call(call).settled;
    const callee = skipParentheses(call.expression);
    const name = memberName(callee);
    const method = name && nameText(name);
    if (method !== undefined && ts.isPropertyAccessExpression(callee)) {
      if (/^(?:then|catch|finally)$/.test(method)) return this.#link(call, callee.expression, method, world);
      if (callee.expression.getText() === 'Promise') return this.#combined(call, method, world);
    }
    const { settled, each, collection } = this.call(call);
    const hasElements = collection !== undefined && world?.facts.get(collection) === true;
    return hasElements ? settled | each.settled : settled;
  }

  /** One link of a chain: what was fulfilled before it, and what the function does that goes on from there. */
  #link(call: Ts.CallExpression, before: Ts.Expression, method: string, world: World | undefined): Events {
    const [first, second] = call.arguments;
    const earlier = this.fulfilled(before, world);
    if (method === 'catch') return first ? this.#rescued(earlier, first) : earlier;
    const later = earlier | (first ? this.#run(first).settled : NO_EVENTS);
    return method === 'then' && second ? this.#rescued(later, second) : later;
  }

  /** Where a failure is made good, nothing of what failed is certain. */
  #rescued(events: Events, handler: Ts.Expression): Events {
    const { targets } = this.#parts.calls.functionsOf(handler, this.#frame);
    const onlyThrows = targets.length > 0 && targets.every(({ fn }) => this.#parts.calls.isEndless(fn));
    return onlyThrows ? events : events & this.#run(handler).settled;
  }

  #combined(call: Ts.CallExpression, method: string, world: World | undefined): Events {
    const [first] = call.arguments;
    if (!first) return NO_EVENTS;
    const bare = skipParentheses(first);
    if (method === 'all' || method === 'resolve') return this.fulfilled(first, world);
    const isOneOf = method === 'race' || method === 'any';
    if (!isOneOf || !ts.isArrayLiteralExpression(bare)) return NO_EVENTS;
    return certain(bare.elements.map((one) => this.fulfilled(one, world)));
  }

  /** What a function does that an expression stands for. */
  #run(value: Ts.Expression): Effect {
    const found = this.#parts.calls.functionsOf(value, this.#frame);
    const declarations = this.#parts.calls.declarationsAt(value);
    const named = this.#family(value, ({ family }) => {
      return family !== undefined && declarations.length > 0 && declarations.every((one) => family.has(one));
    });
    return both(named, this.#oneOf({ found, args: undefined, callbacks: [] }, value));
  }

  #callEffect(node: CallLike): CallEffect {
    const callees = this.#parts.calls.of(node, this.#frame);
    let effect = both(this.#oneOf(callees, node), this.#named(node, callees));
    for (const field of this.#parts.calls.fieldsOf(node)) effect = both(effect, this.#evaluated(field));
    let each = NO_EFFECT;
    for (const { value, runs } of callees.callbacks) {
      const run = this.#run(value);
      if (runs === 'each') each = both(each, run);
      else if (runs === 'once' || this.#parts.counting === 'begun') effect = both(effect, run);
    }
    const walked = each.settled === NO_EVENTS ? undefined : walkedBy(node);
    return { ...effect, each, collection: walked && collectionCondition(walked)?.key };
  }

  /** What the calls in the value of a field do that are made whenever it is evaluated. */
  #evaluated(value: Ts.Node): Effect {
    if (ts.isFunctionLike(value) || ts.isClassLike(value) || ts.isConditionalExpression(value))
      return NO_EFFECT;
    if (ts.isOptionalChain(value)) return NO_EFFECT;
    let effect: Effect = isMade(value) ? this.call(value) : NO_EFFECT;
    ts.forEachChild(value, (child) => {
      const isChoice = ts.isBinaryExpression(value) && child === value.right && isShortCircuit(value);
      if (!isChoice) effect = both(effect, this.#evaluated(child));
    });
    return effect;
  }

  /** Whether the call that is being made hands in nothing for a parameter; undefined where nobody knows. */
  isLeftOut(parameter: Ts.ParameterDeclaration): boolean | undefined {
    const { fn, args } = this.#frame ?? {};
    if (fn !== parameter.parent || !args || !ts.isFunctionLike(parameter.parent)) return undefined;
    const index = parametersOf(parameter.parent).indexOf(parameter);
    if (args.slice(0, index + 1).some(ts.isSpreadElement)) return undefined;
    return args[index] === undefined ? true : undefined;
  }

  /** What all the functions do of which one is called. */
  #oneOf({ found, args }: Callees, at: Ts.Node): Effect {
    if (found.isOpen || found.targets.length + found.external.length === 0) return NO_EFFECT;
    const inside = found.targets.map((target) => {
      const own = this.#family(at, (event) => event.family?.has(target.fn) === true);
      return both(own, this.#parts.summary(target, args, this.#frame));
    });
    // What is only declared goes by its declaration.
    const outside = found.external.map(({ module }) => {
      return this.#family(at, (event) => event.family?.hasKey(module) === true);
    });
    const effects = [...inside, ...outside];
    return {
      atOnce: certain(effects.map(({ atOnce }) => atOnce)),
      settled: certain(effects.map(({ settled }) => settled)),
    };
  }

  /** The events that a call is by the name of what it calls. */
  #named(node: CallLike, { found }: Callees): Effect {
    const declarations = this.#parts.calls.declarationsOf(node);
    const isVariable = declarations.every(isVariableLike);
    return this.#family(node, ({ family, sites }) => {
      if (!family) return false;
      if (declarations.length === 0) return false;
      if (declarations.every((one) => family.has(one))) return true;
      // A name for what has no body of its own, which was followed to here.
      const isOne = isVariable && bodiesOf(family).length === 0 && declarations.every(isAnotherName);
      const isUnseen = found.targets.length === 0 && found.external.length === 0;
      const isHandedIn = isVariable && isUnseen && !declarations.some(isMadeInPlace);
      return (isOne || isHandedIn) && sites.some((site) => site.node === node && site.how === 'call');
    });
  }

  #family(at: Ts.Node, isMeant: (event: Event) => boolean): Effect {
    let atOnce = NO_EVENTS;
    let settled = NO_EVENTS;
    for (const [index, event] of this.#parts.events.entries()) {
      if (!isMeant(event)) continue;
      settled |= eventOf(index);
      if (this.#parts.counting === 'begun' || !event.family?.isAsync(at)) atOnce |= eventOf(index);
    }
    return { atOnce, settled };
  }
}

function isVariableLike(node: Ts.Node): boolean {
  return ts.isVariableDeclaration(node) || ts.isBindingElement(node) || ts.isParameter(node);
}

/** A variable that is given one member or function by its name, and keeps it: `const { stop } = backend`. */
function isAnotherName(node: Ts.Node): boolean {
  if (ts.isBindingElement(node)) return true;
  if (!ts.isVariableDeclaration(node) || !node.initializer || !ts.isIdentifier(node.name)) return false;
  return rightmostName(node.initializer) !== undefined && !isReassigned(node, node.name.text);
}

/** A variable that is given what a call hands back, or a choice: `const step = steps.get(kind)`. */
function isMadeInPlace(node: Ts.Node): boolean {
  return ts.isVariableDeclaration(node) && node.initializer !== undefined && !isAnotherName(node);
}

function isShortCircuit({ operatorToken: { kind } }: Ts.BinaryExpression): boolean {
  return (
    kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    kind === ts.SyntaxKind.BarBarToken ||
    kind === ts.SyntaxKind.QuestionQuestionToken
  );
}

function isMade(node: Ts.Node): node is CallLike {
  return ts.isCallExpression(node) || ts.isNewExpression(node);
}

function both(a: Effect, b: Effect): Effect {
  return { atOnce: a.atOnce | b.atOnce, settled: a.settled | b.settled };
}

function certain(all: readonly Events[]): Events {
  const [first = NO_EVENTS, ...others] = all;
  return others.reduce((known, one) => known & one, first);
}

function union(all: readonly Events[]): Events {
  return all.reduce((known, one) => known | one, NO_EVENTS);
}
