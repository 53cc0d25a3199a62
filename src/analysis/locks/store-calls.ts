import type { Ts } from '../../syntax/ts.ts';
import type { Activation } from './activation.ts';
import { askable, storedValue, storeOf } from './async-stores.ts';
import { argumentsOf, aroundCall, invoke } from './calls.ts';
import { membersOf, truthOf } from './values.ts';
import { bind, type World } from './world.ts';

/** A call of a method of an `AsyncLocalStorage`; undefined when the receiver is none. */
export function onStore(
  activation: Activation,
  node: Ts.CallExpression,
  receiver: Ts.Expression,
  method: string,
  world: World,
): readonly World[] | undefined {
  const store = storeOf(activation, receiver, world);
  if (!store) return undefined;
  if (method === 'getStore') return [bind(world, node, storedValue(store, activation, node))];
  const [value, callback, ...args] = argumentsOf(activation, node, world);
  const bodies = membersOf(callback).filter((member) => member.kind === 'closure');
  // A callback that is not known: whoever hands it in is looked at.
  if (bodies.length === 0) {
    activation.carriesLocks = true;
    return [bind(world, node, undefined)];
  }
  const within = truthOf(value) === true ? { ...store, value: askable(value) } : undefined;
  return bodies.flatMap((body) =>
    invoke(activation, node, body, args, world, { ...aroundCall(node, body, world), within }),
  );
}
