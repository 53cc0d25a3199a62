import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import type { BalanceProblem } from './balance.ts';
import { isTakenSession } from './database-sessions.ts';
import type { Held } from './values.ts';
import type { Step } from './watcher.ts';

/** Connections that go back to their pool with a lock: whoever is given one next holds it without knowing. */
export function lockedSessions(
  { activation, node, world }: Step,
  held: readonly Held[],
): readonly BalanceProblem[] {
  const client = node.action.kind === 'call' ? givenBack(node.action.node) : undefined;
  const session = client && activation.evaluate(client, world);
  if (!client || !isTakenSession(session)) return [];
  const { code } = activation.engine;
  const how = 'the connection goes back to its pool here, with the lock held';
  return held
    .filter(({ lock, ofTransaction }) => lock.session?.path === session.path && !ofTransaction)
    .map(({ lock, at, via }) => ({
      kind: 'leaked',
      lock,
      at: via?.at ?? at,
      how,
      trace: [
        { at: via?.at ?? at, message: 'acquired here' },
        { at: code.span(client.parent), message: how },
      ],
    }));
}

/** `client` in `client.release()`: with an argument, the connection is closed. */
function givenBack(node: Ts.Node): Ts.Expression | undefined {
  if (!ts.isCallExpression(node) || node.arguments.length > 0) return undefined;
  const callee = skipParentheses(node.expression);
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 'release') return undefined;
  return callee.expression;
}
