import type { Span } from '../../engine/finding.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgNode } from '../cfg.ts';
import { skipParentheses } from '../code.ts';
import type { Notes } from './balance.ts';
import { isTakenSession } from './database-sessions.ts';
import type { Held } from './values.ts';
import type { Step } from './watcher.ts';
import { placeOf } from './world.ts';

/** A call by which a connection goes back to its pool, and what its session may hold there. */
export interface Return {
  readonly node: CfgNode;
  readonly at: Span;
  readonly held: Map<string, Held>;
}

/** Takes note of a connection that goes back to its pool, with what it holds of the locks that a pool does not take from it. */
export function noteReturn(
  { activation, node, world }: Step,
  held: readonly Held[],
  returns: Map<string, Return>,
): void {
  const client = node.action.kind === 'call' ? givenBack(node.action.node) : undefined;
  const session = client && activation.evaluate(client, world);
  if (!client || !isTakenSession(session)) return;
  const kept = held.filter(
    ({ lock, ofTransaction }) => lock.session?.path === session.path && !ofTransaction,
  );
  const key = `${node.id}|${session.path}`;
  const known = returns.get(key) ?? { node, at: activation.engine.code.span(client.parent), held: new Map() };
  for (const one of kept) known.held.set(placeOf(one.token), one);
  returns.set(key, known);
}

/**
 * What goes back with its connection. Whether a lock that was tried has been granted only the program knows: it counts
 * where a condition has told the two apart.
 */
export function keptOnReturn({ held }: Return, passages: Notes['passages']): readonly Held[] {
  return [...held.values()].filter(({ isTried, token }) => !isTried || isAsked(placeOf(token), passages));
}

/** Whether a branch goes one way with a lock, and the other way without it. */
function isAsked(place: string, passages: Notes['passages']): boolean {
  return [...passages.values()].some((all) => {
    const taken = [...all.values()].filter(({ node }) => node.action.kind === 'branch');
    const [held, free] = [true, false].map((isHeld) =>
      taken.filter(({ before }) => before.has(place) === isHeld).map(({ way }) => way),
    );
    return (held?.length ?? 0) > 0 && (free?.length ?? 0) > 0 && !held?.some((way) => free?.includes(way));
  });
}

/** `client` in `client.release()`: with an argument, the connection is closed. */
function givenBack(node: Ts.Node): Ts.Expression | undefined {
  if (!ts.isCallExpression(node) || node.arguments.length > 0) return undefined;
  const callee = skipParentheses(node.expression);
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 'release') return undefined;
  return callee.expression;
}
