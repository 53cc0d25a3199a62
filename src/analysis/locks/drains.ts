import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';

/** The loop that goes on as long as a condition holds. */
export function loopOf(condition: Ts.Node): Ts.ForStatement | Ts.WhileStatement | undefined {
  const { parent } = condition;
  if (ts.isForStatement(parent) && parent.condition === condition) return parent;
  return ts.isWhileStatement(parent) && parent.expression === condition ? parent : undefined;
}

const taken = new WeakMap<Ts.Node, readonly Ts.Expression[]>();

/** The collections of which a loop takes one element after another: `all[i]`, `all.pop()`. */
export function takenFrom(loop: Ts.ForStatement | Ts.WhileStatement): readonly Ts.Expression[] {
  const known = taken.get(loop);
  if (known) return known;
  const found: Ts.Expression[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isElementAccessExpression(node)) found.push(node.expression);
    const callee = ts.isCallExpression(node) ? skipParentheses(node.expression) : undefined;
    if (callee && ts.isPropertyAccessExpression(callee) && /^(?:pop|shift|at)$/.test(callee.name.text)) {
      found.push(callee.expression);
    }
    ts.forEachChild(node, visit);
  };
  visit(loop.statement);
  taken.set(loop, found);
  return found;
}
