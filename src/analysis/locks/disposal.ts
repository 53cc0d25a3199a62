import type { Ts } from '../../syntax/ts.ts';
import type { Activation } from './activation.ts';
import { aroundStep } from './around.ts';
import { inCall, takeAtOnce } from './at-once.ts';
import { symbolMethod } from './implicit-uses.ts';
import { type Closure, membersOf, type Value } from './values.ts';
import { keptGrants, releaseTokens, type World } from './world.ts';

/** `using x = …` of an object of the program: its dispose method runs at the end of the block. */
export function dispose(
  activation: Activation,
  value: Value,
  awaits: boolean,
  world: World,
  node: Ts.Node,
): World | undefined {
  const wanted = awaits ? /asyncDispose|dispose/ : /dispose/;
  let closure: Closure | undefined;
  if (value.kind === 'closure') closure = value;
  if (value.kind === 'instance') {
    const method = symbolMethod(value.cls, wanted, activation.engine.code);
    const declared = method && activation.engine.evaluator.declared(method, value.path, value);
    if (declared?.kind === 'closure') closure = declared;
  }
  if (value.kind === 'object') {
    const [own] = (awaits ? ['asyncDispose', 'dispose'] : ['dispose']).flatMap(
      (symbol) => value.properties.get(`[Symbol.${symbol}]`) ?? [],
    );
    if (own) return activation.dispose(own, awaits, world, node);
    let next = world;
    for (const part of value.properties.values()) {
      if (part.kind === 'releaser') next = releaseTokens(next, part.tokens);
    }
    return next;
  }
  const effect =
    closure && activation.engine.apply(activation, closure, [], node, aroundStep(world, keptGrants(world)));
  if (!effect) return undefined;
  takeAtOnce(activation, inCall(effect.task).now, world);
  const [first] = effect.task.outcomes;
  if (awaits) {
    if (effect.kind === 'async') activation.wait(effect.task, world);
    for (const member of membersOf(first?.value)) {
      if (member.kind === 'promise') activation.wait(member.task, world);
    }
  }
  return first ? activation.settle(first, world) : world;
}
