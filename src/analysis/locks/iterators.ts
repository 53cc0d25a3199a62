import type { Ts } from '../../syntax/ts.ts';
import type { Activation } from './activation.ts';
import { type Around, aroundStep } from './around.ts';
import { symbolMethod } from './implicit-uses.ts';
import { type Closure, EMPTY_BINDINGS, type Generator, type Task, UNIT, type Value } from './values.ts';
import type { World } from './world.ts';

/** What an object of the program hands out to whoever iterates over it; the value itself where that is not known. */
export function iteratorOf(
  activation: Activation,
  value: Value | undefined,
  awaits: boolean,
  node: Ts.Node,
  world: World,
): Value | undefined {
  if (value?.kind !== 'instance') return value;
  const symbol = awaits ? /asyncIterator|iterator/ : /\biterator/;
  const method = symbolMethod(value.cls, symbol, activation.engine.code);
  const declared = method && activation.engine.evaluator.declared(method, value.path, value);
  if (declared?.kind !== 'closure') return value;
  const around = aroundStep(world, EMPTY_BINDINGS);
  const effect = activation.engine.apply(activation, declared, [], node, around);
  if (effect?.kind === 'generator') return { kind: 'generator', task: effect.task, yields: effect.yields };
  const [outcome] = effect?.task.outcomes ?? [];
  return steppedThrough(activation, outcome?.value, node, around) ?? value;
}

/** An iterator written by hand: each step is a call of its `next`. */
function steppedThrough(
  activation: Activation,
  iterator: Value | undefined,
  node: Ts.Node,
  around: Around,
): Generator | undefined {
  const next = memberOf(activation, iterator, 'next');
  const effect = next && activation.engine.apply(activation, next, [], node, around);
  if (!effect) return undefined;
  const promises = effect.task.outcomes.flatMap(({ value }) => (value?.kind === 'promise' ? value.task : []));
  const acquisitions = [effect.task, ...promises].flatMap((task) => task.acquisitions);
  const task: Task = { acquisitions, outcomes: [UNIT] };
  return { kind: 'generator', task, yields: [{ held: [], value: undefined }] };
}

function memberOf(activation: Activation, object: Value | undefined, name: string): Closure | undefined {
  if (object?.kind !== 'object' && object?.kind !== 'instance') return undefined;
  const found =
    object.kind === 'object'
      ? object.properties.get(name)
      : activation.engine.evaluator.memberOf(object, name);
  return found?.kind === 'closure' ? { ...found, self: found.self ?? object } : undefined;
}
