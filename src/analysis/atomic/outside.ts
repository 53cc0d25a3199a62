import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, type Entity, memberName, nameText, skipParentheses } from '../code.ts';
import { callbackUse } from '../inserts/iteration.ts';

type External = Extract<Entity, { kind: 'external' }>;

/** When a function outside of the program runs a callback: in the call, after it, or nobody knows. */
export type WhenRun = 'now' | 'later' | 'unknown';

export function whenRun(
  call: Ts.CallExpression | Ts.NewExpression,
  index: number,
  entities: readonly External[],
): WhenRun {
  if (ts.isNewExpression(call)) return call.expression.getText() === 'Promise' ? 'now' : 'unknown';
  const name = calledName(call) ?? '';
  if (isChaining(call)) return 'later';
  const use = callbackUse(call, index, entities);
  if (use === 'iterates') return 'now';
  if (use !== 'once') return 'later';
  if (LATER.test(name)) return 'later';
  // An array or a map keeps what it is given.
  if (entities.length > 0 && entities.every(isPlainMember) && !NOW.has(name)) return 'later';
  const isOfLanguage = entities.some(({ module }) => module === 'lib' || module === 'global');
  return isOfLanguage && NOW.has(name) ? 'now' : 'unknown';
}

/** `p.then(…)`, `p.catch(…)`, `p.finally(…)`: what is handed in runs when the promise is settled. */
export function isChaining(call: Ts.CallExpression): boolean {
  const callee = skipParentheses(call.expression);
  const name = memberName(callee);
  return name !== undefined && /^(?:then|catch|finally)$/.test(nameText(name) ?? '');
}

/**
 * Whether what a call hands to a function of the language is never run by it: `console.log(fn)`, `Promise.resolve(fn)`.
 * What an array, a map or a set is given, somebody else may run.
 */
export function isNeverRun(call: Ts.CallExpression | Ts.NewExpression, entities: readonly Entity[]): boolean {
  if (ts.isNewExpression(call) || isChaining(call)) return false;
  const callee = skipParentheses(call.expression);
  // Of `console` each platform has declarations of its own.
  if (ts.isPropertyAccessExpression(callee) && callee.expression.getText() === 'console') return true;
  const external = entities.filter((entity) => entity.kind === 'external');
  if (external.length === 0 || external.length < entities.length) return false;
  return external.every((one) => {
    if (KEEPS.has(one.name) || NOW.has(one.name)) return false;
    return isPlainMember(one) || (one.module === 'lib' && one.container === 'PromiseConstructor');
  });
}

/** `Promise.all(…)`, `new Promise(…)`: they start nothing by themselves. */
export function isOfPromises(call: Ts.CallExpression | Ts.NewExpression): boolean {
  if (ts.isNewExpression(call)) return call.expression.getText() === 'Promise';
  const callee = skipParentheses(call.expression);
  return memberName(callee) !== undefined && (callee as MemberCallee).expression.getText() === 'Promise';
}

type MemberCallee = Ts.PropertyAccessExpression | Ts.ElementAccessExpression;

/** Which calls outside of the program hand back a promise, or something else with a `then`. */
export class Thenables {
  readonly #code: Code;
  /** Functions that were seen to hand back something else. */
  readonly #plain = new Set<string>();

  constructor(code: Code) {
    this.#code = code;
  }

  /** What the call of a function that is not seen hands back, by its type; `unknown` for `any`. */
  ofCall(call: Ts.Node, entities: readonly External[]): 'promise' | 'plain' | 'unknown' {
    if (entities.some(isPlainMember)) return 'plain';
    const key = entities.length > 0 ? entities.map(keyOf).join() : undefined;
    if (key !== undefined && this.#plain.has(key)) return 'plain';
    const then = this.#code.memberOfType(call, 'then');
    if (then === 'unknown') return 'unknown';
    if (then !== 'none') return 'promise';
    if (key !== undefined) this.#plain.add(key);
    return 'plain';
  }
}

function keyOf({ module, container = '', name }: External): string {
  return `${module}#${container}.${name}`;
}

function isPlainMember({ module, container, name }: External): boolean {
  if (name === 'fromAsync') return false;
  return module === 'lib' && container !== undefined && PLAIN.has(container);
}

function calledName(call: Ts.CallExpression): string | undefined {
  const callee = skipParentheses(call.expression);
  const name = memberName(callee) ?? (ts.isIdentifier(callee) ? callee : undefined);
  return name && nameText(name);
}

/** Functions of the language that run what they are given before they return. */
const NOW: ReadonlySet<string> = new Set([
  'apply',
  'defineProperty',
  'every',
  'from',
  'groupBy',
  'parse',
  'replace',
  'replaceAll',
  'sort',
  'stringify',
  'toSorted',
  'try',
]);

/** Methods of collections that keep what they are given. */
const KEEPS: ReadonlySet<string> = new Set([
  'add',
  'concat',
  'fill',
  'push',
  'set',
  'splice',
  'unshift',
  'with',
]);

/** Names of functions that put off what they are given, or keep it for what comes. */
const LATER =
  /^(?:on[A-Z]\w*|off|once|defer|debounce|throttle|watch\w*|schedule\w*|requestIdleCallback|remove\w*Listener)$/;

/** Types of the language none of whose methods hands back a promise. */
const PLAIN: ReadonlySet<string> = new Set([
  'Array',
  'ReadonlyArray',
  'ArrayConstructor',
  'Boolean',
  'Console',
  'Date',
  'DateConstructor',
  'JSON',
  'Map',
  'Math',
  'Number',
  'NumberConstructor',
  'ObjectConstructor',
  'ReadonlyMap',
  'ReadonlySet',
  'RegExp',
  'Set',
  'String',
  'StringConstructor',
  'WeakMap',
  'WeakSet',
]);
