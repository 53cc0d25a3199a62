import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, skipParentheses } from '../code.ts';

/** Whether a `case` is the last of a `switch` that has one for every value of its type, so that none is left after it. */
export function isLastOfAll(tested: Ts.Expression, code: Code): boolean {
  const clause = tested.parent;
  if (!ts.isCaseClause(clause)) return false;
  const cases = clause.parent.clauses.filter(ts.isCaseClause);
  if (cases.at(-1) !== clause) return false;
  const wanted = typeOf(clause.parent.parent.expression, code)?.literals;
  if (!wanted || wanted.length === 0) return false;
  const named = cases.map(({ expression }) => constantOf(expression, code));
  return wanted.every((value) => named.includes(value));
}

/** The one value that an expression has, if it is a literal or a constant. */
function constantOf(expression: Ts.Expression, code: Code): string | number | boolean | undefined {
  const bare = skipParentheses(expression);
  if (ts.isStringLiteralLike(bare)) return bare.text;
  if (ts.isNumericLiteral(bare)) return Number(bare.text);
  if (bare.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (bare.kind === ts.SyntaxKind.FalseKeyword) return false;
  const literals = typeOf(expression, code)?.literals;
  return literals?.length === 1 ? literals[0] : undefined;
}

function typeOf(expression: Ts.Expression, code: Code): ReturnType<Code['typeOf']> {
  const bare = skipParentheses(expression);
  const name = ts.isIdentifier(bare) ? bare : memberName(bare);
  return name ? code.typeOf(name) : code.expressionType(bare);
}
