import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import type { BalanceProblem } from './balance.ts';
import { reaches } from './balance-handing.ts';
import { isPromiseStatic } from './promises.ts';
import type { Held } from './values.ts';
import type { Step } from './watcher.ts';

/**
 * `Promise.race([mutex.acquire(), timeout])`: where the timeout comes first, the grant arrives later all the same, and
 * nobody has what gives it back. Somebody who keeps the promise of the acquisition may see to it.
 */
export function lateGrants(
  { activation, node, world }: Step,
  held: readonly Held[],
): readonly BalanceProblem[] {
  const call = node.action.kind === 'call' ? node.action.node : undefined;
  if (!call || !ts.isCallExpression(call)) return [];
  const callee = skipParentheses(call.expression);
  const isRace =
    ts.isPropertyAccessExpression(callee) &&
    isPromiseStatic(callee.expression) &&
    /^(?:race|any)$/.test(callee.name.text);
  const list = call.arguments[0] && skipParentheses(call.arguments[0]);
  if (!isRace || !list || !ts.isArrayLiteralExpression(list) || list.elements.length < 2) return [];
  const found: BalanceProblem[] = [];
  for (const element of list.elements) {
    const value = activation.evaluate(element, world);
    if (value?.kind !== 'promise' || isKeptElsewhere(element, list)) continue;
    for (const one of held) {
      if (!reaches(value, one)) continue;
      const at = one.via?.at ?? one.at;
      found.push({
        kind: 'leaked',
        lock: one.lock,
        at,
        how: 'loses the race, and is granted later',
        trace: [
          { at, message: 'acquired here' },
          { at: activation.engine.code.span(call), message: 'loses the race, and is granted later' },
        ],
      });
    }
  }
  return found;
}

/** Whether the promise has a name under which it is used again. */
function isKeptElsewhere(element: Ts.Node, list: Ts.Node): boolean {
  const bare = skipParentheses(element);
  if (!ts.isIdentifier(bare)) return !ts.isCallExpression(bare);
  const local = resolveLocal(bare);
  if (!local) return true;
  const scope = ts.findAncestor(list, (at) => ts.isFunctionLike(at) || ts.isSourceFile(at));
  let uses = 0;
  const visit = (at: Ts.Node): void => {
    if (ts.isIdentifier(at) && at.text === bare.text && resolveLocal(at) === local) uses += 1;
    ts.forEachChild(at, visit);
  };
  if (scope) visit(scope);
  // Its declaration, and its place in the race.
  return uses > 2;
}
