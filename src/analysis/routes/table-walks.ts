import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { isFunctionExpression } from '../shapes.ts';

/** A loop over a table, or a function that is called for each of its rows. */
export interface Walk {
  readonly over: Ts.Expression;
  /** The variable, parameter or pattern that is the row. */
  readonly row: Ts.Node;
  readonly body: Ts.Node;
}

/** The walk over a table that a node is. */
export function walkAt(node: Ts.Node): Walk | undefined {
  if (ts.isForOfStatement(node) && ts.isVariableDeclarationList(node.initializer)) {
    const [row] = node.initializer.declarations;
    return row && { over: node.expression, row, body: node.statement };
  }
  if (!ts.isCallExpression(node)) return undefined;
  const callee = skipParentheses(node.expression);
  const [callback] = node.arguments;
  const isWalk = ts.isPropertyAccessExpression(callee) && ['forEach', 'map'].includes(callee.name.text);
  if (!isWalk || !callback || !isFunctionExpression(callback)) return undefined;
  const [row] = callback.parameters;
  return row && { over: callee.expression, row, body: callback.body };
}

/** What `Object.entries(table)` and `Object.values(table)` take apart. */
export function entriesOf(expression: Ts.Expression): Ts.Expression | undefined {
  const node = skipParentheses(expression);
  const [only] = ts.isCallExpression(node) ? node.arguments : [];
  return only && /^Object\.(?:entries|values)\b/.test(node.getText()) ? only : undefined;
}
