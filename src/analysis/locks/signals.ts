import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { bodyOf, type CfgOwner } from '../cfg.ts';
import { type Code, memberName, nameText, rightmostName, skipParentheses } from '../code.ts';
import { functionOf } from '../doc-tags.ts';
import { isFunctionExpression, isStatic, returnedBy } from '../shapes.ts';
import { usesOfBinding } from './binding-uses.ts';
import type { CallbackOrigins } from './callback-origins.ts';
import { isCfgOwner } from './evaluator.ts';
import { fieldAssignments } from './field-assignments.ts';
import { isAsyncFunction } from './links.ts';
import { referencesTo } from './references.ts';
import { KEEPING_METHODS } from './state-methods.ts';

/** What somebody waits for until somebody else says so: a kept `resolve`, or an event. */
export interface Signal {
  /** What keeps the `resolve`, or the emitter; the class, where an emitter waits for its own event. */
  readonly slot: Ts.Node;
  /** The name of the event, for an emitter. */
  readonly event: string | undefined;
  /** The slot keeps what `Promise.withResolvers()` makes. */
  readonly isPair?: true;
}

const MAX_STEPS = 6;

/** Promises that are settled by a call somewhere else in the program, and those calls. */
export class Signals {
  readonly #code: Code;
  readonly #origins: CallbackOrigins;
  readonly #known = new Map<Ts.Node, Signal | undefined>();

  constructor(code: Code, origins: CallbackOrigins) {
    this.#code = code;
    this.#origins = origins;
  }

  /** The signal that a promise waits for. */
  of(promise: Ts.Expression): Signal | undefined {
    if (!this.#known.has(promise)) this.#known.set(promise, this.#of(promise, 0));
    return this.#known.get(promise);
  }

  /** The calls that give the signal. */
  givenBy(signal: Signal): readonly Ts.CallExpression[] {
    const { slot } = signal;
    const files = ts.isClassLike(slot)
      ? this.#code.program.filesWith(['emit']).flatMap((file) => this.#code.program.tree(file)?.source ?? [])
      : new Set(referencesTo(slot, this.#code).map((name) => name.getSourceFile()));
    const found: Ts.CallExpression[] = [];
    for (const source of files) {
      const visit = (node: Ts.Node): void => {
        if (ts.isCallExpression(node) && this.#gives(node, signal)) found.push(node);
        ts.forEachChild(node, visit);
      };
      visit(source);
    }
    return found;
  }

  #gives(call: Ts.CallExpression, { slot, event, isPair }: Signal): boolean {
    const callee = skipParentheses(call.expression) as Ts.Expression;
    if (isPair) return isEndOfPair(callee) && this.#slot(callee.expression) === slot;
    if (event === undefined) {
      const origin = this.#origins.of(callee);
      return origin?.kind === 'slot' && origin.slot === slot;
    }
    if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 'emit') return false;
    const [name] = call.arguments;
    const isOther = name !== undefined && ts.isStringLiteralLike(name) && name.text !== event;
    // By what other names the objects of a class go is not known: whoever emits such an event may mean one of them.
    if (isOther) return false;
    return ts.isClassLike(slot)
      ? this.#mayBeOf(slot, callee.expression)
      : this.#slot(callee.expression) === slot;
  }

  /** Whether an object may be one of a class, as far as the classes tell that its type is declared as. */
  #mayBeOf(cls: Ts.ClassLikeDeclaration, object: Ts.Expression): boolean {
    const types = this.#code.declaredTypes(object);
    const isOfAnother = (type: Ts.Node): boolean =>
      ts.isClassLike(type) &&
      type !== cls &&
      !this.#code.subtypes(type).includes(cls) &&
      !this.#code.subtypes(cls).includes(type);
    return types.length === 0 || !types.every(isOfAnother);
  }

  #of(promise: Ts.Node, steps: number): Signal | undefined {
    if (steps > MAX_STEPS) return undefined;
    const bare = skipParentheses(promise);
    if (ts.isNewExpression(bare)) return this.#ofExecutor(bare);
    if (ts.isAwaitExpression(bare)) return this.#of(bare.expression, steps + 1);
    if (ts.isIdentifier(bare)) {
      const local = resolveLocal(bare);
      if (local && ts.isBindingElement(local)) return this.#ofResolvers(local);
      const initializer = local && ts.isVariableDeclaration(local) ? local.initializer : undefined;
      return initializer && this.#of(initializer, steps + 1);
    }
    if (ts.isPropertyAccessExpression(bare)) return this.#ofPair(bare) ?? this.#ofField(bare, steps + 1);
    return ts.isCallExpression(bare) ? this.#ofCall(bare, steps + 1) : undefined;
  }

  /** `new Promise((resolve) => this.waiters.push(resolve))`: nothing else is done with the `resolve`. */
  #ofExecutor({ expression, arguments: args }: Ts.NewExpression): Signal | undefined {
    const executor = args?.[0] && skipParentheses(args[0]);
    if (expression.getText() !== 'Promise' || !executor) return undefined;
    if (!ts.isArrowFunction(executor) && !ts.isFunctionExpression(executor)) return undefined;
    const [resolve] = executor.parameters;
    const [use, another] = resolve ? usesOfBinding(resolve) : [];
    return use && !another ? this.#keptBy(use) : undefined;
  }

  /** `const { promise, resolve } = Promise.withResolvers()` */
  #ofResolvers(promise: Ts.BindingElement): Signal | undefined {
    const variable = promise.parent.parent;
    if (!ts.isVariableDeclaration(variable) || !isResolvers(variable.initializer)) return undefined;
    const resolve = promise.parent.elements.find(
      (element) =>
        ts.isBindingElement(element) && nameText(element.propertyName ?? element.name) === 'resolve',
    );
    const [use, another] = resolve && ts.isBindingElement(resolve) ? usesOfBinding(resolve) : [];
    return use && !another ? this.#keptBy(use) : undefined;
  }

  /** Where a function is put. */
  #keptBy(use: Ts.Node): Signal | undefined {
    const { parent } = use;
    if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
      const slot = parent.right === use ? this.#slot(parent.left) : undefined;
      return slot && { slot, event: undefined };
    }
    if (!ts.isCallExpression(parent)) return undefined;
    if (parent.expression === use) {
      // `() => resolve()` stands for it.
      const around = parent.parent;
      return ts.isArrowFunction(around) && around.body === parent ? this.#keptBy(around) : undefined;
    }
    const callee = skipParentheses(parent.expression);
    if (!ts.isPropertyAccessExpression(callee)) return undefined;
    const [event] = parent.arguments;
    if (/^(?:once|on|addListener)$/.test(callee.name.text)) {
      const emitter = this.#slot(callee.expression) ?? this.#emitterItself(callee.expression);
      return emitter && event && ts.isStringLiteralLike(event)
        ? { slot: emitter, event: event.text }
        : undefined;
    }
    const slot = this.#slot(callee.expression);
    if (!slot) return undefined;
    return KEEPING_METHODS.test(callee.name.text) ? { slot, event: undefined } : undefined;
  }

  #ofField(access: Ts.PropertyAccessExpression, steps: number): Signal | undefined {
    const field = this.#slot(access);
    if (!field || !ts.isPropertyDeclaration(field) || !ts.isClassLike(field.parent)) return undefined;
    const assigned = fieldAssignments(field.parent).get(nameText(field.name) ?? '') ?? [];
    const values = [...(field.initializer ? [field.initializer] : []), ...assigned.map(({ value }) => value)];
    return this.#same(values, steps);
  }

  /** `this.arrived.promise`, where all that is done with `this.arrived` is to wait, to end the wait, and to begin a new one. */
  #ofPair({ name, expression }: Ts.PropertyAccessExpression): Signal | undefined {
    const slot = name.text === 'promise' ? this.#slot(expression) : undefined;
    if (!slot || !isResolvers((slot as Ts.PropertyDeclaration | Ts.VariableDeclaration).initializer)) {
      return undefined;
    }
    const isUsedAsPair = referencesTo(slot, this.#code).every(isUseOfPair);
    return isUsedAsPair ? { slot, event: undefined, isPair: true } : undefined;
  }

  #ofCall(call: Ts.CallExpression, steps: number): Signal | undefined {
    const callee = skipParentheses(call.expression);
    if (isFunctionExpression(callee)) return this.#returnedBy(callee, steps);
    const name = rightmostName(callee);
    for (const entity of name ? this.#code.entities(name) : []) {
      if (entity.kind === 'external') {
        const isOnce = entity.name === 'once' && /^(?:node:)?events$/.test(entity.module);
        return isOnce && ts.isIdentifier(callee) ? this.#ofOnce(call) : undefined;
      }
      const fn = functionOf(entity.node);
      return fn && isCfgOwner(fn) ? this.#returnedBy(fn, steps) : undefined;
    }
    return undefined;
  }

  #returnedBy(fn: CfgOwner, steps: number): Signal | undefined {
    // An async function waits itself for what it returns.
    return isAsyncFunction(fn) ? undefined : this.#same(returnedBy(bodyOf(fn)), steps);
  }

  /** `once(emitter, 'event')` of Node. */
  #ofOnce({ arguments: [emitter, event, options] }: Ts.CallExpression): Signal | undefined {
    const slot = emitter && (this.#slot(emitter) ?? this.#emitterItself(emitter));
    return slot && event && ts.isStringLiteralLike(event) && !options
      ? { slot, event: event.text }
      : undefined;
  }

  /** The one signal that all of some promises are, but for those that are settled at once. */
  #same(promises: readonly Ts.Node[], steps: number): Signal | undefined {
    let same: Signal | undefined;
    for (const promise of promises) {
      if (isSettled(promise)) continue;
      const signal = this.#of(promise, steps);
      if (!signal || (same && (same.slot !== signal.slot || same.event !== signal.event))) return undefined;
      same = signal;
    }
    return same;
  }

  /** `this` of a class that inherits its `once` and `emit` from outside of the program. */
  #emitterItself(expression: Ts.Node): Ts.Node | undefined {
    if (skipParentheses(expression).kind !== ts.SyntaxKind.ThisKeyword) return undefined;
    const member = ts.findAncestor(expression, ({ parent }) => parent && ts.isClassLike(parent));
    const cls = member?.parent;
    if (!cls || !ts.isClassLike(cls) || !cls.heritageClauses || isStatic(member)) return undefined;
    return this.#code.member(cls, 'once') || this.#code.member(cls, 'emit') ? undefined : cls;
  }

  #slot(expression: Ts.Node): Ts.Node | undefined {
    const bare = skipParentheses(expression);
    const name = memberName(bare) ?? (ts.isIdentifier(bare) ? bare : undefined);
    const declaration = name && this.#code.declarationNode(name);
    if (!declaration) return undefined;
    return ts.isPropertyDeclaration(declaration) || ts.isVariableDeclaration(declaration)
      ? declaration
      : undefined;
  }
}

function isResolvers(value: Ts.Expression | undefined): boolean {
  return value !== undefined && /^Promise\.withResolvers\b/.test(value.getText());
}

/** `this.arrived.resolve`, `this.arrived.reject` */
function isEndOfPair(callee: Ts.Node): callee is Ts.PropertyAccessExpression {
  return ts.isPropertyAccessExpression(callee) && /^(?:resolve|reject)$/.test(callee.name.text);
}

/** Whether a name of what keeps such a pair waits for it, ends the wait by a call, or is given another pair. */
function isUseOfPair(name: Ts.Node): boolean {
  const member = ts.isPropertyAccessExpression(name.parent) && name.parent.name === name ? name.parent : name;
  const { parent } = member;
  if (ts.isPropertyDeclaration(parent) || ts.isVariableDeclaration(parent)) return parent.name === member;
  if (ts.isBinaryExpression(parent)) return parent.left === member && isResolvers(parent.right);
  if (!ts.isPropertyAccessExpression(parent)) return false;
  if (parent.name.text === 'promise') return true;
  return isEndOfPair(parent) && ts.isCallExpression(parent.parent) && parent.parent.expression === parent;
}

/** `Promise.resolve(value)` and its kin wait for nobody. */
function isSettled(promise: Ts.Node): boolean {
  const bare = skipParentheses(promise);
  const callee = ts.isCallExpression(bare) ? skipParentheses(bare.expression) : undefined;
  if (!callee || !ts.isCallExpression(bare) || !ts.isPropertyAccessExpression(callee)) return false;
  const [value] = bare.arguments;
  const isOther = value && (ts.isCallExpression(value) || ts.isNewExpression(value));
  return (
    callee.expression.getText() === 'Promise' && /^(?:resolve|reject)$/.test(callee.name.text) && !isOther
  );
}
