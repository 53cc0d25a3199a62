import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';

/** The comparison of a subject with a constant. */
export interface Equality {
  readonly subject: Ts.Expression;
  /** Subject and constant, as a fact is kept. */
  readonly text: string;
  /** What it says when it is true: that the two are equal, or that they are not. */
  readonly ifTrue: boolean;
}

/** The comparison that a `case` makes. */
export function caseOf(label: Ts.Expression): Equality | undefined {
  const clause = label.parent;
  if (!ts.isCaseClause(clause)) return undefined;
  return equality(clause.parent.parent.expression, label, true);
}

/** The comparison that a condition makes: `mode === 'read'`. */
export function equalityIn(condition: Ts.Expression): Equality | undefined {
  const bare = skipParentheses(condition);
  if (!ts.isBinaryExpression(bare)) return undefined;
  const { kind } = bare.operatorToken;
  const isEqual = kind === ts.SyntaxKind.EqualsEqualsEqualsToken;
  if (!isEqual && kind !== ts.SyntaxKind.ExclamationEqualsEqualsToken) return undefined;
  return equality(bare.left, bare.right, isEqual) ?? equality(bare.right, bare.left, isEqual);
}

function equality(subject: Ts.Expression, constant: Ts.Expression, ifTrue: boolean): Equality | undefined {
  const value = constantText(skipParentheses(constant));
  if (value === undefined) return undefined;
  return { subject, text: `${subjectKey(subject)}${value}`, ifTrue };
}

function constantText(node: Ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return JSON.stringify(node.text);
  if (ts.isNumericLiteral(node)) return node.text;
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword)
    return node.getText();
  return undefined;
}

/** The subject, as facts about it begin. */
export function subjectKey(subject: Ts.Expression): string {
  return `eq:${skipParentheses(subject).getText()}=`;
}

/** What is known of a comparison: what equals one constant equals no other. */
export function knownEquality(
  { subject, text, ifTrue }: Equality,
  facts: ReadonlyMap<string, boolean>,
): boolean | undefined {
  const own = facts.get(text);
  if (own !== undefined) return own === ifTrue;
  const key = subjectKey(subject);
  const isAnother = [...facts].some(([fact, holds]) => holds && fact.startsWith(key));
  return isAnother ? !ifTrue : undefined;
}
