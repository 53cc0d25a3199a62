import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';

/** One assignment to `this.name` in a class. */
export interface FieldAssignment {
  readonly value: Ts.Expression;
  readonly operator: Ts.SyntaxKind;
}

const COUNTING: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.PlusPlusToken,
  ts.SyntaxKind.MinusMinusToken,
]);

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
    const counted = ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node) ? node : undefined;
    const operand = counted && COUNTING.has(counted.operator) ? skipParentheses(counted.operand) : undefined;
    if (
      counted &&
      operand &&
      ts.isPropertyAccessExpression(operand) &&
      operand.expression.kind === ts.SyntaxKind.ThisKeyword
    ) {
      const list = table.get(operand.name.text) ?? [];
      list.push({ value: counted.operand, operator: counted.operator });
      table.set(operand.name.text, list);
    }
    ts.forEachChild(node, visit);
  };
  visit(cls);
  tables.set(cls, table);
  return table;
}

/**
 * Whether a field that starts as a constant stays one: its class assigns nothing to it, and others cannot. What others
 * can reach is there to be set.
 */
export function staysConstant(field: Ts.Node): boolean {
  const { name, parent } = field as { name?: Ts.Node; parent: Ts.Node };
  const text = name && nameText(name);
  if (!ts.isClassLike(parent) || text === undefined) return true;
  if (fieldAssignments(parent).has(text)) return false;
  const flags = ts.getCombinedModifierFlags(field as Ts.Declaration);
  return (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Readonly)) !== 0 || text.startsWith('#');
}

/** What a class may put into a field: by an assignment that gives it a value of its own. */
export function assignmentsTo(cls: Ts.ClassLikeDeclaration, name: string): readonly Ts.Expression[] {
  const all = fieldAssignments(cls).get(name) ?? [];
  return all.filter(({ operator }) => GIVING.has(operator)).map(({ value }) => value);
}

const GIVING: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
]);
