import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { isFunctionExpression } from '../shapes.ts';
import type { BalanceProblem } from './balance.ts';
import { reaches } from './balance-handing.ts';
import { isThen } from './joined.ts';
import { frameOf } from './links.ts';
import type { Held } from './values.ts';
import type { Step } from './watcher.ts';

/**
 * `work().then(() => release())`: where the promise is rejected, the callback does not run, and nobody else has what
 * gives the grant back. `mayFail` tells whether waiting for a promise may fail.
 */
export function releasedOnSuccessAlone(
  { activation, node, world }: Step,
  held: readonly Held[],
  mayFail: (promise: Ts.Expression) => boolean,
): readonly BalanceProblem[] {
  const call = node.action.kind === 'call' ? node.action.node : undefined;
  if (!call || !ts.isCallExpression(call) || call.arguments.length > 2) return [];
  const callee = skipParentheses(call.expression);
  const [argument] = call.arguments;
  const callback = argument && skipParentheses(argument);
  if (!isThen(callee) || callee.name.text !== 'then' || !callback || !isFunctionExpression(callback))
    return [];
  const releasers = calledIn(callback);
  const found: BalanceProblem[] = [];
  for (const one of held) {
    const [releaser] = releasers.filter((name) => reaches(activation.evaluate(name, world), one));
    const local = releaser && resolveLocal(releaser);
    if (!local || isUsedOutside(local, callback, activation.call.fn) || !mayFail(callee.expression)) continue;
    const at = one.via?.at ?? one.at;
    const how = 'may throw here, with the lock held';
    found.push({
      kind: 'leaked',
      lock: one.lock,
      at,
      how,
      trace: [
        { at, message: 'acquired here' },
        { at: activation.engine.code.span(callee.expression), message: how },
      ],
    });
  }
  return found;
}

/** Variables of functions around a callback that are called in it. */
function calledIn(callback: Ts.Node): readonly Ts.Identifier[] {
  const found: Ts.Identifier[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const callee = skipParentheses(node.expression);
      const local = ts.isIdentifier(callee) ? resolveLocal(callee) : undefined;
      if (ts.isIdentifier(callee) && local && frameOf(local) !== callback) found.push(callee);
    }
    ts.forEachChild(node, visit);
  };
  visit(callback);
  return found;
}

/** Whether a variable is used anywhere in its function but in a callback. */
function isUsedOutside(local: Ts.Node, callback: Ts.Node, fn: Ts.Node): boolean {
  const { name } = local as { name?: Ts.Node };
  const visit = (node: Ts.Node): boolean => {
    if (node === callback || node === name) return false;
    if (ts.isIdentifier(node) && resolveLocal(node) === local) return true;
    return ts.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  return frameOf(local) !== fn || visit(fn);
}
