import type { Ts } from '../../syntax/ts.ts';
import { ts } from '../../syntax/ts.ts';
import type { Action, CallLike, CfgNode } from '../cfg.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import { DETACHED_FUNCTIONS, DETACHED_METHODS, releaserOf, standsFor } from './handover.ts';
import { isThen } from './joined.ts';
import { idOf } from './keys.ts';
import { isNeverAwaited } from './promises.ts';
import { type Held, membersOf, type Value } from './values.ts';
import { placeOf, type World } from './world.ts';

/**
 * Whether a function gives a grant back itself on every way that leads on from a call, exceptions aside: it calls the
 * releaser, leaves it to a callback that it waits for, or returns it.
 */
export function givesBackItself(activation: Activation, call: Ts.Node, held: Held, world: World): boolean {
  const { nodes, exit } = activation.cfg;
  const starts = nodes.filter(({ action }) => action.kind === 'call' && action.node === call);
  const seen = new Set<number>();
  const pending = starts.flatMap(goesOnTo);
  let isGivenBack = false;
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const node = nodes[id];
    if (!node || seen.has(id)) continue;
    seen.add(id);
    if (id === exit || isTakenAnew(activation, node.action, held)) return false;
    if (givesBack(activation, node.action, held, world)) isGivenBack = true;
    else pending.push(...goesOnTo(node));
  }
  return isGivenBack;
}

function goesOnTo({ successors }: CfgNode): readonly number[] {
  return successors.filter(({ when }) => when !== 'throw').map(({ to }) => to);
}

/** The call by which the grant was taken: from here on it is another one. */
function isTakenAnew({ engine }: Activation, action: Action, { token }: Held): boolean {
  if (action.kind !== 'call') return false;
  const name = placeOf(token);
  return name === engine.code.key(action.node) || name.endsWith(`@${idOf(action.node)}`);
}

function givesBack(activation: Activation, action: Action, held: Held, world: World): boolean {
  const isOf = (node: Ts.Node | undefined): boolean =>
    leadsTo(activation.upToDate(activation.evaluate(node, world), world), held);
  switch (action.kind) {
    case 'call':
      return calledParts(action.node).some(isOf);
    case 'dispose':
      return leadsTo(world.bindings.get(action.node), held);
    case 'return':
      return isOf(action.value);
    default:
      return false;
  }
}

/** What of a call may run here: its callee, the object that it is a method of, and callbacks that are not for later. */
function calledParts(call: CallLike): readonly Ts.Node[] {
  if (!ts.isCallExpression(call)) return [];
  const callee = skipParentheses(call.expression);
  const object =
    ts.isElementAccessExpression(callee) || ts.isPropertyAccessExpression(callee) ? [callee.expression] : [];
  return [callee, ...object, ...(isForLater(call, callee) ? [] : call.arguments)];
}

function isForLater(call: Ts.CallExpression, callee: Ts.Node): boolean {
  if (isThen(callee)) return isNeverAwaited(call);
  const name = rightmostName(call.expression);
  const text = name && nameText(name);
  return text !== undefined && (DETACHED_METHODS.test(text) || DETACHED_FUNCTIONS.test(text));
}

/** Whether a value gives a grant back, or holds what does. */
export function leadsTo(value: Value | undefined, held: Held): boolean {
  return membersOf(value).some((member) => {
    const releaser = releaserOf(member);
    if (releaser) return standsFor(releaser, held);
    if (member.kind === 'closure') return [...member.captured.values()].some((part) => leadsTo(part, held));
    if (member.kind === 'object') return [...member.properties.values()].some((part) => leadsTo(part, held));
    return false;
  });
}
