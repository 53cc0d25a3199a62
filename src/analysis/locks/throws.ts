import type { LockPrimitive } from '../../config/types.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { bodyOf, type CallLike, type CfgOwner } from '../cfg.ts';
import { type Entity, memberName, nameText, rightmostName, skipParentheses } from '../code.ts';
import { hasModifier, isFunctionExpression, returnedBy } from '../shapes.ts';
import { isGenerator } from './activation.ts';
import type { LockEngine } from './engine.ts';
import { isCfgOwner } from './evaluator.ts';
import { isThen } from './joined.ts';
import { isAsyncFunction } from './links.ts';
import { CALL, findPrimitive } from './primitives.ts';
import { isPromiseStatic } from './promises.ts';

/**
 * What may fail: whether a call can throw, and a promise be rejected. The graph of a function has an exception edge
 * behind every call and every `await`; here it is asked which of them are of this world. What is not known may fail.
 */
export class Throws {
  readonly #engine: LockEngine;
  readonly #throwing = new Map<CfgOwner, boolean>();
  #cancelled: ReadonlySet<string> | undefined;

  constructor(engine: LockEngine) {
    this.#engine = engine;
  }

  /** Whether a call may throw where it is made. */
  call(node: CallLike): boolean {
    if (ts.isNewExpression(node)) return this.#construction(node);
    if (ts.isTaggedTemplateExpression(node)) return true;
    const callee = skipParentheses(node.expression);
    // What is chained to a promise runs later, and fails where the chain is waited for.
    if (isThen(callee) && this.#isHarmless(callee)) return false;
    if (this.#isHarmless(callee)) return node.arguments.some((argument) => this.#callback(argument));
    if (isFunctionExpression(callee)) return this.#calling(callee);
    const name = rightmostName(callee);
    if (name && this.#isTimer(name)) return false;
    if (ts.isIdentifier(callee) && this.#isReleaser(callee)) return false;
    const primitive = this.#primitiveOf(callee);
    if (primitive) return primitive.immediate === true;
    const targets = this.#targets(callee);
    // What makes a promise fails by it, and so where it is waited for.
    if (!targets && isUsedAsPromise(node)) return false;
    return targets ? targets.some((fn) => this.#calling(fn)) : true;
  }

  /** Whether waiting for an expression may throw; `except` names a part whose failure is of no interest. */
  wait(node: Ts.Node, except?: (part: Ts.Node) => boolean): boolean {
    const bare = skipParentheses(node);
    if (ts.isConditionalExpression(bare)) return this.wait(bare.whenTrue) || this.wait(bare.whenFalse);
    if (ts.isBinaryExpression(bare)) return this.wait(bare.left) || this.wait(bare.right);
    if (ts.isAwaitExpression(bare) || ts.isLiteralExpression(bare)) return false;
    if (ts.isObjectLiteralExpression(bare) || ts.isArrayLiteralExpression(bare)) return false;
    if (ts.isIdentifier(bare)) return this.#variable(bare);
    if (ts.isNewExpression(bare)) return this.#newPromise(bare);
    if (ts.isCallExpression(bare)) return this.#calledPromise(bare, except);
    return ![ts.SyntaxKind.NullKeyword, ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword].includes(
      bare.kind,
    );
  }

  // -- calls

  #construction(node: Ts.NewExpression): boolean {
    const name = skipParentheses(node.expression);
    if (!ts.isIdentifier(name)) return true;
    const local = resolveLocal(name);
    if (!local) return !HARMLESS_CLASSES.has(name.text);
    if (ts.isClassDeclaration(local)) {
      const constructors = local.members.filter((member) => ts.isConstructorDeclaration(member));
      return local.heritageClauses !== undefined || constructors.some((fn) => this.#body(fn));
    }
    const primitive = this.#engine.code
      .entities(name)
      .some((entity) => this.#lockOf(entity, undefined) !== undefined);
    return !primitive;
  }

  /** Functions of the language that do not throw, whatever they are given. */
  #isHarmless(callee: Ts.Node): boolean {
    if (ts.isIdentifier(callee)) return HARMLESS_FUNCTIONS.test(callee.text) && !resolveLocal(callee);
    const name = memberName(callee);
    const text = name && nameText(name);
    if (!name || text === undefined || !ts.isPropertyAccessExpression(callee)) return false;
    const object = skipParentheses(callee.expression);
    if (ts.isIdentifier(object) && !resolveLocal(object)) {
      const allowed = HARMLESS_STATICS[object.text];
      if (allowed) return allowed.test(text);
    }
    if (/^(?:then|catch|finally)$/.test(text)) return this.#isOutside(name);
    return HARMLESS_METHODS.test(text) && this.#isOutside(name);
  }

  /** Whether a member is not one that the program declares. */
  #isOutside(name: Parameters<LockEngine['code']['entities']>[0]): boolean {
    return this.#engine.code
      .entities(name)
      .every((entity) => entity.kind === 'external' && isLanguage(entity.module));
  }

  /** Whether a function that is handed to a method of the language, and so is run here, may throw. */
  #callback(argument: Ts.Node): boolean {
    const bare = skipParentheses(argument);
    if (isFunctionExpression(bare)) return this.#calling(bare);
    return false;
  }

  /** The functions of the program that a callee may be; undefined when it may be something else as well. */
  #targets(callee: Ts.Node): readonly CfgOwner[] | undefined {
    const name = rightmostName(callee);
    if (!name) return undefined;
    const found: CfgOwner[] = [];
    for (const entity of this.#engine.code.entities(name)) {
      const fn = entity.kind === 'node' ? functionOf(entity.node) : undefined;
      if (!fn) return undefined;
      found.push(fn);
    }
    return found.length > 0 ? found : undefined;
  }

  #calling(fn: CfgOwner): boolean {
    // What an async function throws is seen where it is waited for.
    return !isAsyncFunction(fn) && !isGenerator(fn) && this.#body(fn);
  }

  // -- promises

  #variable(name: Ts.Identifier): boolean {
    if (name.text === 'undefined') return false;
    const local = resolveLocal(name);
    if (!local || !ts.isVariableDeclaration(local) || !local.initializer) return true;
    if (!(local.parent.flags & ts.NodeFlags.Const)) return true;
    return this.wait(local.initializer);
  }

  #newPromise(node: Ts.NewExpression): boolean {
    const name = skipParentheses(node.expression);
    const executor = node.arguments?.[0] && skipParentheses(node.arguments[0]);
    if (!ts.isIdentifier(name) || name.text !== 'Promise' || !executor) return true;
    if (!isFunctionExpression(executor)) return true;
    return executor.parameters.length > 1 || this.#body(executor);
  }

  #calledPromise(node: Ts.CallExpression, except?: (part: Ts.Node) => boolean): boolean {
    const callee = skipParentheses(node.expression);
    if (ts.isPropertyAccessExpression(callee)) {
      const method = callee.name.text;
      if (isPromiseStatic(callee.expression)) return this.#promiseStatic(method, node, except);
      if (method === 'then' || method === 'finally') {
        return this.wait(callee.expression) || node.arguments.some((argument) => this.#rejecting(argument));
      }
      if (method === 'catch') return node.arguments.some((argument) => this.#rejecting(argument));
    }
    // What the language's own functions give is, more often than not, no promise.
    if (this.#isHarmless(callee)) return false;
    if (isFunctionExpression(callee)) return this.#result(callee);
    const primitive = this.#primitiveOf(callee);
    if (primitive) return this.#lockWait(node, callee, primitive.wrappers ?? []);
    const name = rightmostName(callee);
    if (name && this.#isTimer(name)) return node.arguments.length > 2;
    const targets = this.#targets(callee);
    return targets ? targets.some((fn) => this.#result(fn)) : true;
  }

  #promiseStatic(method: string, node: Ts.CallExpression, except?: (part: Ts.Node) => boolean): boolean {
    const [list] = node.arguments;
    if (method === 'resolve') return list !== undefined && ts.isCallExpression(list) && this.wait(list);
    if (method === 'allSettled') return false;
    const bare = list && skipParentheses(list);
    if (bare && ts.isArrayLiteralExpression(bare)) {
      return bare.elements.some((element) => !except?.(element) && this.wait(element));
    }
    if (bare && ts.isCallExpression(bare) && ts.isPropertyAccessExpression(bare.expression)) {
      const [callback] = bare.arguments;
      if (bare.expression.name.text === 'map' && callback) return this.#rejecting(callback);
    }
    return true;
  }

  /** Whether the promise that a callback returns may be rejected, or the callback throw. */
  #rejecting(argument: Ts.Node): boolean {
    const bare = skipParentheses(argument);
    if (isFunctionExpression(bare)) return this.#result(bare);
    const targets = this.#targets(bare);
    if (targets) return targets.some((fn) => this.#result(fn));
    return bare.kind !== ts.SyntaxKind.NullKeyword && !(ts.isIdentifier(bare) && bare.text === 'undefined');
  }

  /** Whether waiting for what a function returns may throw. */
  #result(fn: CfgOwner): boolean {
    if (this.#body(fn)) return true;
    // What is returned by an async one, other than promises, is a value when it comes.
    return !isAsyncFunction(fn) && returnedBy(bodyOf(fn)).some((value) => this.wait(value));
  }

  /** A lock's own wait: it fails if it has a time limit, if it is refused, or if somebody cancels those who wait. */
  #lockWait(node: Ts.CallExpression, callee: Ts.Node, wrappers: readonly string[]): boolean {
    const object = ts.isPropertyAccessExpression(callee) ? skipParentheses(callee.expression) : undefined;
    const name = object && rightmostName(object);
    const text = name && nameText(name);
    // What is tried comes to nothing where it would fail otherwise.
    const method = ts.isPropertyAccessExpression(callee) ? callee.name.text : '';
    if (this.#primitiveOf(callee)?.try?.includes(method)) return false;
    const callbacks = node.arguments.filter((argument) => !ts.isLiteralExpression(argument));
    if (callbacks.some((argument) => this.#isCallback(argument) && this.#rejecting(argument))) return true;
    const primitive = this.#primitiveOf(callee);
    const hasLimit =
      (primitive?.grants === 'void' || primitive?.grants === 'token') &&
      primitive.acquire !== undefined &&
      node.arguments.length > 0;
    if (hasLimit && primitive.keyArg === undefined) return true;
    const limiting = [...wrappers, 'withTimeout', 'tryAcquire'].join('|');
    if (object && ts.isCallExpression(object)) return this.#mayGiveLimited(object, limiting);
    if (text === undefined) return false;
    if (this.#cancelledLocks().has(text)) return true;
    const declared = name && this.#engine.code.declarationNode(name);
    const source = (declared ?? node).getSourceFile().text;
    const escaped = text.replace(/[$#]/g, '\\$&');
    return new RegExp(`(?:^|[^\\w$])${escaped}\\b[^;=]*=[^;]*?\\b(?:${limiting})\\(`, 'm').test(source);
  }

  /** Whether the lock that a function hands out may have a time limit, or somebody cancel those who wait for it. */
  #mayGiveLimited(call: Ts.CallExpression, limiting: string): boolean {
    const targets = this.#targets(skipParentheses(call.expression));
    if (!targets || this.#cancelledLocks().size > 0) return true;
    const limits = new RegExp(`\\b(?:${limiting})\\(`);
    return targets.some((fn) => limits.test(fn.getSourceFile().text));
  }

  #isCallback(argument: Ts.Node): boolean {
    const bare = skipParentheses(argument);
    return isFunctionExpression(bare) || ts.isIdentifier(bare) || ts.isPropertyAccessExpression(bare);
  }

  /** The names of locks whose waiters somebody cancels. */
  #cancelledLocks(): ReadonlySet<string> {
    if (!this.#cancelled) {
      const found = new Set<string>();
      for (const file of this.#engine.code.program.filesWith(['.cancel('])) {
        const text = this.#engine.code.program.text(file) ?? '';
        for (const [, name] of text.matchAll(/([\w$#]+)[!?]?\.cancel\(\)/g)) if (name) found.add(name);
      }
      this.#cancelled = found;
    }
    return this.#cancelled;
  }

  /** The timers of `node:timers/promises` fail only if they are told to by a signal. */
  #isTimer(name: Parameters<LockEngine['code']['entities']>[0]): boolean {
    return this.#engine.code
      .entities(name)
      .some(
        (entity) => entity.kind === 'external' && /^(?:node:)?timers\/promises$|^timers/.test(entity.module),
      );
  }

  /** Whether a variable has what a lock hands out to be released with, which does not throw. */
  #isReleaser(name: Ts.Identifier): boolean {
    const local = resolveLocal(name);
    if (!local) return false;
    if (ts.isParameter(local)) {
      const link = local.parent.parent;
      return (
        ts.isCallExpression(link) && isThen(link.expression) && this.#isGrant(link.expression.expression)
      );
    }
    const declared = ts.isBindingElement(local) ? local.parent.parent : local;
    return (
      ts.isVariableDeclaration(declared) &&
      declared.initializer !== undefined &&
      this.#isGrant(declared.initializer)
    );
  }

  /** Whether an expression is what a lock grants, or the promise of it. */
  #isGrant(node: Ts.Expression): boolean {
    const bare = skipParentheses(node);
    if (ts.isAwaitExpression(bare)) return this.#isGrant(bare.expression);
    if (ts.isIdentifier(bare)) {
      const local = resolveLocal(bare);
      const isConst = local && ts.isVariableDeclaration(local) && local.parent.flags & ts.NodeFlags.Const;
      return Boolean(isConst && local.initializer && this.#isGrant(local.initializer));
    }
    if (!ts.isCallExpression(bare)) return false;
    const callee = skipParentheses(bare.expression);
    const [list] = bare.arguments;
    if (ts.isPropertyAccessExpression(callee) && isPromiseStatic(callee.expression) && list) {
      return ts.isArrayLiteralExpression(list) && list.elements.some((element) => this.#isGrant(element));
    }
    const { acquire = [], acquireShared = [], try: tries = [] } = this.#primitiveOf(callee) ?? {};
    const method = ts.isPropertyAccessExpression(callee) ? callee.name.text : CALL;
    return [...acquire, ...acquireShared, ...tries].includes(method);
  }

  #primitiveOf(callee: Ts.Node) {
    const local = ts.isIdentifier(callee) ? resolveLocal(callee) : undefined;
    const made = local && ts.isVariableDeclaration(local) ? local.initializer : undefined;
    if (made && ts.isCallExpression(made)) return this.#engine.identity.primitiveOfFactory(made);
    const name = ts.isPropertyAccessExpression(callee) ? memberName(callee) : undefined;
    if (!name) return undefined;
    for (const entity of this.#engine.code.entities(name)) {
      const primitive = this.#lockOf(entity, entity.kind === 'external' ? entity.container : undefined);
      if (primitive) return primitive;
    }
    return ts.isPropertyAccessExpression(callee) ? this.#primitiveMade(callee.expression) : undefined;
  }

  /** The lock that an object is by what it was made with: of a package whose types are not there. */
  #primitiveMade(object: Ts.Expression): LockPrimitive | undefined {
    const name = rightmostName(skipParentheses(object));
    const declared = name && this.#engine.code.declarationNode(name);
    if (!declared || !(ts.isVariableDeclaration(declared) || ts.isPropertyDeclaration(declared))) {
      return undefined;
    }
    const made = declared.initializer && skipParentheses(declared.initializer);
    const { identity } = this.#engine;
    return made && ts.isNewExpression(made)
      ? identity.primitiveOfNew(made)
      : identity.primitiveOfType(declared.type);
  }

  #lockOf(entity: Entity, container: string | undefined) {
    if (entity.kind !== 'external') return undefined;
    const { primitives } = this.#engine.identity;
    return (
      findPrimitive(primitives, entity.module, container ?? entity.name) ??
      (container !== undefined && !isLanguage(entity.module)
        ? primitives.find(({ module }) => module === entity.module)
        : undefined)
    );
  }

  // -- bodies

  /** Whether an exception may leave the body of a function, or reject the promise of an async one. */
  #body(fn: CfgOwner): boolean {
    const known = this.#throwing.get(fn);
    if (known !== undefined) return known;
    // A function that calls itself throws only if something else in it does.
    this.#throwing.set(fn, false);
    this.#engine.code.prefetch(fn);
    const body = bodyOf(fn);
    const isThrowing =
      body === undefined || this.#part(body) || (isAsyncFunction(fn) && this.#asyncResult(fn));
    this.#throwing.set(fn, isThrowing);
    return isThrowing;
  }

  /** An async function waits for the promise that it returns. */
  #asyncResult(fn: CfgOwner): boolean {
    return returnedBy(bodyOf(fn)).some((value) => mayBePromise(value) && this.wait(value));
  }

  #part(node: Ts.Node): boolean {
    if (ts.isFunctionLike(node)) return false;
    if (ts.isThrowStatement(node)) return true;
    if (ts.isTryStatement(node) && node.catchClause) {
      return (
        this.#part(node.catchClause) || (node.finallyBlock !== undefined && this.#part(node.finallyBlock))
      );
    }
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && this.call(node)) return true;
    if (ts.isAwaitExpression(node) && this.wait(node.expression)) return true;
    if (ts.isForOfStatement(node) && node.awaitModifier) return true;
    if (ts.isTaggedTemplateExpression(node)) return true;
    return ts.forEachChild(node, (child) => this.#part(child) || undefined) ?? false;
  }
}

const HARMLESS_CLASSES: ReadonlySet<string> = new Set([
  'Map',
  'Set',
  'WeakMap',
  'WeakSet',
  'Date',
  'Error',
  'TypeError',
  'RangeError',
  'Promise',
  'AbortController',
  'WeakRef',
  'AggregateError',
  'EventTarget',
]);

const HARMLESS_FUNCTIONS =
  /^(?:setTimeout|setInterval|setImmediate|clearTimeout|clearInterval|clearImmediate|queueMicrotask|Number|String|Boolean|parseInt|parseFloat|isNaN|isFinite|Error)$/;

const HARMLESS_STATICS: Readonly<Record<string, RegExp>> = {
  console: /./,
  Date: /./,
  Math: /./,
  crypto: /^randomUUID$/,
  performance: /^(?:now|mark)$/,
  Promise: /./,
  Object: /^(?:keys|values|entries|freeze|is|assign)$/,
  Array: /^(?:isArray|from|of)$/,
  Number: /./,
  process: /^(?:hrtime|nextTick|memoryUsage|uptime|cwd)$/,
};

/** Methods of arrays, maps, sets, stacks of what is to be disposed of, strings and dates. */
const HARMLESS_METHODS =
  /^(?:use|adopt|defer|move|push|pop|shift|unshift|slice|splice|concat|join|indexOf|lastIndexOf|includes|map|filter|forEach|find|findIndex|findLast|some|every|reduce|sort|reverse|flat|flatMap|fill|keys|values|entries|at|get|set|has|delete|add|clear|trim|split|startsWith|endsWith|toLowerCase|toUpperCase|toString|padStart|padEnd|replace|replaceAll|substring|charAt|getTime|toISOString|unref|ref|abort|addEventListener|removeEventListener)$/;

function isLanguage(module: string): boolean {
  return module === 'lib' || module === 'global' || module === 'typescript' || /^@types\/node/.test(module);
}

/** Whether a call is awaited, or chained to, by itself or by the name of its value. */
function isUsedAsPromise(call: Ts.Node): boolean {
  const { parent } = call;
  if (ts.isAwaitExpression(parent) || isThen(parent, call)) return true;
  if (ts.isParenthesizedExpression(parent) || ts.isNonNullExpression(parent)) return isUsedAsPromise(parent);
  if (!ts.isVariableDeclaration(parent) || !ts.isIdentifier(parent.name)) return false;
  const { text } = parent.name;
  const scope = ts.findAncestor(parent, (node) => ts.isFunctionLike(node) || ts.isSourceFile(node));
  const visit = (node: Ts.Node): boolean => {
    const isUse = ts.isIdentifier(node) && node.text === text && node !== parent.name;
    if (
      isUse &&
      resolveLocal(node) === parent &&
      (ts.isAwaitExpression(node.parent) || isThen(node.parent, node))
    ) {
      return true;
    }
    return ts.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  return scope !== undefined && visit(scope);
}

/** The function that a declaration is, or is bound to for good. */
function functionOf(node: Ts.Node): CfgOwner | undefined {
  if (isCfgOwner(node)) return bodyOf(node) ? node : undefined;
  const isBound =
    (ts.isVariableDeclaration(node) && (node.parent.flags & ts.NodeFlags.Const) !== 0) ||
    (ts.isPropertyDeclaration(node) && hasModifier(node, ts.SyntaxKind.ReadonlyKeyword)) ||
    ts.isPropertyAssignment(node);
  const value = isBound && node.initializer ? skipParentheses(node.initializer) : undefined;
  return value && isFunctionExpression(value) ? value : undefined;
}

/** A member or variable that is returned is, more often than not, no promise. */
function mayBePromise(node: Ts.Node): boolean {
  const bare = skipParentheses(node);
  return ts.isCallExpression(bare) || ts.isNewExpression(bare);
}
