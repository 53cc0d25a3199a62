import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { type Activation, givesBack } from './activation.ts';
import { invoke } from './calls.ts';
import { isDescending } from './comparators.ts';
import { idOf } from './keys.ts';
import { lastKey, placePath, reversedRoot, sortedRoot, UNKNOWN_PATH } from './paths.ts';
import { type Closure, membersOf, pathOf, type Sorted, type Value } from './values.ts';
import { asCollection, bind, joinElements, joinValues, restOf, type World } from './world.ts';

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
      const sorted = isDescending(first) ? 'descending' : 'ascending';
      const sortedPath = sortedRoot(idOf(node), sorted);
      const items = collection?.items?.map(
        (_, index): Value => ({
          kind: 'opaque',
          path: placePath(sortedPath, sorted, index),
          // `paths[0] ?? ''` is written for the compiler alone.
          present: true,
        }),
      );
      const value: Value = {
        kind: 'collection',
        path: sortedPath,
        items,
        element: relocated(collection?.element, sortedPath),
        sorted,
      };
      const variable = method === 'sort' ? variableOf(node) : undefined;
      const next = variable ? activation.write(variable, value, world) : world;
      return [bind(next, node, value)];
    }
    case 'reverse':
    case 'toReversed': {
      if (!collection?.sorted) return [bind(world, node, collection && { ...collection, items: undefined })];
      const value: Value = {
        ...collection,
        items: undefined,
        path: reversedRoot(collection.path),
        sorted: collection.sorted === 'ascending' ? 'descending' : 'ascending',
      };
      const variable = method === 'reverse' ? variableOf(node) : undefined;
      return [bind(variable ? activation.write(variable, value, world) : world, node, value)];
    }
    case 'slice':
      if (collection && first?.kind === 'constant' && Number(first.value) >= 0 && args.length === 1) {
        return [bind(world, node, restOf(collection, Number(first.value)))];
      }
      return receiver ? [bind(world, node, collection && { ...collection, items: undefined })] : undefined;
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
    case 'has':
    case 'includes':
      // What is in it is known one by one; what is not may be in it under another name.
      return collection?.isFixed && collection.items?.some((item) => isOne(item, first))
        ? [bind(world, node, { kind: 'constant', value: true })]
        : undefined;
    case 'pop':
    case 'shift':
      return collection ? [bind(world, node, collection.element)] : undefined;
    case 'dispose':
    case 'disposeAsync': {
      if (!collection) return undefined;
      const isAsync = method === 'disposeAsync';
      return [bind(activation.dispose(collection, isAsync, world, node), node, undefined)];
    }
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

function isOne(item: Value | undefined, asked: Value | undefined): boolean {
  if (item?.kind === 'constant') return asked?.kind === 'constant' && asked.value === item.value;
  return item !== undefined && pathOf(item) === pathOf(asked);
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
  sorted: Sorted | false,
  world: World,
): readonly World[] {
  const results: World[] = [];
  const root = sorted ? sortedRoot(idOf(node), sorted) : `v${idOf(node)}`;
  const item: Value = element ?? { kind: 'opaque', path: root };
  const args = method.startsWith('reduce') ? [undefined, item] : [item];
  for (const member of membersOf(callback)) {
    if (member.kind === 'releaser') results.push(bind(activation.release(member, world), node, undefined));
    if (member.kind !== 'closure') continue;
    for (const after of invoke(activation, node, member, args, world)) {
      const produced = after.bindings.get(node);
      const collected: Value | undefined =
        method === 'map' || method === 'flatMap'
          ? {
              kind: 'collection',
              path: `n${idOf(node)}`,
              items: undefined,
              element: produced,
              sorted: isKeyedBy(produced, root) && sorted,
            }
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

/** Whether a value is the lock of an element: the locks then come in the order of the elements. */
function isKeyedBy(value: Value | undefined, element: string): boolean {
  return value?.kind === 'lock' && value.lock.path !== undefined && lastKey(value.lock.path) === element;
}

/** The variable whose collection a call changes in place. */
function variableOf(call: Ts.CallExpression): Ts.Node | undefined {
  const { expression } = call;
  const source = ts.isPropertyAccessExpression(expression)
    ? skipParentheses(expression.expression)
    : undefined;
  return source && ts.isIdentifier(source) ? resolveLocal(source) : undefined;
}
