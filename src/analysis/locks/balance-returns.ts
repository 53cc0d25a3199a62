import { owningFunction, resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { rightmostName, skipParentheses } from '../code.ts';
import { isInside } from '../shapes.ts';
import type { Activation } from './activation.ts';
import type { BalanceProblem, Notes } from './balance.ts';
import { type Place, placeKey } from './balance-flow.ts';
import { nodeOf, releasedAt } from './balance-steps.ts';
import type { LockEngine } from './engine.ts';
import { isAsyncFunction } from './links.ts';
import { isPromiseStatic } from './promises.ts';

/**
 * `try { return work() } finally { release() }`: the `finally` block runs when the promise is there, and not when the
 * work is done, so the work goes on without the lock.
 */
export function escapingReturns(
  engine: LockEngine,
  activation: Activation,
  notes: Notes,
  placesOf: (grant: string) => ReadonlyMap<string, Place>,
): readonly BalanceProblem[] {
  const found: BalanceProblem[] = [];
  for (const node of notes.returns.values()) {
    const { action } = node;
    if (action.kind !== 'return' || !action.value || action.isWaitedFor) continue;
    const work = startedWork(engine, action.value);
    if (!work) continue;
    for (const [place, { held }] of notes.taken) {
      const isHeldThere = [...(notes.passages.get(node.id)?.values() ?? [])].some(({ before }) =>
        before.has(place),
      );
      if (!isHeldThere) continue;
      const gone = placesOf(place).get(placeKey(activation.cfg.exit, 'gone'));
      const release = gone && releasedAt(activation, gone);
      const releasing = release && nodeOf(release);
      // What a link returns is waited for before the next one begins.
      if (!releasing || (action.into && !isInside(releasing, owningFunction(action.node)))) continue;
      const at = engine.code.span(work);
      found.push({
        kind: 'escapes',
        lock: held.lock,
        at,
        how: 'it goes on after the release',
        trace: [
          { at: held.via?.at ?? held.at, message: 'acquired here' },
          { at, message: 'started here, and not waited for' },
          { at: engine.code.span(releasing), message: 'released here' },
        ],
      });
    }
  }
  return found;
}

/** The call whose promise an expression returns without waiting for it. */
function startedWork(engine: LockEngine, value: Ts.Expression): Ts.Node | undefined {
  const bare = skipParentheses(value);
  if (ts.isConditionalExpression(bare)) {
    return startedWork(engine, bare.whenTrue) ?? startedWork(engine, bare.whenFalse);
  }
  if (ts.isIdentifier(bare)) {
    const local = resolveLocal(bare);
    const isOwn =
      local !== undefined &&
      ts.isVariableDeclaration(local) &&
      local.initializer !== undefined &&
      enclosingTry(local) !== undefined &&
      enclosingTry(local) === enclosingTry(bare);
    return isOwn && local.initializer && startsWork(engine, skipParentheses(local.initializer))
      ? bare
      : undefined;
  }
  return startsWork(engine, bare) ? bare : undefined;
}

function enclosingTry(node: Ts.Node): Ts.Node | undefined {
  return ts.findAncestor(node, (at) => ts.isTryStatement(at) || ts.isFunctionLike(at));
}

/** Whether an expression is a call that returns a promise of work that is under way. */
function startsWork(engine: LockEngine, node: Ts.Node): boolean {
  if (ts.isNewExpression(node)) return isPromiseStatic(node.expression);
  if (!ts.isCallExpression(node)) return false;
  const callee = skipParentheses(node.expression);
  if (ts.isArrowFunction(callee) || ts.isFunctionExpression(callee)) return isAsyncFunction(callee);
  if (ts.isPropertyAccessExpression(callee) && isPromiseStatic(callee.expression)) {
    return /^(?:all|allSettled|race|any)$/.test(callee.name.text);
  }
  const name = rightmostName(callee);
  if (!name) return false;
  const entities = engine.code.entities(name);
  const isAsync = entities.some(
    (entity) =>
      entity.kind === 'node' && ts.isFunctionLike(entity.node) && isAsyncFunction(entity.node as never),
  );
  if (isAsync) return true;
  return engine.code.expressionType(node)?.symbols.some((symbol) => symbol.name === 'Promise') ?? false;
}
