import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { type Activation, givesBack } from './activation.ts';
import { invoke } from './calls.ts';
import { idOf } from './keys.ts';
import { isDescendingRoot, reversedRoot, sortedRoot, UNKNOWN_PATH } from './paths.ts';
import { type Closure, membersOf, pathOf, type Value } from './values.ts';
import { asCollection, bind, joinValues, type World } from './world.ts';

const ITERATIONS = new Set([
  'forEach',
  'map',
  'filter',
  'flatMap',
  'some',
  'every',
  'find',
  'findIndex',
  'reduce',
  'reduceRight',
  'findLast',
]);

/** A method of an array, set, map or stack; undefined for anything else. */
export function collectionCall(
  activation: Activation,
  node: Ts.CallExpression,
  receiver: Value | undefined,
  method: string,
  args: readonly (Value | undefined)[],
  world: World,
): readonly World[] | undefined {
  const collection = asCollection(receiver);
  const path = pathOf(receiver) ?? `n${idOf(node)}`;
  const [first] = args;
  if (
    ITERATIONS.has(method) &&
    membersOf(first).some(({ kind }) => kind === 'closure' || kind === 'releaser')
  ) {
    const items = collection?.items;
    const [callback, another] = membersOf(first);
    const isEach = callback?.kind === 'closure' && !another && /^(?:map|forEach)$/.test(method);
    if (isEach && items && items.length <= MAX_EACH) {
      return each(activation, node, items, method, callback, world);
    }
    return iterate(
      activation,
      node,
      collection?.element,
      method,
      first,
      path,
      collection?.sorted ?? false,
      world,
    );
  }
  switch (method) {
    case 'sort':
    case 'toSorted': {
      const sortedPath = sortedRoot(idOf(node), isDescending(first));
      const items = collection?.items?.map(
        (_, index): Value => ({ kind: 'opaque', path: `${sortedPath}[${index}]` }),
      );
      const value: Value = {
        kind: 'collection',
        path: sortedPath,
        items,
        element: relocated(collection?.element, sortedPath),
        sorted: true,
      };
      const variable = method === 'sort' ? variableOf(node) : undefined;
      const next = variable ? activation.write(variable, value, world) : world;
      return [bind(next, node, value)];
    }
    case 'reverse':
    case 'toReversed': {
      if (!collection?.sorted) return [bind(world, node, collection && { ...collection, items: undefined })];
      const value: Value = { ...collection, items: undefined, path: reversedRoot(collection.path) };
      const variable = method === 'reverse' ? variableOf(node) : undefined;
      return [bind(variable ? activation.write(variable, value, world) : world, node, value)];
    }
    case 'slice':
    case 'splice':
    case 'concat':
    case 'values':
    case 'flat':
      return receiver
        ? [
            bind(
              world,
              node,
              collection
                ? { ...collection, items: method === 'values' ? collection.items : undefined }
                : undefined,
            ),
          ]
        : undefined;
    case 'get':
    case 'at':
      if (!collection) return undefined;
      return [
        bind(
          world,
          node,
          activation.engine.evaluator.element(collection, node.arguments[0], activation.env(world)),
        ),
      ];
    case 'pop':
    case 'shift':
      return collection ? [bind(world, node, collection.element)] : undefined;
    case 'push':
    case 'add':
    case 'set':
    case 'unshift':
    case 'use':
    case 'adopt':
    case 'defer':
      return collection ? [addElement(activation, node, collection, args, method, world)] : undefined;
    default:
      return undefined;
  }
}

function relocated(element: Value | undefined, path: string): Value | undefined {
  if (element?.kind === 'lock')
    return { ...element, lock: { ...element.lock, path: `${path}[${UNKNOWN_PATH}]` } };
  return undefined;
}

/** Puts a value into a collection that a variable holds. */
function addElement(
  activation: Activation,
  node: Ts.CallExpression,
  collection: Extract<Value, { kind: 'collection' }>,
  args: readonly (Value | undefined)[],
  method: string,
  world: World,
): World {
  const added = method === 'adopt' ? args[0] : args[args.length - 1];
  const result = method === 'use' ? args[0] : undefined;
  if (!added || added.kind === 'opaque' || added.kind === 'constant') return bind(world, node, result);
  const element = joinElements(collection.element, added);
  const value: Value = { ...collection, items: undefined, keys: undefined, element };
  const target = ts.isPropertyAccessExpression(node.expression)
    ? skipParentheses(node.expression.expression)
    : undefined;
  const slot = target && activation.slotOf(target, added, world);
  const next = slot ? activation.write(slot, value, world) : world;
  return bind(next, node, result);
}

/** What a collection holds: its releasers are one, as whoever goes over them calls them all. */
function joinElements(before: Value | undefined, added: Value): Value | undefined {
  if (before?.kind !== 'releaser' || added.kind !== 'releaser') return joinValues(before, added);
  return {
    ...added,
    tokens: [...new Set([...before.tokens, ...added.tokens])],
    locks: [...before.locks, ...added.locks],
  };
}

/** Literals of so many elements are gone through element by element. */
const MAX_EACH = 4;

/** Calls a function for each of a few known elements, one after another. */
function each(
  activation: Activation,
  node: Ts.CallExpression,
  items: readonly (Value | undefined)[],
  method: string,
  callback: Closure,
  world: World,
): readonly World[] {
  // What was produced so far is part of the world, so that grants in it are renamed with the others.
  const soFar = node.expression;
  const producedIn = (one: World): readonly (Value | undefined)[] => {
    const list = one.bindings.get(soFar);
    return list?.kind === 'collection' ? (list.items ?? []) : [];
  };
  let ways: World[] = [world];
  for (const [index, item] of items.entries()) {
    const argument = item ?? { kind: 'opaque' as const, path: `n${idOf(node)}[${index}]` };
    ways = ways.flatMap((before) =>
      invoke(activation, node, callback, [argument], before).map((after) => {
        const produced = [...producedIn(after), after.bindings.get(node)];
        return bind(after, soFar, {
          kind: 'collection',
          path: `n${idOf(node)}`,
          items: produced,
          element: undefined,
          sorted: false,
        });
      }),
    );
  }
  return ways.map((one) => {
    const produced = producedIn(one);
    const after = bind(one, soFar, undefined);
    if (method === 'forEach') return bind(after, node, undefined);
    let element: Value | undefined;
    for (const part of produced) element = joinValues(element, part);
    return bind(after, node, {
      kind: 'collection',
      path: `n${idOf(node)}`,
      items: produced,
      element,
      sorted: false,
    });
  });
}

/** Calls a function once per element: any number of times, so the worlds before it stay possible. */
export function iterate(
  activation: Activation,
  node: Ts.CallExpression,
  element: Value | undefined,
  method: string,
  callback: Value | undefined,
  path: string,
  sorted: boolean,
  world: World,
): readonly World[] {
  const results: World[] = [];
  const root = sorted ? sortedRoot(idOf(node), isDescendingRoot(path)) : `v${idOf(node)}`;
  const item: Value = element ?? { kind: 'opaque', path: root };
  const args = method.startsWith('reduce') ? [undefined, item] : [item];
  for (const member of membersOf(callback)) {
    if (member.kind === 'releaser') results.push(bind(activation.release(member, world), node, undefined));
    if (member.kind !== 'closure') continue;
    for (const after of invoke(activation, node, member, args, world)) {
      const produced = after.bindings.get(node);
      const collected: Value | undefined =
        method === 'map' || method === 'flatMap'
          ? { kind: 'collection', path: `n${idOf(node)}`, items: undefined, element: produced, sorted: false }
          : method === 'filter'
            ? { kind: 'collection', path, items: undefined, element, sorted }
            : method.startsWith('reduce')
              ? produced
              : undefined;
      results.push(bind(after, node, collected));
    }
  }
  // A collection that holds a grant is not empty.
  const isTouched = method === 'map' || method === 'filter' || givesBack(element, world);
  const untouched = isTouched ? undefined : bind(world, node, undefined);
  return untouched && !results.some((result) => result.held.length === world.held.length)
    ? [...results, untouched]
    : results;
}

/** The variable whose collection a call changes in place. */
function variableOf(call: Ts.CallExpression): Ts.Node | undefined {
  const { expression } = call;
  const source = ts.isPropertyAccessExpression(expression)
    ? skipParentheses(expression.expression)
    : undefined;
  return source && ts.isIdentifier(source) ? resolveLocal(source) : undefined;
}

/** Whether a comparator puts the larger one first: `(a, b) => b.id - a.id`. */
function isDescending(comparator: Value | undefined): boolean {
  if (comparator?.kind !== 'closure' || !ts.isArrowFunction(comparator.fn)) return false;
  const { body, parameters } = comparator.fn;
  const bare = skipParentheses(body);
  if (!ts.isBinaryExpression(bare) || bare.operatorToken.kind !== ts.SyntaxKind.MinusToken) return false;
  const [, second] = parameters;
  let root: Ts.Node = skipParentheses(bare.left);
  while (ts.isPropertyAccessExpression(root)) root = skipParentheses(root.expression);
  return second !== undefined && ts.isIdentifier(root) && resolveLocal(root) === second;
}
