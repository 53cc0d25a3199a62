import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { type Texts, VALUE } from './parts.ts';

/** What a helper of a tag writes for rows: their columns and values, and no clause behind them. */
const ROWS: Texts = [['(x) VALUES (', VALUE, ')']];

/**
 * What a helper of a tag writes where rows belong, behind the name of the table: `` sql`INSERT INTO t ${sql(rows)}` ``,
 * `${sql.insert(rows)}`. Undefined for anything else.
 */
export function foldRowsHelper(
  part: Ts.Expression,
  { tag, template }: Ts.TaggedTemplateExpression,
): Texts | undefined {
  const call = skipParentheses(part);
  if (!ts.isCallExpression(call) || !ts.isTemplateExpression(template)) return undefined;
  const [rows] = call.arguments;
  const isText = rows !== undefined && ts.isStringLiteralLike(skipParentheses(rows));
  return !isText && isOfTag(call.expression, tag) && isBehindTable(part, template) ? ROWS : undefined;
}

/** The tag itself, or a method of it that is for rows. */
function isOfTag(callee: Ts.Expression, tag: Ts.Expression): boolean {
  const bare = skipParentheses(callee);
  const isMethod = ts.isPropertyAccessExpression(bare) && /^(?:insert|values|rows)$/.test(bare.name.text);
  const owner = isMethod ? bare.expression : bare;
  return skipParentheses(owner).getText() === skipParentheses(tag).getText();
}

function isBehindTable(part: Ts.Expression, { head, templateSpans }: Ts.TemplateExpression): boolean {
  const before = [head.text];
  for (const { expression, literal } of templateSpans) {
    if (expression === part) break;
    before.push(literal.text);
  }
  return TABLE_LAST.test(before.join('?'));
}

/** The name of the table may be a hole: `INSERT INTO ${table} `. */
const TABLE_LAST = /\binto\s+(?:["`]?[\w$?]+["`]?\s*\.\s*)?["`]?[\w$?]+["`]?\s+$/i;
