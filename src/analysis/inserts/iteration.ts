import { type Ts, ts } from '../../syntax/ts.ts';
import { type Entity, memberName, nameText, skipParentheses } from '../code.ts';

/**
 * How a function outside of the program treats a callback. `iterates`: it calls it once per element. `once`: it calls
 * it at most once per call, or is taken to. `later`: it calls it when the caller has gone on. `keeps`: it calls it for
 * events that come from elsewhere.
 */
export type CallbackUse = 'iterates' | 'once' | 'later' | 'keeps';

export function callbackUse(
  call: Ts.CallExpression | Ts.NewExpression,
  index: number,
  entities: readonly Entity[],
): CallbackUse {
  if (ts.isNewExpression(call)) return 'once';
  const callee = skipParentheses(call.expression);
  const access = memberName(callee);
  const name = access ? nameText(access) : ts.isIdentifier(callee) ? callee.text : undefined;
  if (name === undefined) return 'once';
  if (isIteration(name, index, callee, entities)) return 'iterates';
  if (TIMERS.has(name)) return 'later';
  return access && REGISTRATIONS.has(name) ? 'keeps' : 'once';
}

function isIteration(name: string, index: number, callee: Ts.Node, entities: readonly Entity[]): boolean {
  const declared = entities.filter((entity) => entity.kind === 'external');
  const declaredIn = declared.filter(({ module }) => module !== 'global' && module !== '');
  if (declaredIn.length > 0) {
    return declaredIn.some(({ module, container }) => {
      if (module === 'lib') return isLibIteration(name, index, container);
      return COLLECTION_PACKAGES.has(packageName(module)) && (PACKAGE_ITERATIONS.has(name) || !memberName(callee));
    });
  }
  if (/^(?:for)?each/i.test(name)) return true;
  // A member of something that the compiler knows nothing of: its name has to do.
  return entities.length === declared.length && memberName(callee) !== undefined && isLibIteration(name, index, undefined);
}

function isLibIteration(name: string, index: number, container: string | undefined): boolean {
  if (name === 'from' || name === 'fromAsync') return index === 1;
  if (index !== 0 || !ITERATIONS.has(name)) return false;
  return container === undefined || !NO_COLLECTIONS.has(container);
}

/** Methods of arrays, maps, sets, iterators and their like that call their first argument for every element. */
export const ITERATIONS: ReadonlySet<string> = new Set([
  'forEach',
  'map',
  'flatMap',
  'filter',
  'reduce',
  'reduceRight',
  'some',
  'every',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
]);

/** Types of the language's library with a method of such a name that does not iterate. */
const NO_COLLECTIONS: ReadonlySet<string> = new Set(['Promise', 'PromiseLike', 'String']);

/** Packages whose functions iterate where their names say so, or as their default export. */
const COLLECTION_PACKAGES: ReadonlySet<string> = new Set([
  'async',
  'bluebird',
  'es-toolkit',
  'lodash',
  'lodash-es',
  'modern-async',
  'p-each-series',
  'p-filter',
  'p-map',
  'p-map-series',
  'p-reduce',
  'p-times',
  'radash',
  'remeda',
  'underscore',
]);

const PACKAGE_ITERATIONS: ReadonlySet<string> = new Set([
  ...ITERATIONS,
  'each',
  'eachLimit',
  'eachOf',
  'eachOfLimit',
  'eachOfSeries',
  'eachRight',
  'eachSeries',
  'filterAsync',
  'forEachAsync',
  'forEachLimit',
  'forEachSeries',
  'forIn',
  'forOwn',
  'mapAsync',
  'mapLimit',
  'mapSeries',
  'reduceAsync',
  'times',
  'timesLimit',
  'timesSeries',
]);

const TIMERS: ReadonlySet<string> = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'nextTick',
  'requestAnimationFrame',
]);

const REGISTRATIONS: ReadonlySet<string> = new Set([
  'on',
  'once',
  'addListener',
  'prependListener',
  'addEventListener',
  'subscribe',
  'set',
]);

function packageName(module: string): string {
  const [scope = '', name = ''] = module.split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}
