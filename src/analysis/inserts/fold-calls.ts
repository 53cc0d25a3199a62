import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { ArrayFold } from './fold-arrays.ts';
import { joined, type Texts, UNKNOWN } from './parts.ts';
import { FORMATS } from './query-calls.ts';
import type { Decide } from './reaching.ts';

/** Folds an expression, or what stands at a path in it. */
export type Fold = (expression: Ts.Node, path?: readonly string[]) => Texts;

/** What a method of a string or array makes of its receiver's text; undefined for any other method. */
export function foldTextMethod(call: Ts.CallExpression, fold: Fold, decide: Decide): Texts | undefined {
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const method = callee.name.text;
  const receiver = callee.expression;
  if (method === 'join') return foldJoin(receiver, call.arguments[0], { fold, decide });
  if (SAME_TEXT.has(method)) return fold(receiver);
  if (method === 'concat' || method === 'append')
    return joined(
      [receiver, ...call.arguments].map((part) => fold(part)),
      '',
    );
  return method.startsWith('replace') && changesBlanksOnly(call) ? fold(receiver) : undefined;
}

/** Whether a call gives its text back, or a piece of SQL: `sql.raw(text)`, `dedent(text)`. */
export function isRawCall(node: Ts.Node): boolean {
  if (!ts.isCallExpression(node)) return false;
  const callee = skipParentheses(node.expression);
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
  return RAW_CALLS.has(name) || FORMATS.test(name);
}

function foldJoin(
  array: Ts.Expression,
  separator: Ts.Expression | undefined,
  { fold, decide }: { readonly fold: Fold; readonly decide: Decide },
): Texts {
  const between = separator ? literalText(separator) : ',';
  if (between === undefined) return [[UNKNOWN]];
  return new ArrayFold((element) => fold(element), decide).join(array, between);
}

function literalText(node: Ts.Expression): string | undefined {
  const bare = skipParentheses(node);
  return ts.isStringLiteralLike(bare) ? bare.text : undefined;
}

/** `.replace(/\s+/g, ' ')`: no word of the text is touched. */
function changesBlanksOnly({ arguments: [pattern] }: Ts.CallExpression): boolean {
  return (
    pattern !== undefined &&
    ts.isRegularExpressionLiteral(pattern) &&
    /^\/[\^(]*(?:\\[snrt]|[ [\]+*|$)])+\/\w*$/.test(pattern.text)
  );
}

const SAME_TEXT: ReadonlySet<string> = new Set([
  'trim',
  'trimStart',
  'trimEnd',
  'toString',
  'valueOf',
  'normalize',
]);
const RAW_CALLS: ReadonlySet<string> = new Set(['raw', 'unsafe', 'sql', 'SQL', 'literal', 'String']);
