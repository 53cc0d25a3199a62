import { type Ts, ts } from '../../syntax/ts.ts';
import { type Activation, givesBack } from './activation.ts';
import { iteratorOf } from './iterators.ts';
import { idOf } from './keys.ts';
import { sortedRoot } from './paths.ts';
import { type Collection, type Generator, membersOf, pathOf, type Value } from './values.ts';
import { addHeld, asCollection, bind, dropTokens, joinValues, type World } from './world.ts';

/** Loops over literals of so many elements are gone through element by element. */
const MAX_UNROLLED = 4;

/** The ways from the head of a loop: into its body with the next element, or on when there is none. */
export function nextElement(
  activation: Activation,
  node: Ts.ForOfStatement | Ts.ForInStatement,
  world: World,
): (readonly ['true' | 'false' | 'throw', World])[] {
  const iterated = iterable(activation, node, world);
  const awaits = ts.isForOfStatement(node) && node.awaitModifier !== undefined;
  const ways: (readonly ['true' | 'false' | 'throw', World])[] = [['throw', world]];
  const generators = membersOf(iterated).filter((member) => member.kind === 'generator');
  if (generators.length === 0) {
    const list = asCollection(iterated);
    const items = list?.items && list.items.length <= MAX_UNROLLED ? list.items : undefined;
    if (list && items) return [...ways, ...nextItem(activation, node, list, items, awaits, world)];
    const element = elementOf(list ?? iterated, node);
    const taken = awaits ? activation.join(element, world, node) : [bind(world, node, element)];
    // A collection that holds grants is not empty.
    const mustRun = !world.bindings.has(node) && givesBack(element, world);
    const over: typeof ways = mustRun ? [] : [['false', world]];
    return [...ways, ...taken.map((next) => ['true', next] as const), ...over];
  }
  for (const generator of generators) {
    activation.wait(generator.task, dropTokens(world, yieldTokens(generator)));
    for (const { held, value } of generator.yields) {
      ways.push(['true', bind(addHeld(world, held), node, value)]);
    }
    for (const outcome of generator.task.outcomes) {
      ways.push(['false', activation.settle(outcome, dropTokens(world, yieldTokens(generator)))]);
    }
  }
  return ways;
}

/** The elements of a short literal one by one: what is left of them is what the loop still goes over. */
function nextItem(
  activation: Activation,
  node: Ts.ForOfStatement | Ts.ForInStatement,
  list: Collection,
  [first, ...rest]: readonly (Value | undefined)[],
  awaits: boolean,
  world: World,
): (readonly ['true' | 'false', World])[] {
  if (list.items?.length === 0) return [['false', world]];
  let element: Value | undefined;
  for (const item of rest) element = joinValues(element, item);
  const next = bind(world, node.expression, { ...list, items: rest, element });
  const item = first ?? { kind: 'opaque', path: `${list.path}[${rest.length}]` };
  const taken = awaits ? activation.join(item, next, node) : [bind(next, node, item)];
  return taken.map((one) => ['true', one] as const);
}

/** What a loop goes over; an object of the program hands out an iterator of its own. */
function iterable(
  activation: Activation,
  node: Ts.ForOfStatement | Ts.ForInStatement,
  world: World,
): Value | undefined {
  const value = activation.evaluate(node.expression, world);
  if (value?.kind !== 'instance' || !ts.isForOfStatement(node)) return value;
  const made = world.bindings.get(node.expression);
  if (made && made.kind !== 'instance') return made;
  return iteratorOf(activation, value, node.awaitModifier !== undefined, node.expression, world);
}

function elementOf(
  iterated: Value | undefined,
  node: Ts.ForOfStatement | Ts.ForInStatement,
): Value | undefined {
  const declaration = ts.isVariableDeclarationList(node.initializer)
    ? node.initializer.declarations[0]
    : undefined;
  const id = idOf(declaration ?? node);
  const path = pathOf(iterated);
  if (iterated?.kind !== 'collection') {
    return { kind: 'opaque', path: path === undefined ? `v${id}` : `${path}[v${id}]` };
  }
  const root = iterated.sorted ? sortedRoot(id, iterated.sorted) : `${iterated.path}[v${id}]`;
  const { element } = iterated;
  if (!element || (element.kind === 'opaque' && !element.keeps && !element.tooMany))
    return { kind: 'opaque', path: root };
  if (element.kind === 'lock') return { ...element, lock: { ...element.lock, path: root } };
  if (element.kind === 'instance') return { ...element, path: root };
  return element;
}

/** The world after a loop: its iterator is closed. */
export function closeIteration(
  activation: Activation,
  node: Ts.ForOfStatement | Ts.ForInStatement,
  world: World,
): World {
  let next = bind(world, node, undefined);
  for (const member of membersOf(iterable(activation, node, world))) {
    if (member.kind === 'generator') next = dropTokens(next, yieldTokens(member));
  }
  return next;
}

function yieldTokens(generator: Generator): string[] {
  return generator.yields.flatMap(({ held }) => held.map(({ token }) => token));
}
