import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { localDeclaration, namesIn } from './identifiers.ts';
import { isHoleOnly, joined, type Texts, UNKNOWN } from './parts.ts';
import { FORMATS } from './query-calls.ts';

/** Folds an expression, or what stands at a path in it. */
export type Fold = (expression: Ts.Node, path?: readonly string[]) => Texts;

/** What a method of a string or array makes of its receiver's text; undefined for any other method. */
export function foldTextMethod(call: Ts.CallExpression, fold: Fold): Texts | undefined {
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const method = callee.name.text;
  const receiver = callee.expression;
  if (method === 'join') return foldJoin(receiver, call.arguments[0], fold);
  if (SAME_TEXT.has(method)) return fold(receiver);
  if (method === 'concat')
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

function foldJoin(array: Ts.Expression, separator: Ts.Expression | undefined, fold: Fold): Texts {
  const found = arrayLiteral(array);
  const between = separator ? literalText(separator) : ',';
  if (!found || between === undefined) return [[UNKNOWN]];
  const elements = found.literal.elements.map((element) =>
    ts.isSpreadElement(element) ? [[UNKNOWN]] : fold(element),
  );
  const texts = joined(elements, between);
  return found.grows
    ? texts.map((text) => (isHoleOnly(text) ? [UNKNOWN] : [...text, between, UNKNOWN]))
    : texts;
}

interface ArrayLiteral {
  readonly literal: Ts.ArrayLiteralExpression;
  /** Elements are added to it before or after. */
  readonly grows: boolean;
}

function arrayLiteral(expression: Ts.Expression): ArrayLiteral | undefined {
  const value = skipParentheses(expression);
  if (ts.isArrayLiteralExpression(value)) return { literal: value, grows: false };
  if (ts.isCallExpression(value)) {
    // `[…].filter(Boolean)` keeps the texts.
    const callee = skipParentheses(value.expression);
    if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 'filter') return undefined;
    return value.arguments[0]?.getText() === 'Boolean' ? arrayLiteral(callee.expression) : undefined;
  }
  const local = ts.isIdentifier(value) ? localDeclaration(value) : undefined;
  if (!local || !ts.isVariableDeclaration(local) || !local.initializer || !ts.isIdentifier(local.name))
    return undefined;
  const found = arrayLiteral(local.initializer);
  return found && { literal: found.literal, grows: found.grows || isWrittenTo(local, local.name.text) };
}

/** Whether an array variable is reassigned, or a method that changes it is called on it. */
function isWrittenTo(variable: Ts.Node, name: string): boolean {
  return (namesIn(variable.getSourceFile()).get(name) ?? []).some((one) => {
    if (!ts.isIdentifier(one) || localDeclaration(one) !== variable) return false;
    const { parent } = one;
    if (ts.isBinaryExpression(parent)) return parent.left === one;
    return ts.isPropertyAccessExpression(parent) && CHANGES.has(parent.name.text);
  });
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
const CHANGES: ReadonlySet<string> = new Set([
  'push',
  'unshift',
  'splice',
  'reverse',
  'sort',
  'pop',
  'shift',
  'fill',
]);
