import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';

/** One assignment to `this.name` in a class. */
export interface FieldAssignment {
  readonly value: Ts.Expression;
  readonly operator: Ts.SyntaxKind;
}

const tables = new WeakMap<Ts.Node, ReadonlyMap<string, readonly FieldAssignment[]>>();

/** Everything that a class assigns to its fields, by their names. */
export function fieldAssignments(
  cls: Ts.ClassLikeDeclaration,
): ReadonlyMap<string, readonly FieldAssignment[]> {
  const known = tables.get(cls);
  if (known) return known;
  const table = new Map<string, FieldAssignment[]>();
  const visit = (node: Ts.Node): void => {
    const target = ts.isBinaryExpression(node) ? skipParentheses(node.left) : undefined;
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
      node.operatorToken.kind <= ts.SyntaxKind.LastAssignment &&
      target &&
      ts.isPropertyAccessExpression(target) &&
      target.expression.kind === ts.SyntaxKind.ThisKeyword
    ) {
      const list = table.get(target.name.text) ?? [];
      list.push({ value: node.right, operator: node.operatorToken.kind });
      table.set(target.name.text, list);
    }
    ts.forEachChild(node, visit);
  };
  visit(cls);
  tables.set(cls, table);
  return table;
}
