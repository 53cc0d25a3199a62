import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import type { BalanceProblem } from './balance.ts';
import { type Held, membersOf } from './values.ts';
import type { Step } from './watcher.ts';
import { isSameLock } from './world.ts';

/**
 * A lock whose place is given to another one while it is held: whoever comes next takes the new one, and the two are in
 * the critical section together.
 */
export function replacements(
  { activation, node, world }: Step,
  held: readonly Held[],
): readonly BalanceProblem[] {
  const { action } = node;
  const found: BalanceProblem[] = [];
  const add = (one: Held, at: BalanceProblem['at']): void => {
    found.push({
      kind: 'replacedWhileHeld',
      lock: one.lock,
      at,
      how: 'those who come next take the new lock',
      trace: [
        { at: one.via?.at ?? one.at, message: 'acquired here' },
        { at, message: 'replaced here' },
      ],
    });
  };
  if (action.kind === 'assign') {
    if (action.node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return [];
    const right = skipParentheses(action.node.right);
    if (!ts.isNewExpression(right) && !ts.isCallExpression(right)) return [];
    const before = membersOf(activation.evaluate(action.node.left, world));
    for (const one of held) {
      const isReplaced = before.some((value) => value.kind === 'lock' && isSameLock(value.lock, one.lock));
      if (isReplaced && one.lock.path !== undefined) add(one, activation.engine.code.span(action.node));
    }
  }
  if (action.kind === 'call' && ts.isCallExpression(action.node)) {
    const callee = skipParentheses(action.node.expression);
    const name = rightmostName(callee);
    const declared = name && activation.engine.code.declarationNode(name);
    if (!declared || !ts.isFunctionLike(declared) || !('body' in declared) || !declared.body) return found;
    const isOnThis =
      ts.isPropertyAccessExpression(callee) && callee.expression.kind === ts.SyntaxKind.ThisKeyword;
    if (!isOnThis) return found;
    for (const one of held) {
      if (one.lock.path !== 'this') continue;
      if (assigns(declared, one.lock.cls.name.split('.').at(-1) ?? ''))
        add(one, activation.engine.code.span(action.node));
    }
  }
  return found;
}

/** Whether a method puts a new object into a field, in any case. */
function assigns(method: Ts.Node, field: string): boolean {
  const { body } = method as { body?: Ts.Node };
  if (!body || !ts.isBlock(body)) return false;
  return body.statements.some((statement) => {
    if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) return false;
    const { left, right, operatorToken } = statement.expression;
    return (
      operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isPropertyAccessExpression(left) &&
      left.expression.kind === ts.SyntaxKind.ThisKeyword &&
      nameText(left.name)?.replace(/^#/, '') === field &&
      ts.isNewExpression(skipParentheses(right))
    );
  });
}
