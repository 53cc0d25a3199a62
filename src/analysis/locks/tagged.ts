import { type Ts, ts } from '../../syntax/ts.ts';
import { rightmostName, skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import { callFunction, runCallbacks } from './calls.ts';
import { pooledQuery } from './database-pools.ts';
import { isMember } from './members.ts';
import { noteUnknown } from './unknown-calls.ts';
import type { Value } from './values.ts';
import type { World } from './world.ts';

/** A tagged template is a call of its tag, with the texts first and the substitutions after them. */
export function performTagged(
  activation: Activation,
  node: Ts.TaggedTemplateExpression,
  world: World,
): readonly World[] {
  const tag = skipParentheses(node.tag);
  const target = activation.evaluate(tag, world);
  const receiver = isMember(tag) ? tag.expression : undefined;
  const called = callFunction(activation, node, tag, receiver, target, world);
  if (called) return called;
  const queried = activation.engine.databases && pooledQuery(activation, node, world);
  if (queried) return queried;
  noteUnknown(activation, node, tag, rightmostName(tag), target, world);
  return runCallbacks(activation, node, world);
}

/** What a tag is called with. */
export function substitutionsOf(
  activation: Activation,
  { template }: Ts.TaggedTemplateExpression,
  world: World,
): (Value | undefined)[] {
  const spans = ts.isTemplateExpression(template) ? template.templateSpans : [];
  const given = spans.map(({ expression }) =>
    activation.upToDate(activation.evaluate(expression, world), world),
  );
  return [undefined, ...given];
}
