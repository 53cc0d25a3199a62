import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Entity, memberName, moduleSpecifier, nameText, skipParentheses } from '../code.ts';
import { VERBS } from '../routes/router-calls.ts';

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
  const direct = calledDirectly(callee);
  if (direct) return isLibIteration(direct, index - 1, undefined) ? 'iterates' : 'once';
  const access = memberName(callee);
  const name = access ? nameText(access) : ts.isIdentifier(callee) ? callee.text : undefined;
  if (name === undefined) return 'once';
  if (isIteration(name, index, callee, entities)) return 'iterates';
  if (TIMERS.has(name)) return 'later';
  return access && (REGISTRATIONS.has(name) || isNamedHandler(call, name, index)) ? 'keeps' : 'once';
}

/** `app.post('/orders', handler)`, `ipc.handle(channel, handler)`: a handler that is found by a path or name. */
function isNamedHandler(call: Ts.CallExpression, method: string, index: number): boolean {
  const [first] = call.arguments;
  if (!first || index === 0) return false;
  return NAMED_HANDLERS.test(method) || (VERBS.has(method) && isPath(first));
}

const NAMED_HANDLERS =
  /^(?:handle|register)$|^(?:add|set|register)\w*(?:Command|Handler|Hook|Listener|Route|Tool)$/;

/** Queries and requests have such methods too, and call back once: what they are given is no path from the root. */
function isPath(node: Ts.Expression): boolean {
  const bare = skipParentheses(node);
  if (ts.isStringLiteralLike(bare)) return bare.text.startsWith('/');
  return ts.isTemplateExpression(bare) && bare.head.text.startsWith('/');
}

/** The method in `Array.prototype.map.call(list, callback)`. */
function calledDirectly(callee: Ts.Node): string | undefined {
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 'call') return undefined;
  const method = memberName(skipParentheses(callee.expression));
  return method && nameText(method);
}

function isIteration(name: string, index: number, callee: Ts.Node, entities: readonly Entity[]): boolean {
  const declared = entities.filter((entity) => entity.kind === 'external');
  const known = declared.filter(({ module }) => module !== 'global' && module !== '');
  if (known.length > 0) {
    return known.some(({ module, container, name: exported }) =>
      module === 'lib' ? isLibIteration(name, index, container) : isPackageIteration(module, exported, name),
    );
  }
  if (/^(?:for)?each/i.test(name) || (PACKAGE_ITERATIONS.has(name) && isOfCollectionPackage(callee)))
    return true;
  // A member of something that the compiler knows nothing of: its name has to do.
  const isUnknown = entities.length === declared.length && memberName(callee) !== undefined;
  return isUnknown && isLibIteration(name, index, undefined);
}

/** `import { eachSeries } from 'async'`, `import pMap from 'p-map'`, `import forEach from 'lodash/forEach'` */
function isPackageIteration(module: string, exported: string, local: string): boolean {
  if (!COLLECTION_PACKAGES.has(packageName(module))) return /^(?:for)?each/i.test(exported);
  const path = module.slice(module.lastIndexOf('/') + 1);
  const isDefault = exported === 'default';
  return (
    [isDefault ? path : exported, local].some((name) => PACKAGE_ITERATIONS.has(name)) ||
    (isDefault && /^p-/.test(module))
  );
}

/** `_.map(…)`, where the package's own types are not there to say so. */
function isOfCollectionPackage(callee: Ts.Node): boolean {
  const object = ts.isPropertyAccessExpression(callee) ? skipParentheses(callee.expression) : undefined;
  const local = object && ts.isIdentifier(object) ? resolveLocal(object) : undefined;
  const module = local && moduleSpecifier(local);
  return module !== undefined && COLLECTION_PACKAGES.has(packageName(module));
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
