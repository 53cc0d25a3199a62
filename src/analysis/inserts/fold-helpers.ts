import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { isSetOnce } from '../dispatch/fields.ts';
import type { BuilderTables } from './builder-tables.ts';
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

/**
 * The name of a table where one must stand in the text of a tag, and nothing can be bound: a schema object,
 * `sql('t')`, `sql.identifier(['app', 't'])`. Undefined for anything else.
 */
export function foldTableHelper(
  part: Ts.Expression,
  { tag, template }: Ts.TaggedTemplateExpression,
  tables: BuilderTables,
): Texts | undefined {
  if (!ts.isTemplateExpression(template) || !INTO_LAST.test(textBefore(part, template))) return undefined;
  const names = piecesOf(skipParentheses(part), tag).map((piece) => tables.named(piece));
  const text = names
    .map((one) => (one === 'unknown' ? '?' : [one.schema ?? [], one.name].flat().join('.')))
    .join('.');
  return /^[\w.]+$/.test(text) ? [[text]] : undefined;
}

/** What a name of a table is made of: a constant, or what the tag or a method of it is handed for one. */
function piecesOf(part: Ts.Node, tag: Ts.Expression): readonly Ts.Expression[] {
  if (ts.isIdentifier(part)) {
    const local = resolveLocal(part);
    const isVariable = local !== undefined && ts.isVariableDeclaration(local);
    return isVariable && !isSetOnce(local) ? [] : [part];
  }
  if (ts.isPropertyAccessExpression(part)) return [part];
  if (!ts.isCallExpression(part)) return [];
  const callee = skipParentheses(part.expression);
  const isMethod = ts.isPropertyAccessExpression(callee) && NAMES_TABLE.test(callee.name.text);
  const [given] = part.arguments;
  if (!given || (!isMethod && callee.getText() !== skipParentheses(tag).getText())) return [];
  const bare = skipParentheses(given) as Ts.Expression;
  return ts.isArrayLiteralExpression(bare) ? bare.elements : [bare];
}

/** Methods by which a tag is given a name, and not a value. */
const NAMES_TABLE = /^(?:identifier|table|ref|id|ident)$/;

/** The tag itself, or a method of it that is for rows. */
function isOfTag(callee: Ts.Expression, tag: Ts.Expression): boolean {
  const bare = skipParentheses(callee);
  const isMethod = ts.isPropertyAccessExpression(bare) && /^(?:insert|values|rows)$/.test(bare.name.text);
  const owner = isMethod ? bare.expression : bare;
  return skipParentheses(owner).getText() === skipParentheses(tag).getText();
}

function isBehindTable(part: Ts.Expression, template: Ts.TemplateExpression): boolean {
  return TABLE_LAST.test(textBefore(part, template));
}

function textBefore(part: Ts.Expression, { head, templateSpans }: Ts.TemplateExpression): string {
  const before = [head.text];
  for (const { expression, literal } of templateSpans) {
    if (expression === part) break;
    before.push(literal.text);
  }
  return before.join('?');
}

const INTO_LAST = /\binto\s+$/i;

/** The name of the table may be a hole: `INSERT INTO ${table} `. */
const TABLE_LAST = /\binto\s+(?:["`]?[\w$?]+["`]?\s*\.\s*)?["`]?[\w$?]+["`]?\s+$/i;
