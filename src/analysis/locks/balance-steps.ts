import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgNode } from '../cfg.ts';
import { skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import type { Place } from './balance-flow.ts';

/** The part of the source that an action performs. */
export function nodeOf({ action }: CfgNode): Ts.Node | undefined {
  if (action.kind === 'branch') return action.condition;
  return 'node' in action ? action.node : undefined;
}

/** What leads out of the function, on the way to a place at its end. */
export function lastAction(
  activation: Activation,
  end: Place,
): { readonly node: Ts.Node; readonly how: string } | undefined {
  const isFailure = end.way === 'throw';
  for (let at: Place | undefined = end; at?.from; at = at.from) {
    const action = activation.cfg.nodes[at.from.node]?.action;
    if (!action) continue;
    if (isFailure && at.way === 'throw') {
      if (action.kind === 'throw') return { node: action.node, how: 'throws here, with the lock held' };
      if (action.kind === 'call' || action.kind === 'await' || action.kind === 'next') {
        return { node: action.node, how: 'may throw here, with the lock held' };
      }
    }
    if (!isFailure && action.kind === 'return' && ts.isReturnStatement(action.node)) {
      return { node: action.node, how: 'returns here, with the lock held' };
    }
  }
  return undefined;
}

/** The action that gave the grant back, on the way to a place where it is gone. */
export function releasedAt(activation: Activation, place: Place): CfgNode | undefined {
  for (let at: Place | undefined = place; at?.from; at = at.from) {
    if (at.state === 'gone' && at.from.state === 'held') return activation.cfg.nodes[at.from.node];
  }
  return undefined;
}

/** A condition that a part of the source depends on. */
export interface Condition {
  readonly text: string;
  readonly node: Ts.Node;
}

/** The conditions under which a part of a function runs. */
export function conditionsAround(part: Ts.Node | undefined, fn: Ts.Node): readonly Condition[] {
  const found: Condition[] = [];
  for (let at = part; at?.parent && at !== fn; at = at.parent) {
    const { parent } = at;
    if (ts.isIfStatement(parent) && at !== parent.expression) {
      found.push(condition(parent, parent.expression, at === parent.thenStatement));
    } else if (ts.isConditionalExpression(parent) && at !== parent.condition) {
      found.push(condition(parent, parent.condition, at === parent.whenTrue));
    } else if (
      ts.isBinaryExpression(parent) &&
      parent.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken &&
      at === parent.right
    ) {
      found.push(condition(parent, parent.left, true));
    }
  }
  return found;
}

function condition(node: Ts.Node, test: Ts.Expression, holds: unknown): Condition {
  return { node, text: `${holds ? '' : '!'}${test.getText()}` };
}

/** Whether a way takes both arms of one condition. A variable that is assigned in between may have made both right. */
export function contradictsItself(activation: Activation, end: Place): boolean {
  const taken = new Map<string, boolean>();
  for (let at: Place | undefined = end; at?.from; at = at.from) {
    const action = activation.cfg.nodes[at.from.node]?.action;
    if (action?.kind !== 'branch' || action.test === 'case') continue;
    let test: Ts.Node = skipParentheses(action.condition);
    let holds = at.way === 'true';
    while (ts.isPrefixUnaryExpression(test) && test.operator === ts.SyntaxKind.ExclamationToken) {
      test = skipParentheses(test.operand);
      holds = !holds;
    }
    // A call may answer differently each time.
    if (!ts.isIdentifier(test) && !ts.isPropertyAccessExpression(test)) continue;
    const key = `${action.test}:${test.getText()}`;
    if (taken.has(key) && taken.get(key) !== holds) return true;
    taken.set(key, holds);
  }
  return false;
}
