import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { Action, CfgNode } from '../cfg.ts';
import { skipParentheses } from '../code.ts';
import { follows } from '../loops.ts';
import type { Activation } from './activation.ts';
import type { Place } from './balance-flow.ts';
import { isThen } from './joined.ts';

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
      if (action.kind === 'yield') {
        return { node: action.node, how: 'may be left for good here, with the lock held' };
      }
      if (action.kind === 'call' || action.kind === 'await' || action.kind === 'next') {
        return { node: action.node, how: 'may throw here, with the lock held' };
      }
    }
    if (!isFailure && action.kind === 'return' && ts.isReturnStatement(action.node) && !isChain(action)) {
      return { node: action.node, how: 'returns here, with the lock held' };
    }
  }
  return undefined;
}

/** The end of a chain that was built link by link: what leads out of the function stands in one of these. */
function isChain({ value, into, isWaitedFor }: Extract<Action, { kind: 'return' }>): boolean {
  const call = value && skipParentheses(value);
  return (
    isWaitedFor === true &&
    !into &&
    call !== undefined &&
    ts.isCallExpression(call) &&
    isThen(call.expression)
  );
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

/** Whether the same condition stands around two parts of a function, each time anew. */
export function dependsOnTheSame(a: Ts.Node | undefined, b: Ts.Node | undefined, fn: Ts.Node): boolean {
  const before = conditionsAround(a, fn);
  return (
    before.length > 0 &&
    conditionsAround(b, fn).some((one) =>
      before.some((other) => other.text === one.text && other.node !== one.node),
    )
  );
}

/**
 * Whether a release was written for what is taken further up in the same function, though no way leads there with it in
 * hand: it stands in a `finally`, or under the condition that the lock is taken under. Another one may be the second half
 * of a function that takes the lock in one call, and gives it back in the next.
 */
export function isMeantFor(
  { call, cfg }: Activation,
  taking: Ts.Node | undefined,
  release: Ts.Node,
): boolean {
  // One further up lets go, for a while, of what somebody else has taken.
  if (!taking || release.pos < taking.end || !follows(cfg, taking, release)) return false;
  return isInFinally(release) || dependsOnTheSame(taking, release, call.fn);
}

function isInFinally(node: Ts.Node): boolean {
  const isFinally = (at: Ts.Node): boolean => ts.isTryStatement(at.parent) && at === at.parent.finallyBlock;
  return ts.findAncestor(node, (at) => !ts.isSourceFile(at) && isFinally(at)) !== undefined;
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

/** Whether a way takes both arms of one condition, of which nothing is assigned in between. */
export function contradictsItself(activation: Activation, end: Place): boolean {
  const taken: { readonly test: Tested; readonly kind: string; readonly holds: boolean }[] = [];
  for (let at: Place | undefined = end; at?.from; at = at.from) {
    const action = activation.cfg.nodes[at.from.node]?.action;
    const assigned = action?.kind === 'assign' ? action.node.left : undefined;
    const written = assigned ? testedBy(assigned) : undefined;
    if (written) {
      for (const [index, { test }] of [...taken.entries()].reverse()) {
        if (isWithin(test, written)) taken.splice(index, 1);
      }
    }
    if (action?.kind !== 'branch' || action.test === 'case') continue;
    let condition: Ts.Node = skipParentheses(action.condition);
    let holds = at.way === 'true';
    while (ts.isPrefixUnaryExpression(condition) && condition.operator === ts.SyntaxKind.ExclamationToken) {
      condition = skipParentheses(condition.operand);
      holds = !holds;
    }
    const test = testedBy(condition);
    if (!test) continue;
    const known = taken.find((one) => one.kind === action.test && isSameTest(one.test, test));
    if (known && known.holds !== holds) return true;
    if (!known) taken.push({ test, kind: action.test, holds });
  }
  return false;
}

/** A variable, or a property that is reached from one. */
interface Tested {
  readonly variable: Ts.Node | undefined;
  readonly text: string;
}

/** What a condition asks, where it calls nothing: a call may answer differently each time. */
function testedBy(condition: Ts.Node): Tested | undefined {
  let root = condition;
  while (ts.isPropertyAccessExpression(root)) root = root.expression;
  if (!ts.isIdentifier(root)) {
    return ts.isPropertyAccessExpression(condition)
      ? { variable: undefined, text: condition.getText() }
      : undefined;
  }
  return { variable: resolveLocal(root), text: condition.getText() };
}

/** Variables of one name, of different blocks, are two. */
function isSameTest(a: Tested, b: Tested): boolean {
  return a.variable === b.variable && a.text === b.text;
}

/** Whether what is tested is another one after an assignment. */
function isWithin(test: Tested, written: Tested): boolean {
  return (
    test.variable === written.variable &&
    (test.text === written.text || test.text.startsWith(`${written.text}.`))
  );
}
